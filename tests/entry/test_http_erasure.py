"""Erasing over HTTP: the answer is the receipt, and afterwards there is nothing to ask for."""

import pytest

from tests.entry.http_house import serving_house
from visavis.core.roles import Role
from visavis.vault.receipts import is_genuine


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    with serving_house(tmp_path_factory.mktemp("house")) as served:
        yield served


@pytest.fixture
def ask(house):
    """Give a function that asks as the owner of the first tenant."""
    return lambda method, path, **more: house.ask(
        method, f"/api/v1{path}", house.owners_token(house.host), **more
    )


@pytest.fixture
def subject(ask):
    return ask("POST", "/subjects", json={"name": "Ann Lee", "reference": None}).json()["id"]


def test_the_answer_is_the_receipt_and_the_person_is_gone(ask, subject):
    answer = ask("DELETE", f"/subjects/{subject}", params={"reason": "consent_withdrawn"})
    assert answer.status_code == 200
    receipt = answer.json()
    assert is_genuine(receipt)
    assert receipt["statement"]["subject_id"] == subject
    assert receipt["statement"]["reason"] == "consent_withdrawn"
    assert receipt["statement"]["probe"]["clean"] is True
    assert ask("GET", f"/subjects/{subject}").status_code == 404
    assert ask("GET", f"/subjects/{subject}/export").status_code == 404
    again = ask("DELETE", f"/subjects/{subject}")
    assert again.content == answer.content
    found = ask("GET", f"/receipts/{receipt['statement']['receipt_id']}")
    assert found.content == answer.content


def test_a_reason_that_is_none_is_refused_before_anything_is_erased(ask, subject):
    assert ask("DELETE", f"/subjects/{subject}", params={"reason": "whim"}).status_code == 422
    assert ask("GET", f"/subjects/{subject}").status_code == 200


def test_whoever_may_not_erase_learns_nothing_and_erases_nothing(house, ask, subject):
    operator = house.token(house.host.users[Role.OPERATOR])
    assert house.ask("DELETE", f"/api/v1/subjects/{subject}", operator).status_code == 403
    stranger = house.owners_token(house.guest)
    theirs = house.ask("DELETE", f"/api/v1/subjects/{subject}", stranger)
    nobodys = house.ask("DELETE", f"/api/v1/subjects/{'f' * 32}", stranger)
    assert (theirs.status_code, theirs.json()["detail"]) == (404, nobodys.json()["detail"])
    assert ask("GET", f"/subjects/{subject}").status_code == 200


def test_what_is_no_id_is_refused(ask):
    for strange in ("x", "F" * 32, "f" * 33, "..%2F..%2Fetc"):
        assert ask("DELETE", f"/subjects/{strange}").status_code in {404, 422}
