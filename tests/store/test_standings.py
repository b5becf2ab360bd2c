"""Standings: who is behind a session or a key, as they are now."""

from datetime import UTC, datetime, timedelta

import pytest

from visavis.core.roles import Role
from visavis.store.kinds import UserState

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
LATER = NOW + timedelta(days=1)


@pytest.fixture
def people(store):
    """Give the host's viewer and another tenant's owner, each with a session and a key."""
    made = {}
    with store.work() as work:
        for number, (name, role) in enumerate((("host", Role.VIEWER), ("guest", Role.OWNER))):
            tenant = work.tenants.add(name, NOW + timedelta(seconds=number))
            email = f"{name}@x.example"
            user = work.users.add(tenant.id, email, name, "", role, NOW, UserState.ACTIVE)
            session = work.sessions.start(tenant.id, user.id, f"token of {name}", LATER, NOW)
            key = work.api_keys.add(tenant.id, user.id, "k", f"key of {name}", ["analyse"], NOW)
            made[name] = tenant, user, session, key
    return made


@pytest.mark.parametrize("name", ["host", "guest"])
def test_every_way_leads_to_the_same_person(store, people, name):
    tenant, user, session, key = people[name]
    with store.reading() as work:
        found = [
            work.standings.of_session(tenant.id, session.id),
            work.standings.of_token(f"token of {name}"),
            work.standings.of_key(f"key of {name}"),
        ]

    for standing in found:
        assert (standing.tenant_id, standing.user_id) == (tenant.id, user.id)
        assert (standing.role, standing.state) == (user.role, UserState.ACTIVE)
        assert standing.is_host is (name == "host")
        assert standing.is_good(NOW)
    assert [standing.by_id for standing in found] == [session.id, session.id, key.id]
    assert [standing.scopes for standing in found] == [None, None, ("analyse",)]
    assert [standing.is_good(LATER) for standing in found] == [False, False, True]


def test_another_tenants_session_id_leads_nowhere(store, people):
    with store.reading() as work:
        assert work.standings.of_session(people["host"][0].id, people["guest"][2].id) is None
        assert work.standings.of_token("no token") is None
        assert work.standings.of_key("token of host") is None


def test_whoever_is_disabled_revoked_or_gone_is_so_at_once(store, people):
    tenant, _, session, key = people["guest"]
    with store.work() as work:
        work.sessions.revoke(tenant.id, session.id, NOW, "ended")
        work.api_keys.revoke(tenant.id, key.id, NOW)
        work.users.set_state(people["host"][0].id, people["host"][1].id, UserState.DISABLED)
        standings = work.standings
        assert not standings.of_token("token of guest").is_good(NOW)
        assert not standings.of_key("key of guest").is_good(NOW)
        assert not standings.of_token("token of host").is_good(NOW)


def test_when_the_host_leaves_the_next_oldest_is_the_host(store, people):
    with store.work() as work:
        work.tenants.leave(people["host"][0].id, NOW)
        assert work.standings.of_key("key of guest").is_host
        assert not work.standings.of_token("token of host").is_good(NOW)
