"""Decisions about owners that are made at the same time, on every database."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest

from tests.store.databases import KINDS, database
from tests.usecases.conftest import PASSWORD
from visavis.core.errors import VisavisError
from visavis.core.roles import Role
from visavis.credentials.passwords import hash_password
from visavis.store.blobs.files import FileBlobs
from visavis.store.kinds import UserState
from visavis.usecases.actor import Actor
from visavis.usecases.errors import NotFound
from visavis.usecases.invitations import Invitations
from visavis.usecases.profile import Profile
from visavis.usecases.tenants import Tenants
from visavis.usecases.users import Users

TURNS = 5


@pytest.fixture(params=KINDS)
def given(request, tmp_path: Path) -> Iterator[dict[str, object]]:
    with database(request.param, tmp_path) as url:
        yield {"store": {"url": url}, "throttle": {"login": "1000 per minute"}}


@pytest.fixture
def owners(ground, house) -> list[Actor]:
    """Give two owners."""
    now, hashed = ground.clock(), hash_password(PASSWORD)
    with ground.store.work() as work:
        second = work.users.add(
            house.tenant_id, "b@x.example", "B", hashed, Role.OWNER, now, UserState.ACTIVE
        )
    return [house.owner, Actor(house.tenant_id, second.id, Role.OWNER, is_host=True)]


def at_once(*acts):
    """Do all at the same time; return what each raised, None for nothing."""
    barrier = Barrier(len(acts))

    def do(act):
        barrier.wait()
        try:
            act()
        except VisavisError as exc:
            return exc
        return None

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(do, acts))


def owners_of(ground, house):
    with ground.store.reading() as work:
        return work.users.count(house.tenant_id, Role.OWNER)


@pytest.mark.parametrize("how", ["set_role", "set_state", "remove"])
def test_two_owners_who_put_each_other_down_leave_one(ground, house, owners, how):
    users, (a, b) = Users(ground), owners
    more = {"set_role": (Role.ADMIN,), "set_state": (UserState.DISABLED,), "remove": ()}[how]
    for _ in range(TURNS if how == "set_role" else 1):
        raised = at_once(
            lambda: getattr(users, how)(a, b.user_id, *more),
            lambda: getattr(users, how)(b, a.user_id, *more),
        )
        assert owners_of(ground, house) == 1
        assert len([exc for exc in raised if exc is None]) == 1
        with ground.store.work() as work:
            for owner in owners:
                work.users.set_role(house.tenant_id, owner.user_id, Role.OWNER)
    assert ground.audit.verify(ground.store, house.tenant_id) == []


def test_two_owners_who_leave_at_once_do_not_leave_the_others_without(
    ground, house, owners, tmp_path
):
    profile = Profile(ground, Tenants(ground, FileBlobs(tmp_path / "blobs")))
    raised = at_once(*(lambda actor=actor: profile.delete(actor, PASSWORD) for actor in owners))
    assert owners_of(ground, house) == 1
    assert [str(exc)[:23] for exc in raised if exc] == ["you are the last owner,"]


def test_a_link_that_is_used_twice_at_once_lets_one_in(ground, house, mailbox):
    made = Invitations(ground)
    user = made.invite(house.admin, "guest@elsewhere.example", Role.VIEWER)
    ground.background.flush()
    text = mailbox.last(user.email).text
    secret = next(part.partition("=")[2] for part in text.split() if "secret=" in part)
    raised = at_once(
        *(lambda name=name: made.accept(secret, name, PASSWORD) for name in ("Ann", "Bob"))
    )
    assert sorted(type(exc).__name__ for exc in raised) == ["NoneType", NotFound.__name__]


def test_two_who_invite_the_same_person_at_once_make_one_invitation(ground, house, owners):
    made = Invitations(ground)
    raised = at_once(
        *(lambda a=a: made.invite(a, "guest@elsewhere.example", Role.VIEWER) for a in owners)
    )
    assert sorted(type(exc).__name__ for exc in raised) == ["AlreadyThere", "NoneType"]
    with ground.store.reading() as work:
        assert work.users.count(house.tenant_id, None, UserState.UNVERIFIED) == 1
