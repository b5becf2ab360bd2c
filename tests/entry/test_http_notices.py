"""Notices over HTTP."""

from collections.abc import Iterator

import pytest

from tests.entry.http_house import House, serving_house
from tests.entry.http_people import NEVER, TEXT, Door, same_answers
from visavis.core.roles import Role


@pytest.fixture(scope="module")
def house(tmp_path_factory) -> Iterator[House]:
    with serving_house(tmp_path_factory.mktemp("notices")) as served:
        yield served


@pytest.fixture
def door(house) -> Door:
    return Door.of(house, "shop")


def test_a_notice_is_added_read_and_listed(door):
    answer = door.post("/notices", purpose="photos", language="EN-us", text=f" {TEXT} ")
    notice = answer.json()
    assert answer.status_code == 201
    assert answer.headers["Location"] == f"/api/v1/notices/{notice['id']}"
    assert (notice["version"], notice["language"], notice["text"]) == (1, "en-US", TEXT)
    assert notice["created_at"].endswith("Z")
    assert door.get(f"/notices/{notice['id']}", Role.OPERATOR).json() == notice
    second = door.made("/notices", purpose="photos", language="en-US", text=TEXT + " Really.")
    assert second["version"] == 2
    assert door.get("/notices").json() == {"items": [second, notice], "next": None}
    first_page = door.get("/notices?limit=1").json()
    assert first_page["items"] == [second]
    assert door.get(f"/notices?cursor={first_page['next']}").json()["items"] == [notice]


def test_there_is_no_way_to_change_or_remove_one(door):
    notice = door.notice()
    for method in ("PUT", "PATCH", "DELETE"):
        assert door.ask(method, f"/notices/{notice}", json={}).status_code == 405


def test_another_tenants_notice_is_like_one_that_never_was(door, house):
    theirs = Door.of(house, "other").notice()
    absent = door.get(f"/notices/{NEVER}")
    assert absent.status_code == 404
    assert same_answers(door.get(f"/notices/{theirs}"), absent)
    assert door.get("/notices").json()["items"] == []


@pytest.mark.parametrize(
    "body",
    [
        {"purpose": "telepathy"},
        {"language": "english language"},
        {"language": "x" * 36},
        {"text": "too short"},
        {"text": " " * 100},
        {"text": "a text with \0 that no database takes"},
        {"text": "x" * 50_001},
        {"version": 7},
    ],
)
def test_what_is_no_notice_is_refused(door, body):
    answer = door.post("/notices", **({"purpose": "photos", "language": "en", "text": TEXT} | body))
    assert answer.status_code == 422


def test_what_is_no_place_in_a_list_is_refused(door):
    for query in ("limit=0", "limit=201", "cursor=here", "cursor="):
        assert door.get(f"/notices?{query}").status_code == 422
    assert door.get("/notices/not-an-id").status_code == 422
