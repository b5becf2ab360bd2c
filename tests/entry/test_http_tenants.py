"""The organisation over HTTP."""

import pytest

from tests.entry.http_house import PASSWORD, serving_house
from visavis.core.roles import Role
from visavis.credentials.roles import Permission

TENANT = "/api/v1/tenant"
AGAIN = {"password": PASSWORD}


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    with serving_house(tmp_path_factory.mktemp("house")) as made:
        yield made


@pytest.fixture
def firm(house):
    return house.add_tenant("firm")


def test_everybody_reads_their_own(house, firm):
    for user in firm.users.values():
        seen = house.ask("GET", TENANT, house.token(user)).json()
        assert (seen["id"], seen["name"], seen["is_host"]) == (firm.id, "firm", False)
    assert house.ask("GET", TENANT, house.owners_token(house.host)).json()["is_host"]


def test_admins_rename_it(house, firm):
    for role, status in zip(Role, (403, 403, 200, 200), strict=True):
        token = house.token(firm.users[role])
        answer = house.ask("PATCH", TENANT, token, json={"name": f" by {role} "})
        assert answer.status_code == status
    assert answer.json()["name"] == "by owner"
    for body in ({}, {"name": ""}, {"name": "x" * 201}, {"name": "x", "mode": "identify"}):
        assert house.ask("PATCH", TENANT, token, json=body).status_code == 422


def test_only_an_owner_in_person_deletes_it(house, firm):
    for role in (Role.VIEWER, Role.OPERATOR, Role.ADMIN):
        token = house.token(firm.users[role])
        assert house.ask("DELETE", TENANT, token, json=AGAIN).status_code == 403
    program = house.key(firm.owner, *Permission)
    assert house.ask("DELETE", TENANT, program, json=AGAIN).status_code == 403
    owner = house.owners_token(firm)
    assert house.ask("DELETE", TENANT, owner, json={"password": "no"}).status_code == 403
    assert house.ask("DELETE", TENANT, owner, json={}).status_code == 422
    assert house.ask("GET", TENANT, owner).status_code == 200


def test_it_is_gone_with_everybody_and_everything(house, firm):
    owner, key = house.owners_token(firm), house.key(firm.owner, *Permission)
    content = {"content": b'{"a": 1}', "headers": {"Content-Type": "application/json"}}
    blob = house.ask("POST", "/api/v1/blobs", owner, **content)
    assert blob.status_code == 201
    host = house.owners_token(house.host)
    kept = house.ask("POST", "/api/v1/blobs", host, **content).json()
    folder = house.records.ground.settings.data / "blobs"

    def files():
        return sorted(path.name for path in folder.rglob("*") if firm.id in str(path))

    assert files()
    assert house.ask("DELETE", TENANT, owner, json=AGAIN).status_code == 204
    assert not [name for name in files() if blob.json()["sha256"] in name]
    for secret in (owner, key):
        assert house.ask("GET", TENANT, secret).status_code == 401
    login = {"email": firm.owner.email, "password": PASSWORD}
    assert house.ask("POST", "/api/v1/auth/login", json=login).status_code == 401
    assert house.ask("GET", f"/api/v1/blobs/{kept['sha256']}", host).status_code == 200


def test_the_host_stays_while_others_are_on_its_server(house, firm):
    host = house.owners_token(house.host)
    answer = house.ask("DELETE", TENANT, host, json=AGAIN)
    assert answer.status_code == 403
    assert "your organisation runs this server" in answer.json()["detail"]
    assert house.ask("GET", TENANT, host).status_code == 200
