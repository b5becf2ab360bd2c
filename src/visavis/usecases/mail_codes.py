"""Codes of 6 digits that come by mail: one set of rules, whatever they are good for."""

from datetime import datetime, timedelta

from visavis.credentials.one_time_codes import check_code, hash_code, new_code, seconds_to_wait
from visavis.store.codes import Code
from visavis.store.kinds import CodePurpose
from visavis.store.users import User
from visavis.store.work import Work
from visavis.usecases.ground import Ground


def wait_s(ground: Ground, work: Work, user: User, purpose: CodePurpose, now: datetime) -> int:
    """Return how long until a user may be sent another code, seconds; 0 = now."""
    last = work.codes.latest(user.tenant_id, user.id, purpose)
    return seconds_to_wait(ground.settings.accounts, last.created_at if last else None, now)


def new_mail_code(
    ground: Ground, work: Work, user: User, purpose: CodePurpose, sent_to: str, now: datetime
) -> str:
    """Note a new code for a user and return it; what was sent for that purpose before is dead.

    Args:
        ground: Of the deployment.
        work: The unit; send the letter after it.
        user: Who may use the code.
        purpose: What it is good for.
        sent_to: The address that it goes to.
        now: The time.
    """
    options = ground.settings.accounts
    code = new_code()
    work.codes.add(
        user.tenant_id,
        user.id,
        purpose,
        hash_code(code, _owner(user, purpose), ground.pepper),
        sent_to,
        options.code_attempts,
        now + timedelta(minutes=options.code_minutes),
        now,
    )
    return code


def redeem(
    ground: Ground, work: Work, user: User, purpose: CodePurpose, typed: str, now: datetime
) -> Code | None:
    """Count a try, and use the code up where it fits.

    Commit the unit whatever comes of it: one that raises gives the try back.

    Returns:
        The code that was used up; None where it is wrong, used, too old or tried too often.
    """
    last = work.codes.latest(user.tenant_id, user.id, purpose)
    tried = work.codes.take_attempt(user.tenant_id, last.id, now) if last else None
    if tried is None:
        return None
    fits = check_code(typed, tried.code_hash, _owner(user, purpose), ground.pepper)
    return tried if fits and work.codes.use(user.tenant_id, tried.id, now) else None


def _owner(user: User, purpose: CodePurpose) -> str:
    """Return what the hash of a code is bound to: it is worth nothing in any other row."""
    return f"{user.id}:{purpose}"
