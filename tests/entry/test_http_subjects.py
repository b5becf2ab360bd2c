"""Subjects over HTTP."""

from collections.abc import Iterator

import pytest

from tests.entry.http_house import House, serving_house
from tests.entry.http_people import NEVER, Door, same_answers
from visavis.core.roles import Role


@pytest.fixture(scope="module")
def house(tmp_path_factory) -> Iterator[House]:
    with serving_house(tmp_path_factory.mktemp("subjects")) as served:
        yield served


@pytest.fixture
def door(house) -> Door:
    return Door.of(house, "shop")


def test_a_subject_is_made_read_found_and_changed(door):
    said = {"reference": "customer 7", "name": "Zoë", "notes": "left\nright", "adult": True}
    answer = door.post("/subjects", Role.OPERATOR, **said)
    made = answer.json()
    assert answer.status_code == 201
    assert answer.headers["Location"] == f"/api/v1/subjects/{made['id']}"
    assert answer.headers["Cache-Control"] == "no-store"
    assert {name: made[name] for name in said} == said
    assert door.get(f"/subjects/{made['id']}", Role.VIEWER).json() == made
    assert door.get("/subjects?reference=customer%207").json() == {"items": [made], "next": None}
    changed = door.patch(f"/subjects/{made['id']}", reference="8", notes=None).json()
    assert changed == made | {"reference": "8", "notes": None}
    assert door.get("/subjects?reference=customer%207").json()["items"] == []
    assert door.patch(f"/subjects/{made['id']}").json() == changed


def test_nothing_need_be_said_of_somebody(door):
    made = door.made("/subjects")
    assert [made[name] for name in ("reference", "name", "notes", "adult")] == [None] * 4


def test_the_list_comes_in_parts_newest_first(door):
    made = [door.subject(reference=str(number)) for number in range(3)][::-1]
    first = door.get("/subjects?limit=2").json()
    rest = door.get(f"/subjects?limit=2&cursor={first['next']}").json()
    assert [each["id"] for each in [*first["items"], *rest["items"]]] == made
    assert rest["next"] is None


def test_a_reference_is_taken_once(door):
    door.subject(reference="7")
    other = door.subject(reference="8")
    refused = door.post("/subjects", reference=" 7 ")
    assert refused.status_code == 409
    assert refused.json()["type"] == "urn:visavis:problem:already-there"
    assert door.patch(f"/subjects/{other}", reference="7").status_code == 409


def test_another_tenants_subject_is_like_one_that_never_was(door, house):
    theirs = Door.of(house, "other").subject(reference="7", name="Ada")
    absent = door.get(f"/subjects/{NEVER}")
    assert absent.status_code == 404
    assert same_answers(door.get(f"/subjects/{theirs}"), absent)
    assert same_answers(
        door.patch(f"/subjects/{theirs}", name="Ida"), door.patch(f"/subjects/{NEVER}", name="Ida")
    )
    assert door.get("/subjects?reference=7").json()["items"] == []
    assert door.get("/subjects").json()["items"] == []


@pytest.mark.parametrize(
    "body",
    [
        {"reference": "x" * 201},
        {"name": "x" * 201},
        {"notes": "x" * 2001},
        {"name": "two\nlines"},
        {"reference": "nul \0"},
        {"adult": "perhaps"},
        {"id": NEVER},
    ],
)
def test_what_cannot_be_said_of_somebody_is_refused(door, body):
    assert door.post("/subjects", **body).status_code == 422
    subject = door.subject()
    assert door.patch(f"/subjects/{subject}", **body).status_code == 422


def test_what_is_refused_is_not_repeated(door):
    secret = "Zacharias Quirk " * 20
    answer = door.post("/subjects", name=secret)
    assert answer.status_code == 422
    assert "Quirk" not in answer.text


def test_half_a_letter_is_refused(door):
    headers = {"Content-Type": "application/json"}
    answer = door.house.ask(
        "POST",
        "/api/v1/subjects",
        door.tokens[Role.ADMIN],
        headers=headers,
        content=rb'{"name": "\ud800"}',
    )
    assert answer.status_code == 422


def test_who_may_what(door):
    assert door.post("/subjects", Role.VIEWER).status_code == 403
    assert door.patch(f"/subjects/{NEVER}", Role.VIEWER, name="Ada").status_code == 403
    assert door.get("/subjects", Role.VIEWER).status_code == 200
