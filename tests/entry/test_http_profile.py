"""The own account over HTTP."""

import pytest

from tests.entry.http_house import PASSWORD, serving_house
from tests.entry.outbox import code, letters
from visavis.core.roles import Role
from visavis.credentials.roles import Permission

ME = "/api/v1/me"


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    with serving_house(tmp_path_factory.mktemp("house")) as made:
        yield made


@pytest.fixture
def user(house):
    """Give an operator of the guest tenant who is in no other test."""
    return house.add_user(house.guest.id, Role.OPERATOR)


@pytest.fixture
def token(house, user):
    return house.token(user)


def letters_to(house, email):
    house.records.ground.background.flush()
    return letters(house.records.ground.settings.data, email)


def test_everybody_sees_who_they_are(house, user, token):
    seen = house.ask("GET", ME, token).json()
    assert (seen["id"], seen["email"], seen["role"]) == (user.id, user.email, "operator")
    assert (seen["organisation"], seen["is_host"]) == ("guest", False)
    assert "people:write" in seen["permissions"]
    assert "users:read" not in seen["permissions"]
    assert seen["created_at"].endswith("Z")
    assert (seen["second_factor"], seen["last_login_at"]) == (False, None)


def test_a_program_sees_what_its_key_may_do(house, user):
    seen = house.ask("GET", ME, house.key(user, Permission.ANALYSE, Permission.USERS_READ)).json()
    assert (seen["id"], seen["permissions"]) == (user.id, ["analyse"])


def test_the_name_is_changed(house, user, token):
    changed = house.ask("PATCH", ME, token, json={"full_name": " Zoë  Lee "})
    assert (changed.status_code, changed.json()["full_name"]) == (200, "Zoë Lee")
    assert house.ask("GET", ME, token).json() == changed.json()


@pytest.mark.parametrize(
    "body", [{}, {"full_name": ""}, {"full_name": "x" * 201}, {"full_name": "a", "role": "owner"}]
)
def test_nothing_else_of_the_profile_is_changed(house, token, body):
    assert house.ask("PATCH", ME, token, json=body).status_code == 422


def test_the_address_is_changed_by_a_code_that_went_to_it(house, user, token):
    new = f"new-{user.id}@elsewhere.example"
    order = {"password": PASSWORD, "email": new}
    asked = house.ask("POST", f"{ME}/email", token, json=order)
    assert asked.status_code == 202
    again = house.ask("POST", f"{ME}/email", token, json=order)
    assert (again.status_code, 0 < int(again.headers["retry-after"]) <= 60) == (429, True)
    right = code(house.records.ground.settings.data, new)
    wrong = {"code": f"{(int(right) + 1) % 10**6:06d}"}
    assert house.ask("POST", f"{ME}/email/confirm", token, json=wrong).status_code == 422
    done = house.ask("POST", f"{ME}/email/confirm", token, json={"code": right})
    assert (done.status_code, done.content) == (204, b"")
    assert house.ask("GET", ME, token).json()["email"] == new
    assert "address of your account was changed" in letters_to(house, user.email)[-1]
    login = {"email": new, "password": PASSWORD}
    assert house.ask("POST", "/api/v1/auth/login", json=login).status_code == 200


def test_a_taken_address_is_answered_as_a_free_one(house, user, token):
    other = house.add_user(house.guest.id, Role.OPERATOR)
    free = {"password": PASSWORD, "email": f"free-{user.id}@elsewhere.example"}
    taken = {"password": PASSWORD, "email": house.host.owner.email}
    answers = [
        house.ask("POST", f"{ME}/email", token, json=free),
        house.ask("POST", f"{ME}/email", house.token(other), json=taken),
    ]
    assert answers[0].content == answers[1].content
    assert [answer.status_code for answer in answers] == [202, 202]
    assert "You have an account already" in letters_to(house, house.host.owner.email)[-1]


def test_the_password_is_asked_for_again(house, user, token):
    wrong = {"password": "wrong"}
    more = {"email": "new@elsewhere.example"}
    for method, path, body in (("POST", f"{ME}/email", wrong | more), ("DELETE", ME, wrong)):
        answer = house.ask(method, path, token, json=body)
        assert (answer.status_code, answer.json()["detail"]) == (
            *(403, "the password is wrong; check it and try again"),
        )
    assert house.ask("GET", ME, token).status_code == 200


def test_programs_change_nothing(house, user):
    key = house.key(user, *Permission)
    for method, path, body in (
        ("PATCH", ME, {"full_name": "X"}),
        ("DELETE", ME, {"password": PASSWORD}),
        ("POST", f"{ME}/email", {"password": PASSWORD, "email": "a@b.example"}),
        ("POST", f"{ME}/email/confirm", {"code": "000000"}),
    ):
        assert house.ask(method, path, key, json=body).status_code == 403


def test_who_leaves_is_out_with_all_their_tokens_and_keys(house, user, token):
    key = house.key(user, Permission.ANALYSE)
    assert house.ask("DELETE", ME, token, json={"password": PASSWORD}).status_code == 204
    for secret in (token, key):
        assert house.ask("GET", ME, secret).status_code == 401
    login = {"email": user.email, "password": PASSWORD}
    assert house.ask("POST", "/api/v1/auth/login", json=login).status_code == 401


def test_the_last_owner_stays_while_others_are_there(house):
    tenant = house.add_tenant("firm")
    owner = house.owners_token(tenant)
    left = house.ask("DELETE", ME, owner, json={"password": PASSWORD})
    assert left.status_code == 403
    assert "the last owner" in left.json()["detail"]
    assert house.ask("GET", ME, owner).status_code == 200
