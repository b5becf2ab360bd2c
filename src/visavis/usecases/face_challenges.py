"""Challenges of logging in by face: good for one account, once, for two minutes.

A challenge is sealed and says itself whose and since when it is; no row is made for it, so those of
unknown accounts are made in the same way. What was used is one mark for each account: a challenge
made before the one that was used last is worth nothing. All processes see the same mark.
"""

import binascii
import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import orjson

from visavis.store.kinds import CodePurpose
from visavis.store.users import User
from visavis.store.work import Work
from visavis.usecases.ground import Ground
from visavis.vault.errors import SealBroken
from visavis.vault.sealing import Context, DataKey

GOOD_FOR = timedelta(minutes=2)

LONGEST = 1000
"""Characters of a challenge that are looked at."""

_CONTEXT = Context("", "", "face login challenge")
_MARK = CodePurpose.FACE_LOGIN


@dataclass(frozen=True, slots=True)
class Challenge:
    """A challenge, open.

    Attributes:
        email: Of the account, in the spelling that it is looked up in.
        made_at: When, aware.
    """

    email: str = field(repr=False)
    made_at: datetime

    @property
    def ends_at(self) -> datetime:
        """When it is worth nothing any more."""
        return self.made_at + GOOD_FOR


def new_challenge(ground: Ground, known_as: str) -> str:
    """Return a challenge for an account, which need not be there.

    Args:
        ground: Of the deployment.
        known_as: Its address, in the spelling that it is looked up in.
    """
    plain = orjson.dumps([known_as, ground.clock().isoformat(timespec="microseconds")])
    return urlsafe_b64encode(_key(ground).seal(plain, _CONTEXT)).decode("ascii")


def opened(ground: Ground, text: str) -> Challenge | None:
    """Return what a challenge says; None where it is none of ours."""
    try:
        sealed = urlsafe_b64decode(text[:LONGEST].encode())
        email, made_at = orjson.loads(_key(ground).unseal(sealed, _CONTEXT))
    except (binascii.Error, UnicodeEncodeError, SealBroken):
        return None
    return Challenge(email, datetime.fromisoformat(made_at))


def use_up(work: Work, user: User, challenge: Challenge, now: datetime) -> bool:
    """Use a challenge up, and return whether it was good.

    Commit the unit whatever comes of it: one that raises gives the challenge back.

    Args:
        work: A unit that holds the user.
        user: Whose account it is for.
        challenge: Which.
        now: The time.
    """
    ids = user.tenant_id, user.id, _MARK
    last = work.codes.latest(*ids)
    if now >= challenge.ends_at or (last and last.created_at >= challenge.made_at):
        return False
    work.codes.add(*ids, "", "", 0, challenge.ends_at, challenge.made_at)
    return True


def _key(ground: Ground) -> DataKey:
    return DataKey.of(1, hmac.digest(ground.pepper, _CONTEXT.purpose.encode(), "sha256"))
