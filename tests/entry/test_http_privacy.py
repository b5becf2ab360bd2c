"""The privacy rules over HTTP."""

from collections.abc import Iterator

import pytest

from tests.entry.http_house import House, serving_house
from tests.entry.http_people import Door
from tests.usecases.people import EMBEDDER, vector
from visavis.core.purposes import Purpose
from visavis.core.roles import Role


@pytest.fixture(scope="module")
def house(tmp_path_factory) -> Iterator[House]:
    with serving_house(tmp_path_factory.mktemp("privacy")) as served:
        yield served


@pytest.fixture
def door(house) -> Door:
    return Door.of(house, "shop")


def test_the_rules_say_what_is_so_and_what_could_be(door):
    told = door.get("/privacy", Role.OPERATOR).json()
    assert told["mode"] == "identify"
    assert told["purposes"] == ["recognition"]
    assert told["attributes"] == ["age", "gender"]
    assert told["adults_only"] is True
    assert told["templates"] == 0
    assert told["possible"]["attributes"] == ["age", "gender"]
    assert set(told["possible"]["purposes"]) == set(Purpose)


def test_patch_changes_what_is_given_and_put_everything(door):
    given = {"mode": "verify", "purposes": ["photos"], "attributes": [], "adults_only": False}
    rules = given | {"agreed_notice": "", "keep_pictures": False}
    assert door.ask("PUT", "/privacy", json=given).json() == rules
    changed = door.patch("/privacy", purposes=["face_login", "recognition"], mode=None)
    assert changed.json() == rules | {"purposes": ["recognition", "face_login"]}
    told = door.get("/privacy").json()
    assert {name: told[name] for name in rules} == changed.json()


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        ({"mode": "telepathy"}, 422, "anonymous"),
        ({"purposes": ["telepathy"]}, 422, "recognition"),
        ({"attributes": ["aura"]}, 422, "age"),
        ({"attributes": ["age", "race"]}, 403, "VISAVIS_POLICY__RACE_PURPOSE"),
        ({"halo": 1}, 422, "halo"),
    ],
)
def test_what_cannot_be_is_refused(door, body, status, said):
    answer = door.patch("/privacy", **body)
    assert answer.status_code == status
    assert said in answer.json()["detail"]


def test_put_needs_all_rules(door):
    answer = door.ask("PUT", "/privacy", json={"mode": "verify"})
    assert answer.status_code == 422
    assert "adults_only" in answer.json()["detail"]


def test_a_stricter_mode_with_templates_needs_a_confirmation(door):
    subject, records = door.subject(), door.house.records
    consent = {"purpose": "recognition", "notice_id": door.notice(), "method": "spoken"}
    door.made(f"/subjects/{subject}/consents", **consent)
    operator = records.callers.of_bearer(door.tokens[Role.OPERATOR])
    records.templates.seal(
        operator, subject, vector(), purpose=Purpose.RECOGNITION, embedder=EMBEDDER
    )
    refused = door.patch("/privacy", mode="anonymous")
    assert refused.status_code == 422
    assert "1 template is sealed here" in refused.json()["detail"]
    assert door.patch("/privacy", mode="anonymous", confirm=True).json()["mode"] == "anonymous"
    assert door.get("/privacy").json()["templates"] == 1


def test_a_key_that_may_only_write_is_not_shown_what_it_may_not_read(door):
    key = door.house.key(door.tenant.owner, "privacy:write")
    asked = door.house.ask("PATCH", "/api/v1/privacy", key, json={"adults_only": False})
    assert asked.status_code == 200
    assert "templates" not in asked.json()
    assert door.house.ask("GET", "/api/v1/privacy", key).status_code == 403


def test_who_may_what(door):
    assert door.get("/privacy", Role.VIEWER).status_code == 403
    assert door.patch("/privacy", Role.OPERATOR, adults_only=False).status_code == 403
    assert door.patch("/privacy", Role.ADMIN, adults_only=False).status_code == 200


def test_a_notice_that_everybody_agreed_to_is_named_by_its_id(door):
    notice = door.notice()
    told = door.patch("/privacy", agreed_notice=notice, keep_pictures=True).json()
    assert (told["agreed_notice"], told["keep_pictures"]) == (notice, True)
    assert door.patch("/privacy", agreed_notice="0" * 32).status_code == 404
    assert door.patch("/privacy", agreed_notice="x").status_code == 422
    told = door.patch("/privacy", agreed_notice="").json()
    assert (told["agreed_notice"], told["keep_pictures"]) == ("", True)
    rules = {"mode": "identify", "purposes": [], "attributes": [], "adults_only": True}
    assert door.ask("PUT", "/privacy", json=rules).json()["keep_pictures"] is False
