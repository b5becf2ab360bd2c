"""Receipts over HTTP: listed for those who may, checked for everybody."""

import copy

import pytest

from tests.entry.http_house import serving_house


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    with serving_house(tmp_path_factory.mktemp("house")) as served:
        yield served


@pytest.fixture(scope="module")
def receipts(house):
    """Erase three people; give their receipts, newest first."""
    token, made = house.owners_token(house.host), []
    for _ in range(3):
        subject = house.ask("POST", "/api/v1/subjects", token, json={}).json()["id"]
        made.append(house.ask("DELETE", f"/api/v1/subjects/{subject}", token).json())
    return made[::-1]


def test_receipts_come_in_parts(house, receipts):
    token = house.owners_token(house.host)
    first = house.ask("GET", "/api/v1/receipts", token, params={"limit": "2"}).json()
    rest = house.ask("GET", "/api/v1/receipts", token, params={"cursor": first["next"]}).json()
    assert [row["receipt"] for row in first["items"] + rest["items"]] == receipts
    assert rest["next"] is None
    row = first["items"][0]
    assert (row["kind"], row["id"]) == ("erasure", row["receipt"]["statement"]["receipt_id"])
    assert row["at"].endswith("Z")


def test_anybody_can_have_a_receipt_checked(house, receipts):
    def check(document):
        answer = house.ask("POST", "/api/v1/receipts/check", json=document)
        assert answer.status_code == 200, answer.text
        return answer.json()

    assert check(receipts[0]) == {
        "verdict": "genuine",
        "words": "This receipt is whole, and an organisation on this server signed it.",
    }
    forged = copy.deepcopy(receipts[0])
    forged["statement"]["destroyed"]["files"] = 99
    assert check(forged)["verdict"] == "broken"
    assert check(receipts[0] | {"public_key": receipts[0]["signature"]})["verdict"] == "broken"


@pytest.mark.parametrize(
    "body",
    [
        b'{"format": "", "statement": {"a": NaN}, "public_key": "", "signature": ""}',
        b'{"format": "", "statement": {"a": "\\ud800"}, "public_key": "", "signature": ""}',
        b'{"format": "", "statement": {"a": 1e999}, "public_key": "", "signature": ""}',
        b'{"format": "", "statement": {"a": %d}, "public_key": "", "signature": ""}' % 10**40,
        b'{"format": "", "statement": %s, "public_key": "", "signature": ""}'
        % (b'{"a":' * 500 + b"{}" + b"}" * 500),
        b"[]",
        b"{",
    ],
)
def test_a_document_that_cannot_be_one_is_no_fault_of_the_server(house, body):
    answer = house.ask(
        "POST",
        "/api/v1/receipts/check",
        content=body,
        headers={"Content-Type": "application/json"},
    )
    assert answer.status_code in {200, 422}
    assert answer.status_code == 422 or answer.json()["verdict"] == "broken"


def test_another_organisations_receipt_is_answered_like_none(house, receipts):
    stranger, receipt_id = house.owners_token(house.guest), receipts[0]["statement"]["receipt_id"]
    theirs = house.ask("GET", f"/api/v1/receipts/{receipt_id}", stranger)
    nobodys = house.ask("GET", f"/api/v1/receipts/{'f' * 32}", stranger)
    assert theirs.status_code == nobodys.status_code == 404
    assert theirs.json()["detail"] == nobodys.json()["detail"]
    assert house.ask("GET", "/api/v1/receipts", stranger).json()["items"] == []
