"""The entrance: whether an e-mail address, a password or a face, and a code let somebody in."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import MappingProxyType

from visavis.credentials.passwords import check_password, hash_password, needs_rehash
from visavis.credentials.tokens import hash_secret, new_secret
from visavis.store.kinds import UserState
from visavis.store.sessions import Session
from visavis.store.tables.sessions import LONGEST_AGENT
from visavis.store.users import User
from visavis.store.work import Work
from visavis.throttle.throttle import Kind
from visavis.usecases.errors import LogInRefused, SecondFactorNeeded
from visavis.usecases.ground import Ground
from visavis.usecases.log_in_tries import Proof, Tried, admit, count_failure, settle, tell_locked
from visavis.usecases.registration import send_verification
from visavis.usecases.second_factor import has_second_factor, passes

LONGEST_ADDRESS = 64


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody who logs in sends.

    Attributes:
        email: As typed.
        password: As typed.
        code: Of the second factor; empty where none was asked for yet.
        address: Where the request comes from; empty = from this machine's own programs.
        user_agent: What the program calls itself.
    """

    email: str = field(repr=False)
    password: str = field(repr=False)
    code: str = field(default="", repr=False)
    address: str = ""
    user_agent: str = ""


@dataclass(frozen=True, slots=True)
class Entered:
    """Somebody who is in.

    Attributes:
        user: Who.
        session: Their new session.
        secret: Its first.
    """

    user: User
    session: Session
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What came of a try.

    Attributes:
        user: Whose password or face it was; None where it was nobody's.
        entered: Where they are in.
        tried: Whom it locked.
    """

    user: User | None = None
    entered: Entered | None = None
    tried: Tried = field(default_factory=Tried)


def enter(ground: Ground, asked: Asked, prefix: str) -> Entered:
    """Let somebody in; what the answer must not tell is done alike for all.

    Args:
        ground: Of the deployment.
        asked: What they send.
        prefix: Of the secret that they get.

    Raises:
        LogInRefused: one answer to all that can be wrong.
        SecondFactorNeeded: the password is right; the code is missing or wrong.
        TooManyRequests: there were too many tries from this address or for this account.
        InvalidInput: it is no e-mail address.
    """
    known_as = admit(ground, Kind.LOGIN, asked.email, asked.address)
    with ground.store.reading() as work:
        seen = work.users.find_by_email(known_as)
    fits = check_password(asked.password, seen.password_hash if seen else None)
    entered = enter_as(ground, seen, lambda _work, _user: fits, asked, prefix)
    _rehash(ground, entered.user, asked.password)
    return entered


def enter_as(
    ground: Ground,
    seen: User | None,
    proof: Proof,
    asked: Asked,
    prefix: str,
    told: Mapping[str, str] = MappingProxyType({}),
) -> Entered:
    """Let somebody in whose address was looked up, if what they show is theirs.

    Args:
        ground: Of the deployment.
        seen: Whose address it is; None = nobody's.
        proof: Whether what they show is theirs.
        asked: What they send; of it the code, and where it comes from.
        prefix: Of the secret that they get.
        told: What the audit log is told beside the session.

    Raises:
        LogInRefused, SecondFactorNeeded: as `enter`.
    """
    done = ground.store.run(lambda work: _decide(ground, work, seen, proof, asked, prefix, told))
    tell_locked(ground, done.tried)
    if done.user is None:
        raise LogInRefused
    if done.user.state is not UserState.ACTIVE:
        _remind(ground, done.user)
        raise LogInRefused
    if done.entered is None:
        raise SecondFactorNeeded
    return done.entered


def _decide(
    ground: Ground,
    work: Work,
    seen: User | None,
    proof: Proof,
    asked: Asked,
    prefix: str,
    told: Mapping[str, str],
) -> _Outcome:
    """Count the try; where all is right, begin the session."""
    now = ground.clock()
    tried = settle(ground, work, seen, proof, now)
    user = tried.user
    if user is None:
        return _Outcome(tried=tried)
    if user.state is not UserState.ACTIVE:
        work.tenants.pretend(now)
        return _Outcome(user)
    if has_second_factor(user):
        if not asked.code.strip():
            return _Outcome(user)
        if not passes(ground, work, user, asked.code, now):
            return _Outcome(user, tried=_failed_factor(ground, work, user, now))
    return _Outcome(user, _begin(ground, work, user, asked, prefix, told))


def _failed_factor(ground: Ground, work: Work, user: User, now: datetime) -> Tried:
    tried = count_failure(ground, work, user, now)
    ground.audit.note(work, user.tenant_id, user.id, "second_factor.failed", now)
    return tried


def _begin(
    ground: Ground, work: Work, user: User, asked: Asked, prefix: str, told: Mapping[str, str]
) -> Entered:
    now, secret = ground.clock(), new_secret(prefix)
    work.users.note_login(user.tenant_id, user.id, now)
    session = work.sessions.start(
        user.tenant_id,
        user.id,
        hash_secret(secret),
        session_end(ground, now),
        now,
        _shown(asked.user_agent, LONGEST_AGENT),
        _shown(asked.address, LONGEST_ADDRESS),
    )
    details = {"session_id": session.id, **told}
    ground.audit.note(work, user.tenant_id, user.id, "session.started", now, details=details)
    return Entered(user, session, secret)


def session_end(ground: Ground, now: datetime) -> datetime:
    """Return when a session that was used now ends without another visit."""
    return now + timedelta(days=ground.settings.accounts.session_days)


def _shown(text: str, most: int) -> str:
    """Return a text as it can be kept: programs call themselves all sorts of things."""
    return "".join(filter(str.isprintable, text))[:most]


def _remind(ground: Ground, user: User) -> None:
    """Send the code once more to who has registered and did not type it."""
    if user.state is UserState.UNVERIFIED:
        ground.background.do("code.verify_email", lambda: send_verification(ground, user.email))


def _rehash(ground: Ground, user: User, password: str) -> None:
    """Keep the password under today's parameters; nobody waits for it."""
    if not needs_rehash(user.password_hash):
        return

    def rehash() -> None:
        new, old = hash_password(password), user.password_hash
        ground.store.run(lambda work: work.users.rehash(user.tenant_id, user.id, old, new))

    ground.background.do("password.rehash", rehash)
