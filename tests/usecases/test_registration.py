"""Registering: who shows that an address is theirs gets an account; nobody learns who has one."""

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import given as each
from hypothesis import strategies as st

from tests.usecases.conftest import PASSWORD, House, make_house
from tests.usecases.signing_in import GUEST, NEW, UNCOUNTED, come_in, user_of
from visavis.core.errors import InvalidInput, NotAllowed
from visavis.core.roles import Role
from visavis.credentials.errors import WeakPassword
from visavis.store.kinds import CodePurpose, UserState
from visavis.throttle.errors import TooManyRequests
from visavis.usecases.callers import Callers
from visavis.usecases.errors import LogInRefused
from visavis.usecases.invitations import Invitations
from visavis.usecases.passwords import Passwords
from visavis.usecases.registration import Registration
from visavis.usecases.sign_in import SignIn

REFUSED = "wrong or has expired"


@pytest.fixture
def given(request):
    if "closed" in request.node.name:
        return {}
    counted = "counted" in request.node.name
    return {"accounts": {"open_registration": True}} | ({} if counted else {"throttle": UNCOUNTED})


@pytest.fixture
def registration(ground, house):
    return Registration(ground)


@pytest.fixture
def sign_in(ground):
    return SignIn(ground, Callers(ground))


@pytest.fixture
def register(ground, registration):
    """Give a function that registers and waits for what follows."""

    def act(email=GUEST, password=PASSWORD, name="Ann Lee", **more):
        registration.register(email, name, password, **more)
        ground.background.flush()

    return act


def test_an_account_counts_once_its_code_was_typed_in(
    ground, house, registration, register, sign_in, mailbox, clock
):
    clock.move(seconds=1)  # the first tenant that was made runs the deployment
    register(" Guest@Elsewhere.EXAMPLE", organisation=" The  Shop ")
    user = user_of(ground, GUEST)
    assert (user.state, user.role, user.full_name) == (UserState.UNVERIFIED, Role.OWNER, "Ann Lee")
    with pytest.raises(LogInRefused):
        sign_in.log_in(GUEST, PASSWORD)
    code = mailbox.code(GUEST)
    registration.confirm(GUEST.upper(), f" {code[:3]} {code[3:]}")
    actor = come_in(ground, sign_in.log_in(GUEST, PASSWORD).access_token)
    assert (actor.role, actor.is_host) == (Role.OWNER, False)
    assert actor.tenant_id != house.tenant_id
    with ground.store.reading() as work:
        tenant = work.tenants.find(actor.tenant_id)
        entries = [entry.action for entry in work.audit.entries(actor.tenant_id)]
    assert tenant
    assert tenant.name == "The Shop"
    assert entries == ["tenant.created", "user.confirmed", "session.started"]
    assert ground.audit.verify(ground.store, actor.tenant_id) == []


def test_where_it_is_closed_nobody_registers(ground, house, registration, mailbox):
    assert not registration.is_open
    with pytest.raises(NotAllowed, match="ask an admin of your organisation for an invitation"):
        registration.register(GUEST, "Ann Lee", PASSWORD)


def test_nobody_registers_before_the_server_is_set_up(ground):
    registration = Registration(ground)
    assert not registration.is_open
    with pytest.raises(NotAllowed, match="not set up yet"):
        registration.register(GUEST, "Ann Lee", PASSWORD)
    make_house(ground)
    assert registration.is_open


@pytest.mark.parametrize(
    ("email", "name", "password", "error"),
    [
        ("no address", "Ann", PASSWORD, InvalidInput),
        (GUEST, "", PASSWORD, InvalidInput),
        (GUEST, "A\x00n", PASSWORD, InvalidInput),
        (GUEST, "A" * 201, PASSWORD, InvalidInput),
        (GUEST, "Ann", "short", WeakPassword),
        (GUEST, "Ann", "guest elsewhere", WeakPassword),
        (GUEST, "Ann", "a" * 257, WeakPassword),
    ],
)
def test_what_cannot_be_used_is_refused_before_anything_is_done(
    ground, registration, email, name, password, error, mailbox
):
    with pytest.raises(error):
        registration.register(email, name, password)
    ground.background.flush()
    assert mailbox.letters == []
    with ground.store.reading() as work:
        assert work.users.find_by_email(GUEST) is None


def test_who_has_an_account_gets_a_letter_that_says_so(ground, house, register, mailbox):
    email = House.email(Role.VIEWER)
    before = user_of(ground, email)
    register(email, NEW)
    assert "You have an account already" in mailbox.last(email).text
    assert user_of(ground, email) == before


def test_five_wrong_codes_and_the_right_one_is_dead(registration, register, mailbox):
    register()
    code = mailbox.code(GUEST)
    wrong = f"{(int(code) + 1) % 10**6:06}"
    for typed in [wrong] * 5 + [code]:
        with pytest.raises(InvalidInput, match=REFUSED):
            registration.confirm(GUEST, typed)


def test_four_wrong_codes_do_not_matter(registration, register, mailbox, sign_in):
    register()
    code = mailbox.code(GUEST)
    for _ in range(4):
        with pytest.raises(InvalidInput, match=REFUSED):
            registration.confirm(GUEST, f"{(int(code) + 1) % 10**6:06}")
    registration.confirm(GUEST, code)
    with pytest.raises(InvalidInput, match=REFUSED):  # and it works once
        registration.confirm(GUEST, code)


def test_a_code_expires(registration, register, mailbox, clock):
    register()
    clock.move(minutes=10)
    with pytest.raises(InvalidInput, match=REFUSED):
        registration.confirm(GUEST, mailbox.code(GUEST))


def test_a_code_is_worth_nothing_for_somebody_else(ground, registration, register, mailbox):
    register()
    register(f"b.{GUEST}")
    if mailbox.code(GUEST) != mailbox.code(f"b.{GUEST}"):
        with pytest.raises(InvalidInput, match=REFUSED):
            registration.confirm(GUEST, mailbox.code(f"b.{GUEST}"))
    with pytest.raises(InvalidInput, match=REFUSED):
        registration.confirm("nobody@elsewhere.example", mailbox.code(GUEST))
    with ground.store.work() as work:  # not even where somebody moves its row
        ann, bob = (work.users.find_by_email(email) for email in (GUEST, f"b.{GUEST}"))
        row = work.codes.latest(bob.tenant_id, bob.id, CodePurpose.VERIFY_EMAIL)
        times = row.expires_at, row.created_at
        work.codes.add(ann.tenant_id, ann.id, row.purpose, row.code_hash, GUEST, 5, *times)
    with pytest.raises(InvalidInput, match=REFUSED):
        registration.confirm(GUEST, mailbox.code(f"b.{GUEST}"))


def test_a_code_of_another_purpose_confirms_nothing(ground, registration, register, mailbox):
    register()
    Passwords(ground).forgot(GUEST)
    ground.background.flush()
    with pytest.raises(InvalidInput, match=REFUSED):
        registration.confirm(GUEST, mailbox.code(GUEST))


def test_another_code_is_sent_after_a_while_and_the_one_before_is_dead(
    ground, registration, register, mailbox, clock
):
    register()
    first = mailbox.code(GUEST)
    registration.resend(GUEST)
    ground.background.flush()
    assert len(mailbox.letters) == 1
    clock.move(seconds=60)
    registration.resend(GUEST.upper())
    ground.background.flush()
    assert len(mailbox.letters) == 2
    if first != mailbox.code(GUEST):
        with pytest.raises(InvalidInput, match=REFUSED):
            registration.confirm(GUEST, first)
    registration.confirm(GUEST, mailbox.code(GUEST))


def test_nobody_gets_a_code_who_does_not_wait_for_one(ground, house, registration, mailbox):
    for email in (House.email(Role.OWNER), "nobody@first.example"):
        registration.resend(email)
    ground.background.flush()
    assert mailbox.letters == []


def test_who_logs_in_before_confirming_gets_another_code(ground, register, sign_in, mailbox, clock):
    register()
    clock.move(seconds=60)
    for password, letters in ((NEW, 1), (PASSWORD, 2), (PASSWORD, 2)):
        with pytest.raises(LogInRefused):
            sign_in.log_in(GUEST, password)
        ground.background.flush()
        assert len(mailbox.letters) == letters


def test_letters_are_counted_by_address_whoever_has_it(registration, house):
    for email in (GUEST, House.email(Role.VIEWER)):
        for _ in range(5):
            registration.resend(email)
        for act in (
            lambda email=email: registration.resend(email),
            lambda email=email: registration.register(email, "Ann Lee", PASSWORD),
        ):
            with pytest.raises(TooManyRequests):
                act()


def test_tries_to_confirm_are_counted(registration, house):
    for _ in range(10):
        with pytest.raises(InvalidInput, match=REFUSED):
            registration.confirm(GUEST, "000000")
    with pytest.raises(TooManyRequests):
        registration.confirm(GUEST, "000000")


def test_who_registers_twice_with_the_same_password_is_one_and_the_same(
    ground, registration, register, mailbox, clock
):
    register()
    first = user_of(ground, GUEST)
    register()
    assert len(mailbox.letters) == 1
    clock.move(seconds=60)
    register()
    assert len(mailbox.letters) == 2
    assert user_of(ground, GUEST) == first
    registration.confirm(GUEST, mailbox.code(GUEST))


@pytest.mark.parametrize("first", [PASSWORD, NEW])
def test_of_two_who_claim_an_address_neither_password_counts(
    ground, registration, register, sign_in, mailbox, clock, first
):
    """Else whoever registers others would know the password that they confirm."""
    second = NEW if first == PASSWORD else PASSWORD
    register(password=first)
    code = mailbox.code(GUEST)
    register(password=second)
    assert "You have an account already" in mailbox.last(GUEST).text
    with pytest.raises(InvalidInput, match=REFUSED):
        registration.confirm(GUEST, code)
    clock.move(minutes=5)
    registration.resend(GUEST)
    ground.background.flush()
    registration.confirm(GUEST, mailbox.code(GUEST))
    for password in (first, second, ""):
        with pytest.raises(LogInRefused):
            sign_in.log_in(GUEST, password)
    passwords = Passwords(ground)
    passwords.forgot(GUEST)
    ground.background.flush()
    passwords.reset(GUEST, mailbox.code(GUEST), "what its owner chose then")
    assert sign_in.log_in(GUEST, "what its owner chose then")


def test_an_address_that_nobody_confirms_is_free_after_a_day(
    ground, registration, register, sign_in, mailbox, clock
):
    register()
    old = user_of(ground, GUEST)
    clock.move(hours=24)
    register(password=NEW, name="Bob Lee")
    new = user_of(ground, GUEST)
    assert (new.full_name, new.tenant_id == old.tenant_id) == ("Bob Lee", False)
    with ground.store.reading() as work:
        assert work.tenants.find(old.tenant_id) is None
    registration.confirm(GUEST, mailbox.code(GUEST))
    assert sign_in.log_in(GUEST, NEW)
    clock.move(hours=48)
    register(password=PASSWORD)  # a confirmed one stays
    assert user_of(ground, GUEST).id == new.id


def test_an_invitation_is_no_account_and_loses_nothing(
    ground, house, registration, register, mailbox, clock
):
    invited = Invitations(ground).invite(house.owner, GUEST, Role.VIEWER)
    register()
    registration.confirm(GUEST, mailbox.code(GUEST))
    with ground.store.reading() as work:
        assert work.users.find(house.tenant_id, invited.id)
        assert work.tenants.find(house.tenant_id)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@each(st.lists(st.sampled_from(["register", "resend", "guess", "wait", "spoil"]), max_size=8))
def test_no_way_of_asking_gives_more_than_five_guesses_at_one_code(
    ground, registration, register, mailbox, clock, acts
):
    """Whatever is done between: a code that was guessed at five times is dead."""
    mailbox.letters.clear()
    clock.move(days=2)
    register()
    code, guesses = mailbox.code(GUEST), 0
    for act in acts:
        if act == "register":
            register()
        elif act == "spoil":
            register(password=NEW)
        elif act == "resend":
            registration.resend(GUEST)
            ground.background.flush()
        elif act == "wait":
            clock.move(seconds=20)
        else:
            guesses += 1
            with pytest.raises(InvalidInput, match=REFUSED):
                registration.confirm(GUEST, "wrong")
    if guesses >= 5 and [letter.to for letter in mailbox.letters].count(GUEST) == 1:
        with pytest.raises(InvalidInput, match=REFUSED):
            registration.confirm(GUEST, code)
    with ground.store.reading() as work:
        assert sum(user.email == GUEST for user in work.users.oldest(99)) == 1
