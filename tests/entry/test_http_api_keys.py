"""API keys over HTTP: scopes, ends, and whose they are."""

from datetime import datetime, timedelta

import pytest

from tests.entry.http_house import serving_house
from visavis.core.roles import Role
from visavis.credentials.roles import Permission
from visavis.credentials.tokens import hash_secret, new_secret

KEYS = "/api/v1/keys"
SUBJECTS = "/api/v1/subjects"


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    with serving_house(tmp_path_factory.mktemp("house")) as made:
        yield made


@pytest.fixture
def operator(house):
    """Give an operator of the guest tenant who is in no other test."""
    return house.add_user(house.guest.id, Role.OPERATOR)


def make(house, user, **order):
    given = {"name": "door", "scopes": ["all"]} | order
    return house.ask("POST", KEYS, house.token(user), json=given)


def test_a_key_is_shown_once_and_works(house, operator):
    made = make(house, operator)
    assert made.status_code == 201
    assert made.headers["cache-control"] == "no-store"
    key = made.json()
    secret = key.pop("secret")
    assert secret.startswith("vv_")
    assert set(key["scopes"]) == set(Permission)
    life = datetime.fromisoformat(key["expires_at"]) - datetime.fromisoformat(key["created_at"])
    assert life == timedelta(days=365)
    assert (key["last_used_at"], key["revoked_at"]) == (None, None)
    listed = house.ask("GET", KEYS, house.token(operator))
    assert listed.json() == {"items": [key], "next": None}
    assert secret not in listed.text
    assert house.ask("GET", SUBJECTS, secret).status_code == 200
    house.records.ground.background.flush()
    used = house.ask("GET", KEYS, secret).json()["items"][0]
    assert used["last_used_at"] is not None


def test_a_key_without_the_scope_is_refused_and_told(house, operator):
    secret = make(house, operator, scopes=["people:read"]).json()["secret"]
    assert house.ask("GET", SUBJECTS, secret).status_code == 200
    refused = house.ask("POST", SUBJECTS, secret, json={"adult": True})
    assert (refused.status_code, refused.json()["detail"]) == (
        *(403, "this key lacks the scope people:write; make one that has it"),
    )


def test_a_key_that_was_taken_back_or_is_too_old_opens_nothing(house, operator):
    made = make(house, operator).json()
    path = f"{KEYS}/{made['id']}"
    assert house.ask("DELETE", path, house.token(operator)).status_code == 204
    assert house.ask("DELETE", path, house.token(operator)).status_code == 204
    old, now = new_secret(), house.now()
    with house.records.ground.store.work() as work:
        ids = operator.tenant_id, operator.id
        work.api_keys.add(*ids, "old", hash_secret(old), ["people:read"], now, now)
    for secret in (made["secret"], old, new_secret(), "vv_x"):
        answer = house.ask("GET", SUBJECTS, secret)
        assert (answer.status_code, answer.json()["type"]) == (401, "urn:visavis:problem:log-in")


def test_the_key_of_somebody_demoted_does_less(house):
    admin = house.add_user(house.guest.id, Role.ADMIN)
    secret = make(house, admin, scopes=["users:read", "people:read"]).json()["secret"]
    assert house.ask("GET", "/api/v1/users", secret).status_code == 200
    path, owner = f"/api/v1/users/{admin.id}", house.owners_token(house.guest)
    assert house.ask("PATCH", path, owner, json={"role": "viewer"}).status_code == 200
    assert house.ask("GET", "/api/v1/users", secret).status_code == 403
    assert house.ask("GET", SUBJECTS, secret).status_code == 200


def test_a_key_of_another_organisation_is_as_one_that_never_was(house, operator):
    theirs = make(house, house.host.owner).json()
    mine = make(house, house.add_user(house.guest.id, Role.OPERATOR)).json()
    owner = house.owners_token(house.guest)
    told = set()
    for key_id, token in (
        (theirs["id"], owner),
        ("f" * 32, owner),
        (mine["id"], house.token(operator)),
    ):
        answer = house.ask("DELETE", f"{KEYS}/{key_id}", token)
        told.add((answer.status_code, answer.json()["detail"]))
    assert told == {(404, "there is no such key here; it may have been removed")}
    for secret in (theirs["secret"], mine["secret"]):
        assert house.ask("GET", SUBJECTS, secret).status_code == 200


def test_admins_see_and_take_back_everyones(house, operator):
    made = make(house, operator).json()
    admin = house.token(house.guest.users[Role.ADMIN])
    everyone = {"everyone": "true"}
    listed = house.ask("GET", KEYS, admin, params=everyone).json()["items"]
    assert made["id"] in {key["id"] for key in listed}
    own = house.ask("GET", KEYS, admin).json()["items"]
    assert made["id"] not in {key["id"] for key in own}
    refused = house.ask("GET", KEYS, house.token(operator), params=everyone)
    assert refused.status_code == 403
    assert house.ask("DELETE", f"{KEYS}/{made['id']}", admin).status_code == 204
    assert house.ask("GET", SUBJECTS, made["secret"]).status_code == 401


def test_only_people_make_keys(house, operator):
    secret = make(house, operator).json()["secret"]
    for asked in (secret, house.key(operator, Permission.KEYS_WRITE)):
        answer = house.ask("POST", KEYS, asked, json={"name": "child", "scopes": ["all"]})
        assert answer.status_code == 403
    viewer = house.guest.users[Role.VIEWER]
    assert make(house, viewer).status_code == 403


def test_a_key_may_last(house, operator):
    assert make(house, operator, days=None).json()["expires_at"] is None


@pytest.mark.parametrize(
    ("order", "status"),
    [
        ({"scopes": ["users:read"]}, 403),
        ({"scopes": ["nonsense"]}, 422),
        ({"scopes": []}, 422),
        ({"scopes": ["all"] * 100}, 422),
        ({"scopes": "all"}, 422),
        ({"name": ""}, 422),
        ({"name": "x" * 101}, 422),
        ({"name": "a\0b"}, 422),
        ({"days": 0}, 422),
        ({"days": 4000}, 422),
        ({"days": "soon"}, 422),
        ({"user_id": "f" * 32}, 422),
    ],
)
def test_what_is_no_key_is_refused(house, operator, order, status):
    assert make(house, operator, **order).status_code == status
