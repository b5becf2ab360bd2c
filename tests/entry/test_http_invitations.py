"""Invitations over HTTP."""

import json
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.entry.http_house import PASSWORD, serving_house
from tests.entry.outbox import letters, link
from visavis.core.roles import Role

INVITATIONS = "/api/v1/invitations"


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    with serving_house(tmp_path_factory.mktemp("house")) as made:
        yield made


@pytest.fixture
def admin(house):
    return house.token(house.guest.users[Role.ADMIN])


def letters_to(house, email):
    house.records.ground.background.flush()
    return letters(house.records.ground.settings.data, email)


def secret_to(house, email):
    """Return the secret of the last link that was sent to somebody."""
    house.records.ground.background.flush()
    url = link(house.records.ground.settings.data, email)
    return parse_qs(urlsplit(url).query)["secret"][0]


def invite(house, admin, email, role="operator"):
    return house.ask("POST", INVITATIONS, admin, json={"email": email, "role": role})


def test_from_the_letter_to_the_first_log_in(house, admin):
    made = invite(house, admin, "Gail@Elsewhere.example")
    email = "gail@elsewhere.example"
    assert made.status_code == 201
    assert (made.json()["email"], made.json()["state"]) == (email, "unverified")
    assert "secret" not in made.text
    assert "vvl_" not in made.text
    assert f"{house.records.ground.site}/invitation?secret=" in letters_to(house, email)[-1]
    secret = secret_to(house, email)
    seen = house.ask("POST", f"{INVITATIONS}/look", json={"secret": secret})
    assert (seen.status_code, seen.json()) == (
        200,
        {"email": email, "organisation": "guest", "role": "operator"},
    )
    order = {"secret": secret, "full_name": "Gail Lee", "password": PASSWORD}
    weak = house.ask("POST", f"{INVITATIONS}/accept", json=order | {"password": "gail"})
    assert weak.status_code == 422
    assert '"gail"' not in weak.text
    joined = house.ask("POST", f"{INVITATIONS}/accept", json=order)
    assert (joined.status_code, joined.json()["state"]) == (201, "active")
    assert joined.json()["id"] == made.json()["id"]
    assert house.ask("POST", f"{INVITATIONS}/accept", json=order).status_code == 404
    assert house.ask("POST", f"{INVITATIONS}/look", json={"secret": secret}).status_code == 404
    login = {"email": email, "password": PASSWORD}
    tokens = house.ask("POST", "/api/v1/auth/login", json=login)
    assert tokens.status_code == 200
    me = house.ask("GET", "/api/v1/me", tokens.json()["access_token"]).json()
    assert (me["organisation"], me["role"], me["full_name"]) == ("guest", "operator", "Gail Lee")


def test_before_accepting_nobody_logs_in_or_gets_a_new_password(house, admin):
    email = "waits@elsewhere.example"
    invite(house, admin, email)
    for password in ("", PASSWORD):
        login = {"email": email, "password": password}
        assert house.ask("POST", "/api/v1/auth/login", json=login).status_code == 401
    house.ask("POST", "/api/v1/auth/forgot", json={"email": email})
    assert len(letters_to(house, email)) == 1


def test_a_link_is_dead_once_another_was_sent_or_the_user_removed(house, admin):
    email = "again@elsewhere.example"
    path = f"/api/v1/users/{invite(house, admin, email).json()['id']}"
    first = secret_to(house, email)
    assert house.ask("POST", f"{path}/invitation", admin).status_code == 204
    second = secret_to(house, email)

    def looks():
        asked = ({"secret": secret} for secret in (first, second))
        return [house.ask("POST", f"{INVITATIONS}/look", json=b).status_code for b in asked]

    assert looks() == [404, 200]
    assert house.ask("DELETE", path, admin).status_code == 204
    assert looks() == [404, 404]
    assert house.ask("POST", f"{path}/invitation", admin).status_code == 404


def test_who_has_an_account_elsewhere_is_answered_as_anybody(house, admin):
    known = house.host.users[Role.VIEWER].email
    answers = [invite(house, admin, email) for email in (known, "nobody@elsewhere.example")]
    assert [answer.status_code for answer in answers] == [201, 201]
    one, two = (answer.json() | {"id": "", "email": "", "created_at": ""} for answer in answers)
    assert one == two
    assert set(answers[0].headers) == set(answers[1].headers)
    text = letters_to(house, known)[-1]
    assert "You have an account with this e-mail address already" in text
    assert "vvl_" not in text
    for answer in answers:
        path = f"/api/v1/users/{answer.json()['id']}/invitation"
        assert house.ask("POST", path, admin).status_code == 204


def test_nobody_is_invited_twice(house, admin):
    assert invite(house, admin, "twice@elsewhere.example").status_code == 201
    again = invite(house, admin, "TWICE@elsewhere.example")
    assert (again.status_code, again.json()["type"]) == (409, "urn:visavis:problem:already-there")
    assert invite(house, admin, house.guest.owner.email).status_code == 409


def test_nobody_invites_above_themselves(house, admin):
    assert invite(house, admin, "owner@elsewhere.example", "owner").status_code == 403
    operator = house.token(house.guest.users[Role.OPERATOR])
    assert invite(house, operator, "viewer@elsewhere.example", "viewer").status_code == 403
    assert house.ask("POST", INVITATIONS, json={}).status_code == 401


@pytest.mark.parametrize(
    "body",
    [
        {"email": "no address", "role": "viewer"},
        {"email": "a@b.example"},
        {"email": "a@b.example", "role": "god"},
        {"email": "a@b.example", "role": "viewer", "tenant_id": "f" * 32},
        {"email": "a" * 300, "role": "viewer"},
    ],
)
def test_what_is_no_invitation_is_refused(house, admin, body):
    assert house.ask("POST", INVITATIONS, admin, json=body).status_code == 422


@pytest.mark.parametrize("secret", ["", "x", "vvl_", "vvl_\0", "../..", "x" * 200])
def test_other_secrets_open_nothing(house, secret):
    order = {"secret": secret, "full_name": "Eve", "password": PASSWORD}
    assert house.ask("POST", f"{INVITATIONS}/accept", json=order).status_code in {404, 422}
    looked = house.ask("POST", f"{INVITATIONS}/look", json={"secret": secret})
    assert looked.status_code in {404, 422}


def test_half_a_character_is_no_secret_and_no_name(house):
    for field in ("secret", "full_name", "password"):
        order = {"secret": "vvl_x", "full_name": "Eve", "password": PASSWORD} | {field: "HALF"}
        content = json.dumps(order).replace("HALF", "\\ud800").encode()
        headers = {"Content-Type": "application/json"}
        answer = house.ask("POST", f"{INVITATIONS}/accept", content=content, headers=headers)
        assert answer.status_code in {404, 422}
