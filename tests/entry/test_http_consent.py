"""Consents over HTTP."""

from collections.abc import Iterator

import pytest

from tests.entry.http_house import House, serving_house
from tests.entry.http_people import NEVER, Door, same_answers
from visavis.core.roles import Role

PROOF = "Form 17 in the grey folder"


@pytest.fixture(scope="module")
def house(tmp_path_factory) -> Iterator[House]:
    with serving_house(tmp_path_factory.mktemp("consent")) as served:
        yield served


@pytest.fixture
def door(house) -> Door:
    return Door.of(house, "shop")


@pytest.fixture
def given(door) -> dict[str, object]:
    """Give what a consent of somebody needs."""
    return {"purpose": "recognition", "notice_id": door.notice(), "method": "written"}


def test_a_consent_is_recorded_read_listed_and_taken_back(door, given):
    subject, other = door.subject(), door.subject()
    times = {"given_at": "2024-02-29T10:00:00+02:00", "expires_at": "2099-12-31T00:00:00Z"}
    answer = door.post(f"/subjects/{subject}/consents", **given, **times, evidence=PROOF)
    made = answer.json()
    assert answer.status_code == 201
    assert answer.headers["Location"] == f"/api/v1/consents/{made['record_id']}"
    assert made["pii_principal_id"] == subject
    assert made["pii_controller_id"] == door.tenant.id
    assert (made["lawful_basis"], made["state"]) == ("consent", "given")
    assert made["given_at"] == "2024-02-29T08:00:00Z"
    assert made["expires_at"] == "2099-12-31T00:00:00Z"
    detail = door.get(f"/consents/{made['record_id']}", Role.OPERATOR).json()
    assert detail == made | {"evidence": PROOF}
    assert door.get(f"/subjects/{subject}/consents").json()["items"] == [made]
    assert door.get(f"/subjects/{other}/consents").json()["items"] == []
    assert door.get("/consents").json() == {"items": [made], "next": None}
    gone = door.post(f"/consents/{made['record_id']}/withdraw", by="guardian").json()
    assert (gone["state"], gone["withdrawn_by"]) == ("withdrawn", "guardian")
    again = door.ask("POST", f"/consents/{made['record_id']}/withdraw")
    assert again.status_code == 200
    assert again.json() == gone


def test_lists_come_in_parts(door, given):
    subject = door.subject()
    made = [door.made(f"/subjects/{subject}/consents", **given) for _ in range(3)][::-1]
    for path in ("/consents", f"/subjects/{subject}/consents"):
        first = door.get(f"{path}?limit=2").json()
        rest = door.get(f"{path}?limit=2&cursor={first['next']}").json()
        assert first["items"] + rest["items"] == made


@pytest.mark.parametrize(
    "said",
    [
        {"purpose": "photos"},
        {"purpose": "telepathy"},
        {"method": "nodding"},
        {"method": "guardian"},
        {"given_by": "parent"},
        {"given_by": "neighbour"},
        {"evidence": "x" * 1501},
        {"given_at": "2099-01-01T00:00:00Z"},
        {"given_at": "0001-01-01T00:00:00+14:00"},
        {"given_at": "2024-01-01T00:00:00"},
        {"expires_at": "2024-01-01T00:00:00Z"},
        {"expires_at": "9999-12-31T23:59:59-14:00"},
        {"notice_id": "elsewhere"},
        {"recorded_by": "somebody else"},
    ],
)
def test_what_does_not_fit_together_is_refused(door, given, said):
    answer = door.post(f"/subjects/{door.subject()}/consents", **(given | said))
    assert answer.status_code == 422
    assert door.get("/consents").json()["items"] == []


def test_what_another_tenant_has_is_like_what_never_was(door, house, given):
    other = Door.of(house, "other")
    subject, notice = other.subject(), other.notice()
    told = given | {"notice_id": notice}
    consent = other.made(f"/subjects/{subject}/consents", **told)["record_id"]
    mine = door.subject()
    pairs = [
        (door.post(f"/subjects/{id_}/consents", **given) for id_ in (subject, NEVER)),
        (
            door.post(f"/subjects/{mine}/consents", **(given | {"notice_id": id_}))
            for id_ in (notice, NEVER)
        ),
        (door.get(f"/subjects/{id_}/consents") for id_ in (subject, NEVER)),
        (door.get(f"/consents/{id_}") for id_ in (consent, NEVER)),
        (door.post(f"/consents/{id_}/withdraw") for id_ in (consent, NEVER)),
    ]
    for theirs, never in pairs:
        assert never.status_code == 404
        assert same_answers(theirs, never)
    assert other.get("/consents").json()["items"][0]["state"] == "given"


def test_a_key_that_may_only_write_records_what_it_may_not_list(door, given):
    key, subject = door.house.key(door.tenant.owner, "people:write"), door.subject()
    path = f"/api/v1/subjects/{subject}/consents"
    made = door.house.ask("POST", path, key, json=given)
    assert made.status_code == 201
    assert door.house.ask("GET", path, key).status_code == 403
    gone = f"/api/v1/consents/{made.json()['record_id']}/withdraw"
    assert door.house.ask("POST", gone, key).status_code == 200


def test_who_may_what(door, given):
    subject = door.subject()
    assert door.get("/consents", Role.VIEWER).status_code == 403
    assert door.get(f"/subjects/{subject}/consents", Role.VIEWER).status_code == 403
    assert door.post(f"/subjects/{subject}/consents", Role.VIEWER, **given).status_code == 403
    assert door.post(f"/subjects/{subject}/consents", Role.OPERATOR, **given).status_code == 201
