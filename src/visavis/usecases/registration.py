"""Registration: somebody makes an account, and with it a tenant of their own.

An account counts once a code that was sent to its address was typed in; until then it holds the
address for a day. Whether there is an account is told in the letter only, never by the answer.

Somebody may register with another's address and hope that they confirm it, with a password that
only the first one knows. So when two register with one address before it is confirmed, neither
password counts: who reads the letters chooses a new one.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from visavis.core.errors import InvalidInput, NotAllowed
from visavis.core.roles import Role
from visavis.credentials.passwords import check_new_password, check_password, hash_password
from visavis.mail import letters
from visavis.store.kinds import CodePurpose, UserState
from visavis.store.users import User
from visavis.store.work import Work
from visavis.throttle.throttle import Kind
from visavis.usecases.addresses import make_room
from visavis.usecases.ground import Ground
from visavis.usecases.log_in_tries import admit
from visavis.usecases.mail_codes import new_mail_code, redeem, wait_s
from visavis.usecases.names import one_line
from visavis.usecases.set_up import is_fresh

HELD_FOR = timedelta(days=1)
"""How long an address that was not confirmed is kept from others."""

WRONG_CODE = "the code is wrong or has expired; check it, or ask for a new one"

_CLOSED = "nobody can register here; ask an admin of your organisation for an invitation"
_FRESH = "this server is not set up yet; open the link that it printed when it started"


@dataclass(frozen=True, slots=True)
class _Wanted:
    """The account to make."""

    email: str = field(repr=False)
    full_name: str = field(repr=False)
    organisation: str = field(repr=False)
    password: str = field(repr=False)
    password_hash: str = field(repr=False)


class Registration:
    """Makes accounts of those who ask for one; safe to use from several threads.

    Args:
        ground: Of the deployment.
    """

    def __init__(self, ground: Ground) -> None:
        self._ground = ground

    @property
    def is_open(self) -> bool:
        """Whether anybody may register."""
        return not self._why_closed()

    def register(
        self,
        email: str,
        full_name: str,
        password: str,
        *,
        address: str = "",
        organisation: str = "",
    ) -> None:
        """Make an account that waits for its code, and send that.

        Whoever has an account gets a letter that says so; the answer is the same.

        Args:
            email: As typed.
            full_name: As typed.
            password: That they choose.
            address: Where the request comes from; empty = from this machine's own programs.
            organisation: Name of their tenant; empty = as they themselves.

        Raises:
            NotAllowed: nobody may register here.
            WeakPassword: the password would be guessed soon.
            InvalidInput: address or name cannot be used.
            TooManyRequests: there were too many tries.
        """
        if closed := self._why_closed():
            raise NotAllowed(closed)
        known_as = admit(self._ground, Kind.MAIL, email, address)
        name = one_line(full_name, "user")
        team = one_line(organisation, "organisation") if organisation.strip() else name
        check_new_password(password, known_as, name, self._ground.settings.accounts.min_password)
        wanted = _Wanted(known_as, name, team, password, hash_password(password))
        self._ground.background.do("registration", lambda: self._register(wanted))

    def confirm(self, email: str, code: str, *, address: str = "") -> None:
        """Let an account count, with the code that was sent to its address.

        Raises:
            InvalidInput: the code is not good, for whatever reason.
            TooManyRequests: there were too many tries.
        """
        known_as = admit(self._ground, Kind.LOGIN, email, address)
        if not self._ground.store.run(lambda work: self._confirm(work, known_as, code)):
            raise InvalidInput(WRONG_CODE)

    def resend(self, email: str, *, address: str = "") -> None:
        """Send another code, where an account waits for one.

        Raises:
            TooManyRequests: there were too many letters.
            InvalidInput: it is no e-mail address.
        """
        known_as = admit(self._ground, Kind.MAIL, email, address)
        self._ground.background.do(
            "code.verify_email", lambda: send_verification(self._ground, known_as)
        )

    def _why_closed(self) -> str:
        if not self._ground.settings.accounts.open_registration:
            return _CLOSED
        with self._ground.store.reading() as work:  # the first tenant runs the deployment
            return _FRESH if is_fresh(work) else ""

    def _register(self, wanted: _Wanted) -> None:
        """Do what depends on who has the address."""
        ground = self._ground
        with ground.store.reading() as work:
            seen = work.users.find_by_email(wanted.email)
        waits = seen is not None and seen.state is UserState.UNVERIFIED
        again = waits and check_password(wanted.password, seen.password_hash if seen else None)
        if ground.store.run(lambda work: self._place(work, wanted, seen, again)):
            send_verification(ground, wanted.email)
        else:
            ground.send(letters.already_registered(wanted.email, ground.foot))

    def _place(self, work: Work, wanted: _Wanted, seen: User | None, again: bool) -> bool:
        """Make the account where there is room; return whether it waits for its code."""
        now = self._ground.clock()
        user = work.users.find_by_email(wanted.email)
        if user is not None and user.state is not UserState.UNVERIFIED:
            return False
        if user is not None and now - user.created_at < HELD_FOR:
            if again and seen and seen.id == user.id:
                return True
            _take_password_away(work, user, now)
            return False
        make_room(work, wanted.email)
        if user is not None:
            self._ground.keyring.forget(user.tenant_id)
        self._make(work, wanted, now)
        return True

    def _make(self, work: Work, wanted: _Wanted, now: datetime) -> None:
        tenant = work.tenants.add(wanted.organisation, now)
        user = work.users.add(
            tenant.id, wanted.email, wanted.full_name, wanted.password_hash, Role.OWNER, now
        )
        self._ground.audit.note(work, tenant.id, user.id, "tenant.created", now)

    def _confirm(self, work: Work, known_as: str, typed: str) -> bool:
        now = self._ground.clock()
        user = work.users.find_by_email(known_as)
        waits = user is not None and user.state is UserState.UNVERIFIED
        purpose = CodePurpose.VERIFY_EMAIL
        if user is None or not waits or not redeem(self._ground, work, user, purpose, typed, now):
            work.tenants.pretend(now)
            return False
        make_active(self._ground, work, user, now)
        return True


def make_active(ground: Ground, work: Work, user: User, now: datetime) -> None:
    """Let a user log in who has shown that the address is theirs; the last act of a unit."""
    work.codes.drop(user.tenant_id, user.id, CodePurpose.VERIFY_EMAIL)
    work.users.set_state(user.tenant_id, user.id, UserState.ACTIVE)
    details = {"user_id": user.id}
    ground.audit.note(work, user.tenant_id, user.id, "user.confirmed", now, details=details)


def send_verification(ground: Ground, email: str) -> None:
    """Send a code to an address whose account waits for one, unless one has just been sent.

    It takes a while and its time tells who has an account; so it is done in the background.
    """

    def make(work: Work) -> str | None:
        now, purpose = ground.clock(), CodePurpose.VERIFY_EMAIL
        user = work.users.find_by_email(email)
        if user is None or user.state is not UserState.UNVERIFIED:
            return None
        if wait_s(ground, work, user, purpose, now):
            return None
        return new_mail_code(ground, work, user, purpose, email, now)

    if code := ground.store.run(make):
        minutes = ground.settings.accounts.code_minutes
        ground.send(letters.verification_code(email, code, minutes, ground.foot))


def _take_password_away(work: Work, user: User, now: datetime) -> None:
    """Let neither of two who registered with one address in, until a letter was answered."""
    work.codes.drop(user.tenant_id, user.id, CodePurpose.VERIFY_EMAIL)
    work.users.set_password(user.tenant_id, user.id, "", now)
