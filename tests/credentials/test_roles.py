"""Roles and scopes: who may do what, and nobody more than that."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from visavis.core.errors import InvalidInput
from visavis.core.roles import Role
from visavis.credentials.roles import (
    Permission,
    allowed,
    may_change_role,
    parse_scopes,
    permissions_of,
)

roles = st.sampled_from(Role)
permissions = st.sampled_from(Permission)
scopes = st.none() | st.frozensets(permissions)

READS = {
    *("people:read", "photos:read", "audience:read", "models:read"),
    *("jobs:read", "results:read"),
}
WORK = {
    *("analyse", "recognise", "people:write", "photos:write", "audience:write"),
    *("privacy:read", "keys:read", "keys:write", "jobs:write", "results:write"),
}
RULE = {
    *("people:erase", "privacy:write", "users:read", "users:write", "audit:read", "models:write"),
    *("settings:read", "settings:write", "logs:read"),
}


@pytest.mark.parametrize(
    ("role", "has"),
    [
        (Role.VIEWER, READS),
        (Role.OPERATOR, READS | WORK),
        (Role.ADMIN, READS | WORK | RULE),
        (Role.OWNER, READS | WORK | RULE | {"tenant:delete"}),
    ],
)
def test_what_each_role_may_do(role, has):
    assert {permission.value for permission in permissions_of(role)} == has


def test_the_owner_may_do_everything():
    assert permissions_of(Role.OWNER) == set(Permission)


@given(roles, roles, scopes, permissions)
def test_a_higher_role_may_do_all_that_a_lower_one_may(one, other, key, permission):
    low, high = sorted((one, other), key=lambda role: role.rank)
    assert allowed(high, key, permission) or not allowed(low, key, permission)


@given(roles, scopes, st.frozensets(permissions), permissions)
def test_a_key_has_its_scopes_of_what_its_maker_has(role, fewer, more, permission):
    in_person = allowed(role, None, permission)
    assert allowed(role, more, permission) == (in_person and permission in more)
    if fewer is not None and fewer <= more and allowed(role, fewer, permission):
        assert allowed(role, more, permission)


@given(roles, permissions)
def test_a_key_without_scopes_may_do_nothing(role, permission):
    assert not allowed(role, [], permission)


def test_who_may_make_change_and_remove_whom():
    allowed_changes = {
        (actor.value, before and before.value, after and after.value)
        for actor in Role
        for before in (None, *Role)
        for after in (None, *Role)
        if may_change_role(actor, before, after)
    }
    below_owner = (None, "viewer", "operator", "admin")
    everybody = (*below_owner, "owner")
    assert allowed_changes == {
        *(("admin", before, after) for before in below_owner for after in below_owner),
        *(("owner", before, after) for before in everybody for after in everybody),
    }


@pytest.mark.parametrize(
    ("lists", "found"),
    [
        (["all"], set(Permission)),
        (["analyse, people:read", "analyse"], {Permission.ANALYSE, Permission.PEOPLE_READ}),
        (["people:read,all"], set(Permission)),
    ],
)
def test_scopes_are_read(lists, found):
    assert parse_scopes(lists) == found


@pytest.mark.parametrize(
    ("lists", "said"),
    [
        (["people:fly"], "'people:fly'"),
        ([""], "at least one scope"),
        ([], "at least one"),
        (["ALL"], "'ALL'"),
    ],
)
def test_scopes_that_do_not_exist_are_refused(lists, said):
    with pytest.raises(InvalidInput, match=said):
        parse_scopes(lists)
