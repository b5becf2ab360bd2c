"""The API does what its OpenAPI document says, whatever is sent: nothing breaks, nothing surprises.

`VISAVIS_TEST_SCHEMA_EXAMPLES` sets how many requests each route gets; a thousand take an hour.
"""

import os
from collections.abc import Iterator
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.schemas import BaseSchema
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.entry.http_house import House, serving_house
from tests.entry.http_samples import SAMPLES
from tests.entry.http_scene import Asked, Scene
from visavis.core.roles import Role
from visavis.store.users import User

# The server runs beside the tests, and writing letters draws from `random` at any time.
pytestmark = pytest.mark.filterwarnings("ignore:Do not use the `random` module inside strategies")

EXAMPLES = int(os.environ.get("VISAVIS_TEST_SCHEMA_EXAMPLES", "10"))
DOCUMENTED = [status_code_conformance, content_type_conformance, response_schema_conformance]
CHECKS = [not_a_server_error, *DOCUMENTED]


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("house")
    with serving_house(folder, accounts={"open_registration": True}) as served:
        yield served


@pytest.fixture(scope="module")
def schema(house: House) -> BaseSchema:
    return schemathesis.openapi.from_dict(house.client.get("/openapi.json").json())


class Asker:
    """Somebody who sends what was made up, to one route."""

    def __init__(self, house: House, schema: BaseSchema, name: str, role: Role) -> None:
        self.house, self.name, self.role = house, name, role
        method, path = name.split()
        self.operation = schema[path][method]
        self.checks = DOCUMENTED if name == "GET /readyz" else CHECKS  # the engine is none here
        self.user, self.token = self._somebody()
        self._session = requests.Session()

    def _somebody(self) -> tuple[User, str]:
        """Return somebody new, so that routes may end or change whoever asks."""
        sample = SAMPLES[self.name]
        tenant = self.house.add_tenant("apart") if sample.apart else self.house.host
        user = self.house.add_user(tenant.id, self.role)
        return user, self.house.token(user)

    def asked(self) -> Asked:
        """Return a good request."""
        return SAMPLES[self.name].make(Scene(self.house, self.house.host, self.user))

    def send(self, case: Case[Any]) -> None:
        """Send a request and compare the answer with the document."""
        answer = case.call_and_validate(
            base_url=str(self.house.client.base_url),
            session=self._session,
            headers={"Authorization": f"Bearer {self.token}"},
            checks=self.checks,
        )
        if answer.status_code == 401 or SAMPLES[self.name].alone:
            self.user, self.token = self._somebody()


def made_good(case: Case[Any], asked: Asked) -> None:
    """Put ids and passwords that are there into a request that was made up."""
    if asked.path:
        case.path_parameters = dict(asked.path)
    if isinstance(case.body, dict) and isinstance(asked.json, dict):
        real = {"password", "current", "code", "email", "refresh_token"}
        kept = {k: v for k, v in asked.json.items() if k in real or k.endswith("_id")}
        case.body = case.body | kept


def run(asker: Asker, examples: int) -> None:
    """Send made-up requests, fitting and not, with ids that are there and that are not."""
    modes = (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)

    @given(st.one_of(*(asker.operation.as_strategy(mode) for mode in modes)), st.booleans())
    @settings(
        max_examples=examples,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def each(case: Case[Any], is_good: bool) -> None:
        if is_good:
            made_good(case, asker.asked())
        asker.send(case)

    each()


@pytest.mark.parametrize("name", SAMPLES)
def test_a_good_request_is_answered_as_the_document_says(
    house: House, schema: BaseSchema, name: str
):
    asker = Asker(house, schema, name, Role.OWNER)
    asked = asker.asked()
    body: dict[str, Any] = {}
    if asked.content is not None or asked.json is not None:
        kind = asked.headers.get("Content-Type", "application/json")
        body = {"body": {} if asked.json is None else asked.json, "media_type": kind}
    case = asker.operation.Case(
        path_parameters=dict(asked.path),
        query=dict(asked.query),
        headers=dict(asked.headers),
        **body,
    )
    asker.send(case)


@pytest.mark.parametrize("name", SAMPLES)
def test_no_request_of_an_owner_breaks_anything_or_surprises(
    house: House, schema: BaseSchema, name: str
):
    run(Asker(house, schema, name, Role.OWNER), EXAMPLES)


@pytest.mark.parametrize("name", SAMPLES)
def test_no_request_of_a_viewer_breaks_anything_or_surprises(
    house: House, schema: BaseSchema, name: str
):
    run(Asker(house, schema, name, Role.VIEWER), max(3, EXAMPLES // 4))
