"""Dialects where the pages are served too: programs need no cookie, and no page is hidden."""

from collections.abc import Iterator

import pytest

from tests.entry.dialect_shop import open_shop
from tests.entry.http_house import House, serving_house
from visavis.entry.web.app import add_forms


@pytest.fixture(scope="module")
def house(tmp_path_factory) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("pages")
    with serving_house(
        folder,
        prepare=lambda app: add_forms(app, app.state.records),
        accounts={"open_registration": True},
    ) as served:
        yield served


BELOW_ROOT = (
    "/represent",
    "/verify",
    "/analyze",
    "/register",
    "/search",
    "/build/index",
    "/face_recognize",
    "/add_new_person",
)


@pytest.mark.parametrize("path", BELOW_ROOT)
def test_programs_need_a_key_and_no_cookie(house, path):
    """What refuses is the dialect: a program without a key, and one whose request is empty."""
    refused = house.client.post(path, json={})
    assert refused.status_code == 401
    assert set(refused.json()) <= {"message", "detail"}
    answer = house.ask("POST", path, open_shop(house).key(), json={})
    assert answer.status_code in {200, 400, 415}
    assert set(answer.json()) <= {"message", "detail", "exception", "error"}


def test_amazons_clients_need_no_cookie(house):
    target = {"X-Amz-Target": "RekognitionService.ListCollections"}
    kind = {"Content-Type": "application/x-amz-json-1.1"}
    answer = house.client.post("/", headers=target | kind, content=b"{}")
    assert "__type" in answer.json()


@pytest.mark.parametrize("path", ["/", "/verify", "/represent", "/search"])
def test_pages_are_guarded_all_the_same(house, path):
    answer = house.client.get(path, headers={"Accept": "text/html"})
    assert answer.status_code in {302, 303, 307}
    assert "/login" in answer.headers["location"]


def test_people_make_their_accounts_at_the_same_address(house):
    """DeepFace registers faces where people register themselves."""
    page = house.client.get("/register")
    assert page.status_code == 200
    form = {"email": "new@nowhere.example", "password": "seven otters in a row", "full_name": "Ann"}
    sent = house.client.post("/register", data=form | {"organisation": "Otters"})
    assert sent.status_code == 303, sent.text
    assert sent.headers["location"].endswith("confirm")
