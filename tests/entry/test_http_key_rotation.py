"""Keys over HTTP: which there are, never what they are, and rotating them."""

import pytest

from tests.entry.http_house import serving_house
from visavis.usecases.key_rotation import Level


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    with serving_house(tmp_path_factory.mktemp("house")) as served:
        yield served


@pytest.fixture
def ask(house):
    return lambda method, path, **more: house.ask(
        method, f"/api/v1{path}", house.owners_token(house.host), **more
    )


@pytest.fixture
def subject(ask):
    return ask("POST", "/subjects", json={"name": "Ann Lee"}).json()["id"]


def wrapping(state):
    return {key["version"]: key["wraps"] for key in state["keys"] if key["purpose"] == "subjects"}


def test_the_key_of_the_organisation_is_rotated(ask, subject):
    before = ask("GET", "/vault").json()
    assert [each["level"] for each in before["levels"]] == list(Level)
    newest = max(wrapping(before))
    done = ask("POST", "/vault/rotate", json={"level": "tenant"}).json()
    assert done == {
        "level": "tenant",
        "version": newest + 1,
        "renewed": before["subject_keys"],
    }
    after = ask("GET", "/vault").json()
    assert wrapping(after)[newest + 1] == after["subject_keys"]
    assert ask("GET", f"/subjects/{subject}").json()["name"] == "Ann Lee"


def test_the_keys_of_people_are_rotated_one_or_all(ask, subject):
    one = ask("POST", "/vault/rotate", json={"level": "subjects", "subject_id": subject})
    assert one.json() == {"level": "subjects", "version": None, "renewed": 1}
    all_ = ask("POST", "/vault/rotate", json={"level": "subjects"}).json()
    assert all_["renewed"] == ask("GET", "/vault").json()["subject_keys"]
    assert ask("GET", f"/subjects/{subject}").json()["name"] == "Ann Lee"


@pytest.mark.parametrize("level", ["references", "second_factor", "audit", "receipts"])
def test_every_other_level_is_rotated(ask, subject, level):
    assert ask("POST", "/vault/rotate", json={"level": level}).json()["level"] == level
    assert ask("POST", "/audit/verify").json()["whole"]


def test_what_cannot_be_rotated_is_refused(ask, subject):
    assert ask("POST", "/vault/rotate", json={"level": "root"}).status_code == 422
    both = {"level": "audit", "subject_id": subject}
    assert ask("POST", "/vault/rotate", json=both).status_code == 422
    nobody = {"level": "subjects", "subject_id": "f" * 32}
    assert ask("POST", "/vault/rotate", json=nobody).status_code == 404


def test_no_key_is_ever_shown(ask, subject):
    shown = ask("GET", "/vault").json()
    assert {name for key in shown["keys"] for name in key} == {
        *("purpose", "version", "root_id", "created_at", "retired_at", "wraps")
    }
