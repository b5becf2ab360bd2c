"""The own account: seen, renamed, moved to another address, left."""

import pytest

from tests.usecases.conftest import PASSWORD, House
from visavis.core.errors import InvalidInput, NotAllowed
from visavis.core.roles import Role
from visavis.credentials.roles import Permission
from visavis.store.blobs.files import FileBlobs
from visavis.store.errors import AlreadyThere
from visavis.store.kinds import CodePurpose, UserState
from visavis.throttle.errors import TooManyRequests
from visavis.usecases.actor import Actor
from visavis.usecases.errors import LogInNeeded
from visavis.usecases.invitations import Invitations
from visavis.usecases.profile import Profile
from visavis.usecases.tenants import Tenants
from visavis.usecases.users import Users

NEW = "new@place.example"
WRONG = "not the password at all"


@pytest.fixture
def given():
    return {"throttle": {"login": "100 per minute"}}


@pytest.fixture
def profile(ground, tmp_path):
    return Profile(ground, Tenants(ground, FileBlobs(tmp_path / "blobs")))


def program(house, *scopes):
    ids = house.tenant_id, house.owner.user_id
    return Actor(*ids, Role.OWNER, frozenset(scopes), key_id="k" * 32, is_host=True)


def stored(ground, actor):
    with ground.store.reading() as work:
        return work.users.find(actor.tenant_id, actor.user_id)


def actions(ground, tenant_id):
    with ground.store.reading() as work:
        return [entry.action for entry in work.audit.entries(tenant_id)]


def letters(ground, mailbox, to):
    ground.background.flush()
    return [letter.subject for letter in mailbox.letters if letter.to == to]


def code_in(ground, mailbox, to=NEW):
    ground.background.flush()
    return mailbox.code(to)


def wrong(code):
    return f"{(int(code) + 1) % 10**6:06d}"


def test_everybody_sees_who_they_are(profile, house, other):
    me = profile.read(house.viewer)
    assert (me.user_id, me.email) == (house.viewer.user_id, House.email(Role.VIEWER))
    assert (me.role, me.organisation, me.is_host) == (Role.VIEWER, "first", True)
    assert me.permissions == house.viewer.permissions
    assert (me.second_factor, me.last_login_at) == (False, None)
    assert profile.read(other.owner).organisation == "second"
    assert not profile.read(other.owner).is_host
    assert me.email not in repr(me)


def test_a_program_sees_what_it_may_do(profile, house):
    assert profile.read(program(house, Permission.ANALYSE)).permissions == {Permission.ANALYSE}


def test_a_name_is_changed(profile, ground, house):
    profile.rename(house.viewer, " Vi  \tViewer\n")
    assert stored(ground, house.viewer).full_name == "Vi Viewer"
    assert actions(ground, house.tenant_id)[-1] == "user.renamed"
    for name in ("", "x" * 201, "a\0b"):
        with pytest.raises(InvalidInput, match="name"):
            profile.rename(house.viewer, name)


def test_programs_change_nothing_of_an_account(profile, house):
    actor = program(house, *Permission)
    for ask in (
        lambda: profile.rename(actor, "X"),
        lambda: profile.ask_new_email(actor, PASSWORD, NEW),
        lambda: profile.confirm_new_email(actor, "000000"),
        lambda: profile.delete(actor, PASSWORD),
    ):
        with pytest.raises(NotAllowed, match="cannot be done with an API key"):
            ask()


def test_an_address_is_changed_by_a_code_sent_to_it(profile, ground, house, mailbox):
    profile.ask_new_email(house.viewer, PASSWORD, " New@Place.EXAMPLE")
    old = House.email(Role.VIEWER)
    assert stored(ground, house.viewer).email == old
    code = code_in(ground, mailbox)
    assert letters(ground, mailbox, old) == []
    profile.confirm_new_email(house.viewer, f" {code[:3]}-{code[3:]} ")
    assert stored(ground, house.viewer).email == NEW
    assert letters(ground, mailbox, old) == ["Your account has another e-mail address now"]
    assert NEW not in mailbox.last(old).text
    assert actions(ground, house.tenant_id)[-1] == "user.email_changed"
    with pytest.raises(InvalidInput, match="wrong or too old"):
        profile.confirm_new_email(house.viewer, code)


def test_a_code_is_only_for_whoever_asked(profile, ground, house, mailbox):
    profile.ask_new_email(house.viewer, PASSWORD, NEW)
    with pytest.raises(InvalidInput):
        profile.confirm_new_email(house.operator, code_in(ground, mailbox))


def test_a_code_allows_five_tries(profile, ground, house, mailbox):
    profile.ask_new_email(house.viewer, PASSWORD, NEW)
    code = code_in(ground, mailbox)
    for _ in range(5):
        with pytest.raises(InvalidInput):
            profile.confirm_new_email(house.viewer, wrong(code))
    with pytest.raises(InvalidInput):
        profile.confirm_new_email(house.viewer, code)


def test_a_code_works_for_ten_minutes(profile, ground, house, mailbox, clock):
    profile.ask_new_email(house.viewer, PASSWORD, NEW)
    code = code_in(ground, mailbox)
    clock.move(minutes=10)
    with pytest.raises(InvalidInput):
        profile.confirm_new_email(house.viewer, code)


def test_another_code_is_sent_after_a_while_and_ends_the_one_before(
    profile, ground, house, mailbox, clock
):
    profile.ask_new_email(house.viewer, PASSWORD, NEW)
    first = code_in(ground, mailbox)
    clock.move(seconds=50)
    with pytest.raises(TooManyRequests) as told:
        profile.ask_new_email(house.viewer, PASSWORD, "third@place.example")
    assert told.value.retry_after_s == 10
    clock.move(seconds=10)
    profile.ask_new_email(house.viewer, PASSWORD, "third@place.example")
    second = code_in(ground, mailbox, "third@place.example")
    if first != second:
        with pytest.raises(InvalidInput):
            profile.confirm_new_email(house.viewer, first)
    profile.confirm_new_email(house.viewer, second)
    assert stored(ground, house.viewer).email == "third@place.example"


def test_letters_are_limited_by_user_and_by_address(profile, ground, house, clock):
    for number in range(5):
        profile.ask_new_email(house.viewer, PASSWORD, f"{number}@place.example")
        clock.move(minutes=1)
    with pytest.raises(TooManyRequests):
        profile.ask_new_email(house.viewer, PASSWORD, NEW)
    for actor in (house.owner, house.admin, house.operator):
        profile.ask_new_email(actor, PASSWORD, NEW)


def test_a_taken_address_is_answered_the_same_and_told_to_its_owner(
    profile, ground, house, other, mailbox, clock
):
    """Row, cool-down, tries and words are the same; only the letter differs."""
    taken = House.email(Role.OWNER, "second")
    rows = []
    for actor, email in ((house.viewer, taken), (house.operator, NEW)):
        assert profile.ask_new_email(actor, PASSWORD, email) is None
        with pytest.raises(TooManyRequests):
            profile.ask_new_email(actor, PASSWORD, "third@place.example")
        with pytest.raises(InvalidInput) as told:
            profile.confirm_new_email(actor, "x")
        with ground.store.reading() as work:
            row = work.codes.latest(actor.tenant_id, actor.user_id, CodePurpose.CHANGE_EMAIL)
        rows.append((str(told.value), row.attempts_left, row.expires_at, row.created_at))
    assert rows[0] == rows[1]
    assert letters(ground, mailbox, taken) == ["You have an account at Visavis"]
    assert "000000" not in mailbox.last(taken).text
    assert letters(ground, mailbox, NEW) == ["Your code for a new e-mail address at Visavis"]
    assert stored(ground, other.owner).email == taken


def test_an_address_that_was_taken_meanwhile_is_not_taken_over(
    profile, ground, house, other, mailbox
):
    for actor in (house.viewer, other.viewer):
        profile.ask_new_email(actor, PASSWORD, NEW)
    ground.background.flush()
    *_, first, second = [letter for letter in mailbox.letters if letter.to == NEW]
    codes = [next(line.strip() for line in m.text.splitlines() if line.strip().isdigit())
             for m in (first, second)]  # fmt: skip
    profile.confirm_new_email(other.viewer, codes[1])
    with pytest.raises(AlreadyThere, match="by now"):
        profile.confirm_new_email(house.viewer, codes[0])
    assert stored(ground, other.viewer).email == NEW
    assert stored(ground, house.viewer).email == House.email(Role.VIEWER)


def test_an_address_that_somebody_only_claimed_goes_to_its_reader(profile, ground, house, mailbox):
    with ground.store.work() as work:
        claim = work.tenants.add("claim", ground.clock()).id
        work.users.add(claim, NEW, "Mallory", "argon", Role.OWNER, ground.clock())
    profile.ask_new_email(house.viewer, PASSWORD, NEW)
    profile.confirm_new_email(house.viewer, code_in(ground, mailbox))
    assert stored(ground, house.viewer).email == NEW


def test_a_code_for_a_new_password_dies_with_the_old_address(profile, ground, house, mailbox):
    ids, now = (house.tenant_id, house.viewer.user_id), ground.clock()
    with ground.store.work() as work:
        work.codes.add(*ids, CodePurpose.RESET_PASSWORD, "h", "old@x", 5, now.replace(day=22), now)
    profile.ask_new_email(house.viewer, PASSWORD, NEW)
    profile.confirm_new_email(house.viewer, code_in(ground, mailbox))
    with ground.store.reading() as work:
        assert work.codes.latest(*ids, CodePurpose.RESET_PASSWORD) is None


def test_the_password_is_asked_for_again(profile, ground, house, mailbox):
    for ask in (
        lambda: profile.ask_new_email(house.viewer, WRONG, NEW),
        lambda: profile.delete(house.viewer, WRONG),
    ):
        with pytest.raises(NotAllowed, match="the password is wrong"):
            ask()
    ground.background.flush()
    assert mailbox.letters == []
    assert stored(ground, house.viewer)


def test_what_is_no_new_address_is_refused(profile, house):
    for email in ("nobody", "", f" {House.email(Role.VIEWER).upper()}"):
        with pytest.raises(InvalidInput, match="address"):
            profile.ask_new_email(house.viewer, PASSWORD, email)


def test_who_leaves_is_gone(profile, ground, house):
    profile.delete(house.admin, PASSWORD)
    assert stored(ground, house.admin) is None
    assert actions(ground, house.tenant_id)[-1] == "user.left"
    for ask in (
        lambda: profile.read(house.admin),
        lambda: profile.rename(house.admin, "X"),
        lambda: profile.confirm_new_email(house.admin, "000000"),
        lambda: profile.delete(house.admin, PASSWORD),
    ):
        with pytest.raises(LogInNeeded):
            ask()


def test_the_last_owner_hands_over_before_leaving(profile, ground, house):
    with pytest.raises(NotAllowed, match="you are the last owner"):
        profile.delete(house.owner, PASSWORD)
    Users(ground).set_role(house.owner, house.admin.user_id, Role.OWNER)
    profile.delete(house.owner, PASSWORD)
    with ground.store.reading() as work:
        assert work.users.count(house.tenant_id, Role.OWNER) == 1


def test_a_disabled_user_is_somebody_to_hand_over_to(profile, ground, house):
    users = Users(ground)
    for actor in (house.viewer, house.operator):
        users.remove(house.owner, actor.user_id)
    users.set_state(house.owner, house.admin.user_id, UserState.DISABLED)
    with pytest.raises(NotAllowed, match="you are the last owner"):
        profile.delete(house.owner, PASSWORD)


def test_who_was_alone_takes_the_tenant_along(profile, ground, house, other):
    users = Users(ground)
    for actor in (other.viewer, other.operator, other.admin):
        users.remove(other.owner, actor.user_id)
    Invitations(ground).invite(other.owner, "guest@elsewhere.example", Role.ADMIN)
    profile.delete(other.owner, PASSWORD)
    with ground.store.reading() as work:
        assert work.tenants.find(other.tenant_id) is None
        assert work.users.find_by_email(House.email(Role.OWNER, "second")) is None
    assert actions(ground, house.tenant_id)[-1] == "tenant.deleted"


def test_who_runs_the_server_alone_stays_while_others_are_on_it(profile, ground, house, other):
    users = Users(ground)
    for actor in (house.viewer, house.operator, house.admin):
        users.remove(house.owner, actor.user_id)
    with pytest.raises(NotAllowed, match="your organisation runs this server"):
        profile.delete(house.owner, PASSWORD)
    assert stored(ground, house.owner)
