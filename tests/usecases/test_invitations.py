"""Invitations: by mail, once, for seven days, and telling nobody who has an account."""

import re
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.usecases.conftest import PASSWORD, SITE, House
from visavis.core.errors import InvalidInput, NotAllowed
from visavis.core.roles import Role
from visavis.credentials.errors import WeakPassword
from visavis.credentials.passwords import check_password
from visavis.store.errors import AlreadyThere
from visavis.store.kinds import CodePurpose, UserState
from visavis.throttle.errors import TooManyRequests
from visavis.usecases import invitations as module
from visavis.usecases.errors import NotFound
from visavis.usecases.invitations import Invitations
from visavis.usecases.users import Users

GUEST = "guest@elsewhere.example"


@pytest.fixture
def invitations(ground):
    return Invitations(ground)


@pytest.fixture
def users(ground):
    return Users(ground)


def link(ground, mailbox, to=GUEST):
    """Return the secret in the last letter to somebody."""
    ground.background.flush()
    found = re.search(r"^https://\S+$", mailbox.last(to).text, re.MULTILINE)
    assert found, "no link in the last letter"
    url = found[0]
    assert url.startswith(f"{SITE}/invitation?secret=vvl_")
    return parse_qs(urlsplit(url).query)["secret"][0]


def by_email(ground, email):
    with ground.store.reading() as work:
        return work.users.find_by_email(email)


def test_who_is_invited_becomes_a_user(invitations, users, ground, house, mailbox):
    invited = invitations.invite(house.admin, " Guest@Elsewhere.EXAMPLE ", Role.OPERATOR)
    assert (invited.email, invited.role, invited.state) == (
        *(GUEST, Role.OPERATOR, UserState.UNVERIFIED),
    )
    assert invited in users.page(house.admin).items
    secret = link(ground, mailbox)
    assert "admin of first invites you to work with first" in mailbox.last(GUEST).text
    assert "until 28 November 2026, 12:00 UTC" in mailbox.last(GUEST).text

    seen = invitations.look(secret)
    assert (seen.email, seen.organisation, seen.role) == (GUEST, "first", Role.OPERATOR)
    joined = invitations.accept(secret, "  Gail  Guest ", PASSWORD)
    stored = by_email(ground, GUEST)
    assert (stored.id, stored.email, stored.full_name) == (joined.id, GUEST, "Gail Guest")
    assert (stored.state, stored.role) == (UserState.ACTIVE, Role.OPERATOR)
    assert check_password(PASSWORD, stored.password_hash)
    with ground.store.reading() as work:
        told = [(e.action, e.actor, e.details) for e in work.audit.entries(house.tenant_id)]
    details = {"user_id": joined.id, "role": "operator"}
    assert told[1:] == [
        ("user.invited", house.admin.user_id, details),
        ("user.joined", joined.id, details),
    ]


def test_a_link_works_once(invitations, ground, house, mailbox):
    invitations.invite(house.admin, GUEST, Role.VIEWER)
    secret = link(ground, mailbox)

    def accept(name):
        try:
            return invitations.accept(secret, name, PASSWORD).full_name
        except NotFound:
            return None

    with ThreadPoolExecutor(2) as pool:
        names = set(pool.map(accept, ["Ann", "Bob"]))
    assert len(names - {None}) == 1
    for ask in (lambda: invitations.look(secret), lambda: accept("Eve")):
        with pytest.raises(NotFound):
            assert ask() is not None or invitations.look(secret)
    assert by_email(ground, GUEST).full_name in names


def test_a_link_is_dead_after_seven_days(invitations, ground, house, mailbox, clock):
    invitations.invite(house.admin, GUEST, Role.VIEWER)
    secret = link(ground, mailbox)
    clock.move(days=7, seconds=-1)
    assert invitations.look(secret).email == GUEST
    clock.move(seconds=1)
    with pytest.raises(NotFound):
        invitations.look(secret)
    with pytest.raises(NotFound):
        invitations.accept(secret, "Gail", PASSWORD)


def test_a_link_is_dead_after_another_was_sent(invitations, ground, house, mailbox, clock):
    user = invitations.invite(house.admin, GUEST, Role.VIEWER)
    first = link(ground, mailbox)
    clock.move(days=30)
    assert invitations.again(house.owner, user.id).email == GUEST
    second = link(ground, mailbox)
    with pytest.raises(NotFound):
        invitations.look(first)
    assert invitations.accept(second, "Gail", PASSWORD).id == user.id
    with pytest.raises(NotFound):
        invitations.again(house.owner, user.id)


def test_a_link_is_dead_after_the_user_was_removed(invitations, users, ground, house, mailbox):
    user = invitations.invite(house.admin, GUEST, Role.VIEWER)
    secret = link(ground, mailbox)
    users.remove(house.admin, user.id)
    with pytest.raises(NotFound):
        invitations.accept(secret, "Gail", PASSWORD)
    with pytest.raises(NotFound):
        invitations.again(house.admin, user.id)
    assert invitations.invite(house.admin, GUEST, Role.VIEWER).id != user.id
    with pytest.raises(NotFound):
        invitations.look(secret)


def test_the_role_of_an_invitation_is_what_it_is_when_it_is_accepted(
    invitations, users, ground, house, mailbox
):
    user = invitations.invite(house.owner, GUEST, Role.ADMIN)
    users.set_role(house.owner, user.id, Role.VIEWER)
    assert invitations.accept(link(ground, mailbox), "Gail", PASSWORD).role is Role.VIEWER


def test_who_has_not_accepted_is_neither_enabled_nor_disabled(invitations, users, house):
    user = invitations.invite(house.owner, GUEST, Role.ADMIN)
    for state in (UserState.ACTIVE, UserState.DISABLED):
        with pytest.raises(InvalidInput, match="not accepted"):
            users.set_state(house.owner, user.id, state)


def test_who_is_only_invited_as_an_owner_is_none_yet(invitations, users, ground, house, mailbox):
    user = invitations.invite(house.owner, GUEST, Role.OWNER)
    with ground.store.reading() as work:
        assert work.users.count(house.tenant_id, Role.OWNER) == 1
    invitations.accept(link(ground, mailbox), "Gail", PASSWORD)
    users.set_role(house.owner, user.id, Role.ADMIN)


def test_nobody_invites_above_their_role(invitations, house):
    with pytest.raises(NotAllowed, match="your role is admin"):
        invitations.invite(house.admin, GUEST, Role.OWNER)
    for actor in (house.operator, house.viewer):
        with pytest.raises(NotAllowed, match="this takes admin"):
            invitations.invite(actor, GUEST, Role.VIEWER)
        with pytest.raises(NotAllowed, match="this takes admin"):
            invitations.again(actor, house.viewer.user_id)
    user = invitations.invite(house.owner, GUEST, Role.OWNER)
    with pytest.raises(NotAllowed, match="your role is admin"):
        invitations.again(house.admin, user.id)


def test_an_invitation_of_another_tenant_is_as_one_that_never_was(invitations, house, other):
    user = invitations.invite(other.admin, GUEST, Role.VIEWER)
    for user_id in (user.id, "f" * 32, house.viewer.user_id):
        with pytest.raises(NotFound, match="no such invitation"):
            invitations.again(house.admin, user_id)


def test_in_one_tenant_nobody_is_invited_twice_or_once_they_are_there(invitations, house):
    invitations.invite(house.admin, GUEST, Role.VIEWER)
    with pytest.raises(AlreadyThere, match="invited already"):
        invitations.invite(house.owner, GUEST.upper(), Role.VIEWER)
    with pytest.raises(AlreadyThere, match="see the list of users"):
        invitations.invite(house.admin, House.email(Role.VIEWER), Role.VIEWER)


def test_the_inviter_does_not_learn_who_has_an_account_elsewhere(
    invitations, users, ground, house, other, mailbox
):
    """Same answer, same list, same log; only the letter tells, and only its reader."""
    known = House.email(Role.OPERATOR, "second")
    shown = [invitations.invite(house.admin, email, Role.VIEWER) for email in (known, GUEST)]
    ground.background.flush()
    assert [user.email for user in shown] == [known, GUEST]
    listed = {user.email: user for user in users.page(house.admin).items}
    for user in shown:
        assert listed[user.email] == user
        assert (user.state, user.full_name, user.password_hash) == (UserState.UNVERIFIED, "", "")
    with ground.store.reading() as work:
        entries = list(work.audit.entries(house.tenant_id))[-2:]
        codes = [work.codes.latest(house.tenant_id, u.id, CodePurpose.INVITATION) for u in shown]
    assert [set(entry.details) for entry in entries] == [{"user_id", "role"}] * 2
    assert [code.attempts_left for code in codes] == [1, 1]

    letter = mailbox.last(known).text
    assert "You have an account with this e-mail address already" in letter
    assert "vvl_" not in letter
    again = invitations.again(house.admin, shown[0].id)
    assert again == shown[0]


def test_who_deletes_the_other_account_can_be_invited_again(
    invitations, users, ground, house, other, mailbox
):
    known = House.email(Role.OPERATOR, "second")
    user = invitations.invite(house.admin, known, Role.VIEWER)
    users.remove(other.admin, other.operator.user_id)
    invitations.again(house.admin, user.id)
    assert invitations.accept(link(ground, mailbox, known), "Gail", PASSWORD).email == known


def test_two_tenants_may_invite_the_same_person_and_one_gets_them(
    invitations, ground, house, other, mailbox
):
    secrets = []
    for actor in (house.admin, other.admin):
        invitations.invite(actor, GUEST, Role.VIEWER)
        secrets.append(link(ground, mailbox))
    assert [invitations.look(secret).organisation for secret in secrets] == ["first", "second"]
    assert invitations.accept(secrets[1], "Gail", PASSWORD).tenant_id == other.tenant_id
    with pytest.raises(AlreadyThere, match="an account with this address by now"):
        invitations.accept(secrets[0], "Gail", PASSWORD)
    assert by_email(ground, GUEST).tenant_id == other.tenant_id


def test_who_only_claims_an_address_does_not_keep_its_reader_out(
    invitations, ground, house, mailbox
):
    """Somebody registered with it and never typed the code; the reader of the mail comes in."""
    now = ground.clock()
    with ground.store.work() as work:
        claim = work.tenants.add("claim", now).id
        work.users.add(claim, GUEST, "Mallory", "argon", Role.OWNER, now)
    invitations.invite(house.admin, GUEST, Role.VIEWER)
    joined = invitations.accept(link(ground, mailbox), "Gail", PASSWORD)
    assert by_email(ground, GUEST).id == joined.id
    with ground.store.reading() as work:
        assert work.tenants.find(claim) is None


def test_a_weak_password_leaves_the_invitation_open(invitations, ground, house, mailbox):
    invitations.invite(house.admin, GUEST, Role.VIEWER)
    secret = link(ground, mailbox)
    for name, password in (("Gail", "short"), ("Gail", "guest@elsewhere"), ("", PASSWORD)):
        with pytest.raises(InvalidInput):
            invitations.accept(secret, name, password)
    with pytest.raises(WeakPassword):
        invitations.accept(secret, "Gail", "x" * 300)
    assert invitations.accept(secret, "Gail", PASSWORD)


def test_letters_to_one_address_are_limited(invitations, house, other):
    user = invitations.invite(house.admin, GUEST, Role.VIEWER)
    for _ in range(4):
        invitations.again(house.admin, user.id)
    with pytest.raises(TooManyRequests):
        invitations.again(house.admin, user.id)
    with pytest.raises(TooManyRequests):
        invitations.invite(other.admin, GUEST, Role.VIEWER)


def test_a_tenant_invites_only_so_many_who_do_not_come(invitations, house, other, monkeypatch):
    monkeypatch.setattr(module, "MOST_WAITING", 2)
    for number in range(2):
        invitations.invite(house.admin, f"{number}@elsewhere.example", Role.VIEWER)
    with pytest.raises(InvalidInput, match="waiting to be accepted"):
        invitations.invite(house.admin, GUEST, Role.VIEWER)
    invitations.invite(other.admin, GUEST, Role.VIEWER)


def test_what_is_no_address_is_refused(invitations, house):
    for text in ("", "nobody", "a@b@c", f"{house.tenant_id}:x@y.example", "x" * 300 + "@y.example"):
        with pytest.raises(InvalidInput):
            invitations.invite(house.admin, text, Role.VIEWER)


def test_no_other_secret_opens_an_invitation(invitations, ground, house, mailbox):
    one = invitations.invite(house.admin, GUEST, Role.VIEWER)
    secret = link(ground, mailbox)
    two = invitations.invite(house.admin, "other@elsewhere.example", Role.ADMIN)
    proof, tenant_id, user_id = secret.split(".")
    assert user_id == one.id

    @settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(
        st.text(max_size=300)
        | st.sampled_from(
            [
                *(proof, f"{proof}.{tenant_id}", f"{proof}.{tenant_id}.{two.id}", f"{secret}.x"),
                *(f"{proof}.{user_id}.{tenant_id}", f" {secret}", f"{secret}\n", secret.upper()),
                *(f"{proof}.{tenant_id}.{house.viewer.user_id}", "", "vvl_", f"{proof}\0.{secret}"),
            ]
        )
    )
    def refused(text):
        with pytest.raises(NotFound):
            invitations.look(text)

    refused()
    assert invitations.look(secret).email == GUEST


def test_nothing_secret_is_stored_or_shown(invitations, ground, house, mailbox):
    user = invitations.invite(house.admin, GUEST, Role.VIEWER)
    secret = link(ground, mailbox)
    with ground.store.reading() as work:
        code = work.codes.latest(house.tenant_id, user.id, CodePurpose.INVITATION)
    assert secret.split(".")[0] not in code.code_hash
    assert GUEST not in repr((user, invitations.look(secret)))
