"""Users of an organisation over HTTP."""

import pytest

from tests.entry.http_house import serving_house
from visavis.core.roles import Role
from visavis.credentials.roles import Permission

USERS = "/api/v1/users"


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    with serving_house(tmp_path_factory.mktemp("house")) as made:
        yield made


@pytest.fixture
def house(served):
    """Give the deployment with an organisation of this test's own as the guest."""
    served.guest = served.add_tenant("firm")
    return served


@pytest.fixture
def admin(house):
    return house.token(house.guest.users[Role.ADMIN])


def test_admins_list_all_and_only_their_own(house, admin):
    listed = house.ask("GET", USERS, admin).json()
    ids = {user.id for user in house.guest.users.values()} | {house.guest.disabled.id}
    assert {user["id"] for user in listed["items"]} == ids
    assert listed["next"] is None
    assert set(listed["items"][0]) == {
        *("id", "email", "full_name", "role", "state", "second_factor"),
        *("created_at", "last_login_at"),
    }
    part = house.ask("GET", USERS, admin, params={"limit": "2"}).json()
    rest = house.ask("GET", USERS, admin, params={"cursor": part["next"]}).json()
    assert [*part["items"], *rest["items"]] == listed["items"]


@pytest.mark.parametrize("query", [{"limit": "0"}, {"limit": "201"}, {"cursor": "x"}])
def test_what_is_no_part_of_the_list_is_refused(house, admin, query):
    assert house.ask("GET", USERS, admin, params=query).status_code == 422


def test_role_and_state_are_changed_together(house, admin):
    viewer = house.guest.users[Role.VIEWER]
    order = {"role": "operator", "state": "disabled"}
    changed = house.ask("PATCH", f"{USERS}/{viewer.id}", admin, json=order)
    assert changed.status_code == 200
    assert {name: changed.json()[name] for name in order} == order
    listed = house.ask("GET", USERS, admin).json()["items"]
    assert changed.json() in listed


def test_a_change_that_fails_in_part_changes_nothing(house):
    owner = house.owners_token(house.guest)
    invited = house.ask(
        "POST", "/api/v1/invitations", owner, json={"email": "a@b.example", "role": "viewer"}
    ).json()
    order = {"role": "admin", "state": "active"}
    path = f"{USERS}/{invited['id']}"
    assert house.ask("PATCH", path, owner, json=order).status_code == 422
    assert invited in house.ask("GET", USERS, owner).json()["items"]
    house.ask("DELETE", path, owner)


@pytest.mark.parametrize(
    "body",
    [{}, {"role": "god"}, {"state": "unverified"}, {"role": None}, {"email": "a@b.example"}, []],
)
def test_what_is_no_change_is_refused(house, admin, body):
    viewer = house.guest.users[Role.VIEWER]
    assert house.ask("PATCH", f"{USERS}/{viewer.id}", admin, json=body).status_code == 422


def test_whoever_is_demoted_disabled_or_removed_feels_it_at_once(house, admin):
    operator = house.guest.users[Role.OPERATOR]
    token, key = house.token(operator), house.key(operator, *Permission)
    path, subject = f"{USERS}/{operator.id}", {"adult": True}

    def tries():
        answers = (house.ask("POST", "/api/v1/subjects", s, json=subject) for s in (token, key))
        return [answer.status_code for answer in answers]

    assert tries() == [201, 201]
    house.ask("PATCH", path, admin, json={"role": "viewer"})
    assert tries() == [403, 403]
    house.ask("PATCH", path, admin, json={"role": "operator"})
    assert tries() == [201, 201]
    house.ask("PATCH", path, admin, json={"state": "disabled"})
    assert tries() == [401, 401]
    house.ask("PATCH", path, admin, json={"state": "active"})
    assert tries() == [401, 201]  # sessions have ended, keys work again
    assert house.ask("DELETE", path, admin).status_code == 204
    assert tries() == [401, 401]
    assert house.ask("DELETE", path, admin).status_code == 404


def test_nobody_reaches_above_themselves(house, admin):
    owner, own = house.guest.owner, house.guest.users[Role.ADMIN]
    for method, user, body in (
        ("PATCH", owner, {"role": "viewer"}),
        ("PATCH", house.guest.users[Role.VIEWER], {"role": "owner"}),
        ("PATCH", own, {"role": "owner"}),
        ("PATCH", own, {"state": "disabled"}),
        ("DELETE", owner, None),
        ("DELETE", own, None),
    ):
        assert house.ask(method, f"{USERS}/{user.id}", admin, json=body).status_code == 403
    listed = {user["id"]: user for user in house.ask("GET", USERS, admin).json()["items"]}
    assert (listed[owner.id]["role"], listed[own.id]["role"]) == ("owner", "admin")


def test_a_user_of_another_organisation_is_as_one_who_never_was(house):
    owner = house.owners_token(house.guest)
    bodies = set()
    for user_id in (house.host.owner.id, "f" * 32):
        for method, body in (("PATCH", {"role": "viewer"}), ("DELETE", None)):
            answer = house.ask(method, f"{USERS}/{user_id}", owner, json=body)
            bodies.add((answer.status_code, answer.json()["detail"]))
    assert bodies == {(404, "there is no such user here; it may have been removed")}


@pytest.mark.parametrize("user_id", ["x", "..%2f..", "F" * 32, "f" * 33, "%00"])
def test_what_is_no_id_is_refused(house, admin, user_id):
    assert house.ask("DELETE", f"{USERS}/{user_id}", admin).status_code in {404, 422}
