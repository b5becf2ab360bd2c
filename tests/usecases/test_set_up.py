"""The first owner of a deployment."""

from urllib.parse import parse_qs, urlsplit

import pytest

from tests.usecases.conftest import SITE
from tests.usecases.signing_in import GUEST, NEW, come_in, user_of
from visavis.core.errors import InvalidInput, NotAllowed
from visavis.core.roles import Role
from visavis.credentials.errors import WeakPassword
from visavis.credentials.tokens import LINK, looks_like_secret, new_secret
from visavis.store.kinds import Mode
from visavis.usecases.callers import Callers
from visavis.usecases.private_machine import PrivateMachine
from visavis.usecases.set_up import SetUp
from visavis.usecases.sign_in import SignIn


@pytest.fixture
def set_up(ground):
    return SetUp(ground)


def secret_of(set_up):
    return parse_qs(urlsplit(set_up.link()).query)["secret"][0]


def test_the_link_makes_the_owner_once(ground, set_up):
    assert set_up.needed()
    secret = secret_of(set_up)
    assert set_up.link() == f"{SITE}/set-up?secret={secret}"
    assert looks_like_secret(secret, LINK)
    set_up.check(secret)
    user = set_up.create_owner(f" {GUEST.upper()}", " Ann  Lee", NEW, secret=secret)
    assert (user.email, user.full_name, user.role) == (GUEST, "Ann Lee", Role.OWNER)
    assert not set_up.needed()
    for act in (
        lambda: set_up.check(secret),
        lambda: set_up.create_owner("b@x.example", "Bob", NEW, secret=secret),
        lambda: set_up.create_owner("b@x.example", "Bob", NEW),
    ):
        with pytest.raises(NotAllowed, match="set up already"):
            act()


def test_the_owner_logs_in_at_once_and_runs_the_deployment(ground, set_up):
    set_up.create_owner(GUEST, "Ann Lee", NEW, organisation=" The  Shop ")
    actor = come_in(ground, SignIn(ground, Callers(ground)).log_in(GUEST, NEW).access_token)
    assert (actor.role, actor.is_host) == (Role.OWNER, True)
    with ground.store.reading() as work:
        tenant = work.tenants.find(actor.tenant_id)
        first, *_ = work.audit.entries(actor.tenant_id)
    assert tenant
    assert (tenant.name, tenant.mode) == ("The Shop", Mode.ANONYMOUS)
    assert (first.action, first.actor) == ("tenant.created", actor.user_id)


@pytest.mark.parametrize("secret", ["", "x", "vvl_é\ud800", new_secret(LINK)])
def test_nobody_without_the_link_sets_it_up(set_up, secret):
    for act in (
        lambda: set_up.check(secret),
        lambda: set_up.create_owner(GUEST, "Ann Lee", NEW, secret=secret),
    ):
        with pytest.raises(NotAllowed, match="link does not work"):
            act()
    assert set_up.needed()


def test_a_server_that_is_started_again_has_another_link(ground, set_up):
    with pytest.raises(NotAllowed, match="link does not work"):
        SetUp(ground).check(secret_of(set_up))


@pytest.mark.parametrize(
    ("email", "name", "password", "error"),
    [
        ("no address", "Ann", NEW, InvalidInput),
        (GUEST, " ", NEW, InvalidInput),
        (GUEST, "Ann", "short", WeakPassword),
    ],
)
def test_what_cannot_be_used_makes_nobody_and_the_link_still_works(
    set_up, email, name, password, error
):
    with pytest.raises(error):
        set_up.create_owner(email, name, password, secret=secret_of(set_up))
    assert set_up.create_owner(GUEST, "Ann Lee", NEW, secret=secret_of(set_up))


def test_the_owner_of_a_private_machine_keeps_all_when_logging_in_is_turned_on(ground, set_up):
    machine = PrivateMachine(ground, Callers(ground)).owner()
    assert set_up.needed()
    user = set_up.create_owner(GUEST, "Ann Lee", NEW, organisation="The Shop")
    assert (user.tenant_id, user.id) == (machine.tenant_id, machine.user_id)
    assert not set_up.needed()
    actor = come_in(ground, SignIn(ground, Callers(ground)).log_in(GUEST, NEW).access_token)
    assert actor.user_id == machine.user_id
    assert user_of(ground, GUEST).full_name == "Ann Lee"
    with ground.store.reading() as work:
        tenant = work.tenants.find(machine.tenant_id)
    assert tenant
    assert tenant.name == "The Shop"
