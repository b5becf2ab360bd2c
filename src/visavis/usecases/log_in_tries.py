"""Tries to log in: counted by address and account, and answered alike whoever it was.

Who is not there costs what who is there costs: one hash, and one unit that writes. The answers say
nothing either, so nobody learns here who has an account.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from visavis.credentials.lock_out import LockOut, lock_seconds
from visavis.mail import letters
from visavis.mail.addresses import comparable
from visavis.store.users import User
from visavis.store.work import Work
from visavis.throttle.throttle import Kind
from visavis.usecases.actor import SYSTEM
from visavis.usecases.ground import Ground


@dataclass(frozen=True, slots=True)
class Tried:
    """What came of a password or a face.

    Attributes:
        user: Whose it is, as they are now; None where it opens nothing.
        locked: Who was locked by this try; None = nobody.
        until: Until when they are.
    """

    user: User | None = None
    locked: User | None = None
    until: datetime | None = None


def admit(ground: Ground, kind: Kind, email: str, address: str) -> str:
    """Count a try of a network address and of an account, which need not be there.

    Args:
        ground: Of the deployment.
        kind: What the account is counted for; the network address always for logging in.
        email: As typed.
        address: Where the request comes from; empty = from this machine's own programs.

    Returns:
        The e-mail address in the spelling that it is looked up in.

    Raises:
        TooManyRequests: there were too many.
        InvalidInput: it is no e-mail address.
    """
    if address:
        ground.throttle.check(Kind.LOGIN, address)
    known_as = comparable(email)
    ground.throttle.check(kind, known_as)
    return known_as


Proof = Callable[[Work, User], bool]
"""Tells in a unit that holds a user whether what was shown is theirs; it raises nothing."""


def settle(
    ground: Ground,
    work: Work,
    seen: User | None,
    proof: Proof,
    now: datetime,
) -> Tried:
    """Count a password or a face that was compared, and tell whether it opens anything.

    Commit the unit whatever comes of it: one that raises takes the count back.

    Args:
        ground: Of the deployment.
        work: The unit, at its beginning.
        seen: Whose it was compared with, as they were then; None where there is nobody.
        proof: Whether it was the right one.
        now: The time.
    """
    user = work.users.hold(seen.tenant_id, seen.id) if seen else None
    changed = user is None or seen is None or user.password_hash != seen.password_hash
    if user is None or changed or is_locked(user, now):
        work.tenants.pretend(now)
        return Tried()
    return Tried(user) if proof(work, user) else count_failure(ground, work, user, now)


def is_locked(user: User, now: datetime) -> bool:
    """Return whether nobody may log in as this user now."""
    return LockOut(user.failed_logins, user.locked_until).wait_s(now) > 0


def count_failure(ground: Ground, work: Work, user: User, now: datetime) -> Tried:
    """Count a login that failed, and lock the account where there were too many."""
    failures = work.users.note_failure(user.tenant_id, user.id)
    seconds = lock_seconds(failures)
    if not seconds:
        return Tried()
    until = now + timedelta(seconds=seconds)
    work.users.lock(user.tenant_id, user.id, until)
    details = {"user_id": user.id, "failures": failures}
    ground.audit.note(work, user.tenant_id, SYSTEM, "user.locked", now, details=details)
    return Tried(None, user, until)


def tell_locked(ground: Ground, tried: Tried) -> None:
    """Write to who was locked, if anybody was; after the unit."""
    user, until = tried.locked, tried.until
    if user is None or until is None:
        return
    ground.background.do(
        "letter.account_locked",
        lambda: ground.send(letters.account_locked(user.email, until, ground.foot)),
    )
