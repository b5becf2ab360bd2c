"""Who may do what: every route, every kind of caller, what is theirs and what is another tenant's.

The routes come from the OpenAPI document, what they are to take from `http_samples`.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

import httpx
import pytest

from tests.entry.http_house import House, Tenant, serving_house
from tests.entry.http_samples import EVERYBODY, LEAST, OF_THE_HOST, PERSON, SAMPLES, USER, Sample
from tests.entry.http_scene import Scene
from visavis.core.roles import Role
from visavis.credentials.roles import Permission
from visavis.store.users import User

COUNTED: Counter[tuple[str, str]] = Counter()
"""How many combinations were asked, by kind of database and route."""

IN, NOBODY, FORBIDDEN = 200, 401, 403


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def house(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("house")
    with serving_house(folder, request.param, accounts={"open_registration": True}) as served:
        yield served


def test_every_route_of_the_document_has_its_rule_in_the_table(house: House):
    document = house.client.get("/openapi.json").json()
    said = {
        f"{method.upper()} {path}": operation
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
    }
    missing, gone = sorted(said.keys() - SAMPLES.keys()), sorted(SAMPLES.keys() - said.keys())
    assert not missing, f"add to tests/entry/http_samples.py what takes what: {missing}"
    assert not gone, f"these are no routes any more, remove them from http_samples.py: {gone}"
    words = {name: operation["x-visavis-access"] for name, operation in said.items()}
    assert words == {name: sample.word for name, sample in SAMPLES.items()}
    secured = {name: operation["security"] for name, operation in said.items()}
    assert secured == {
        name: [] if sample.takes == EVERYBODY else [{"bearer": []}]
        for name, sample in SAMPLES.items()
    }


@dataclass(frozen=True)
class Caller:
    """Whoever asks.

    Attributes:
        kind: How they show who they are.
        tenant: Theirs; None = nobody is logged in.
        role: That they have.
    """

    kind: str
    tenant: Tenant | None = None
    role: Role = Role.OWNER

    @property
    def is_somebody(self) -> bool:
        return self.kind not in {"nobody", "disabled", "expired"}

    @property
    def is_program(self) -> bool:
        return self.kind.startswith("key")


def callers(house: House) -> Iterator[Caller]:
    yield Caller("nobody")
    for tenant in (house.host, house.guest):
        for role in Role:
            yield Caller("token", tenant, role)
        for kind in (
            "cookie",
            "key",
            "key of this scope",
            "key of the other scopes",
            "disabled",
            "expired",
        ):
            yield Caller(kind, tenant)
        yield Caller("key", tenant, Role.VIEWER)


def expected(house: House, sample: Sample, caller: Caller) -> int:
    """Return what is to come of a request, by the table."""
    if sample.takes == EVERYBODY:
        return IN
    if not caller.is_somebody:
        return NOBODY
    if sample.takes in {USER, PERSON}:
        return FORBIDDEN if sample.takes == PERSON and caller.is_program else IN
    if sample.takes in OF_THE_HOST and caller.tenant is not house.host:
        return FORBIDDEN
    if sample.person and caller.is_program:
        return FORBIDDEN
    beyond = caller.kind == "key of the other scopes"
    return FORBIDDEN if beyond or caller.role.rank < Role(LEAST[sample.takes]).rank else IN


class Asking:
    """Asks one route as one caller after the other."""

    def __init__(self, house: House, name: str) -> None:
        self.house, self.name, self.sample = house, name, SAMPLES[name]
        self.faults: list[str] = []
        self._made: dict[tuple[str, str], str] = {}

    def run(self) -> list[str]:
        """Return what was not as expected."""
        for caller in callers(self.house):
            wanted = expected(self.house, self.sample, caller)
            scene, answer = self.ask(caller, wanted)
            self.check(caller, "own", wanted, answer)
            if scene.names_something and caller.tenant:
                self.check_foreign(caller, wanted)
        return self.faults

    def check_foreign(self, caller: Caller, wanted: int) -> None:
        """What is another tenant's must look as if it were not there at all."""
        _, foreign = self.ask(caller, wanted, foreign=True)
        if wanted != IN:
            self.check(caller, "another tenant's", wanted, foreign)
            return
        _, never = self.ask(caller, wanted, never=True)
        if foreign.status_code != 404 or same(foreign) != same(never):
            self.faults.append(f"{caller}: {same(foreign)} for another's, {same(never)} for none")

    def check(self, caller: Caller, whose: str, wanted: int, answer: httpx.Response) -> None:
        allowed = self.sample.gives if wanted == IN else {wanted}
        if answer.status_code not in allowed:
            self.faults.append(
                f"{caller.kind}, {caller.role}, {whose}: {answer.status_code} and not "
                f"{sorted(allowed)}: {answer.text[:300]}"
            )

    def ask(
        self, caller: Caller, wanted: int, *, foreign: bool = False, never: bool = False
    ) -> tuple[Scene, httpx.Response]:
        """Send one request; what it names is new where it may be changed or removed."""
        tenant, user = self.asker(caller)
        showing = tenant.disabled if caller.kind == "disabled" else user
        scene = self.scene(tenant, user, wanted, foreign=foreign, never=never)
        asked = self.sample.make(scene)
        method, path = self.name.split()
        secret, cookie = self.shown(caller, showing)
        COUNTED[self.house.kind, self.name] += 1
        return scene, self.house.ask(
            method,
            path.format(**asked.path),
            secret,
            params=asked.query,
            headers=cookie | dict(asked.headers),
            json=asked.json,
            content=asked.content,
        )

    def asker(self, caller: Caller) -> tuple[Tenant, User]:
        """Return who asks, and where they belong; nobody asks about what is the host's."""
        tenant = caller.tenant or self.house.host
        if self.sample.apart and caller.tenant:
            tenant = self.house.add_tenant("apart")
        if self.sample.alone:
            return tenant, self.house.add_user(tenant.id, caller.role)
        return tenant, tenant.users[caller.role]

    def scene(
        self, tenant: Tenant, user: User, wanted: int, *, foreign: bool, never: bool
    ) -> Scene:
        made = None if wanted == IN and not foreign else self._made
        if not foreign:
            return Scene(self.house, tenant, user, made, never=never)
        other = self.house.guest if tenant is self.house.host else self.house.host
        return Scene(self.house, other, other.owner, made)

    def shown(self, caller: Caller, user: User) -> tuple[str, dict[str, str]]:
        """Return what somebody shows: as bearer, and as cookie."""
        fitting = {self.sample.takes, *self.sample.also} & set(Permission)
        match caller.kind:
            case "nobody":
                return "", {}
            case "cookie":
                return "", {"Cookie": f"visavis={self.house.cookie(user)}"}
            case "key":
                return self.house.key(user, *Permission), {}
            case "key of this scope":
                return self.house.key(user, *fitting), {}
            case "key of the other scopes":
                return self.house.key(user, *(set(Permission) - {self.sample.takes})), {}
            case "expired":
                return self.house.token(user, timedelta(hours=2)), {}
        return self.house.token(user), {}


def same(answer: httpx.Response) -> object:
    """Return all of an answer but the name of the one occurrence."""
    is_problem = "problem" in answer.headers.get("content-type", "")
    body = answer.json() | {"instance": ""} if is_problem and answer.content else answer.content
    return answer.status_code, answer.headers.get("content-type"), body


@pytest.mark.parametrize("name", SAMPLES)
def test_whoever_may_does_and_nobody_else(house: House, name: str):
    assert Asking(house, name).run() == []


def test_a_list_holds_nothing_of_another_tenant(house: House):
    """What the lists of one tenant name is in no list of the other."""
    lists = [name.split()[1] for name in SAMPLES if name.startswith("GET") and "{" not in name]
    seen = {}
    for tenant in (house.host, house.guest):
        scene = Scene(house, tenant, tenant.owner)
        named = [scene.subject(), scene.consent(), scene.notice(), scene.receipt(), scene.invited()]
        named += [scene.user_id(), scene.session(), scene.key(), tenant.id, tenant.owner.id]
        token = house.owners_token(tenant)
        answers = [house.ask("GET", path, token, params={"limit": "200"}) for path in lists]
        text = "".join(answer.text for answer in answers if answer.status_code == 200)
        assert [name for name in named if name not in text] == []
        seen[tenant.name] = (named, text)
    for mine, theirs in (("host", "guest"), ("guest", "host")):
        assert [name for name in seen[theirs][0] if name in seen[mine][1]] == []


def test_how_many_combinations_that_were(house: House, capsys: pytest.CaptureFixture[str]):
    asked = {name: count for (kind, name), count in COUNTED.items() if kind == house.kind}
    with capsys.disabled():
        print(f"\n{house.kind}: {sum(asked.values())} combinations of {len(asked)} routes")  # noqa: T201
    assert min(asked.values(), default=99) >= len(list(callers(house)))
