"""Signed requests: AWS Signature Version 4, as programs written for Amazon's services sign.

Nothing secret travels: the program sends the id of its key and an HMAC-SHA256, under a key that it
derives from its secret, over the method, the path, the headers it names and the hash of the body.
Whoever has the secret does the same and compares. A signature holds for a few minutes.
"""

import hashlib
import hmac
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from visavis.core.errors import NotAllowed

ALGORITHM = "AWS4-HMAC-SHA256"
SERVICE = "rekognition"

CLOCKS_APART = timedelta(minutes=5)
"""How far the time of a request may be from ours; so long may somebody who read it repeat it."""

LONGEST = 4096
"""Characters of the header that are looked at; real ones have about 300."""

_END = "aws4_request"
_TIME = "%Y%m%dT%H%M%SZ"
_STAMP = re.compile(r"[0-9]{8}T[0-9]{6}Z")
_AUTHORIZATION = re.compile(
    rf"{ALGORITHM} +Credential=(?P<key>[^/,\s]+)/(?P<day>[0-9]{{8}})/(?P<region>[a-z0-9-]{{1,64}})"
    rf"/(?P<service>[a-z0-9-]{{1,64}})/{_END} *, *SignedHeaders=(?P<names>[a-z0-9;_.-]+)"
    r" *, *Signature=(?P<signature>[0-9a-f]{64})"
)
_ALWAYS_SIGNED = frozenset({"host", "x-amz-date", "x-amz-target"})
_OF_PROXIES = frozenset({"x-amz-cf-id"})
"""What proxies on the way add; nobody reads it."""


class Fault(StrEnum):
    """Why a signed request is refused."""

    MISSING = "missing"
    UNKNOWN_KEY = "unknown_key"
    BROKEN = "broken"
    WRONG = "wrong"
    EXPIRED = "expired"


class SignatureRefused(NotAllowed):
    """A request is not signed as it has to be; nobody is logged in.

    Args:
        fault: Why.
        reason: One sentence for whoever set the program up.
    """

    def __init__(self, fault: Fault, reason: str) -> None:
        super().__init__(reason)
        self.fault = fault


@dataclass(frozen=True, slots=True)
class Asked:
    """What of a request is signed.

    Attributes:
        method: Such as `POST`.
        path: As it came, such as `/`; there is no query.
        headers: Names in lower case and values, in the order in which they came.
    """

    method: str
    path: str
    headers: tuple[tuple[str, str], ...]

    def header(self, name: str) -> str:
        """Return a header; several of one name as one, empty where there is none."""
        return ",".join(_trimmed(value) for each, value in self.headers if each == name)


@dataclass(frozen=True, slots=True)
class Claim:
    """What a request says about its signature; nothing of it is proven yet.

    Attributes:
        asked: What is signed.
        key_id: Of the API key.
        at: When it was signed.
        scope: What the derived key is for: day, region, service, end.
        names: Of the headers that are signed, sorted.
        signature: The HMAC, hexadecimal.
    """

    asked: Asked
    key_id: str
    at: datetime
    scope: tuple[str, str, str, str]
    names: tuple[str, ...]
    signature: str

    def check(self, secret: str, body: bytes) -> None:
        """Refuse a request that the owner of a secret did not sign.

        Args:
            secret: Of the key.
            body: As it came.

        Raises:
            SignatureRefused: they did not sign this one.
        """
        expected = sign(secret, self, hashlib.sha256(body).hexdigest())
        if not hmac.compare_digest(expected, self.signature):
            raise SignatureRefused(
                Fault.WRONG,
                "The signature does not fit the request: check the secret of the key, and that "
                "nothing on the way changes the Host header or the body.",
            )


def read_claim(asked: Asked, now: datetime) -> Claim:
    """Return what a request says about its signature.

    Args:
        asked: The request.
        now: The time, aware.

    Raises:
        SignatureRefused: there is none, it cannot be read, is for another service, leaves out what
            has to be signed, or was made at another time.
    """
    given = asked.header("authorization")
    if not given:
        raise SignatureRefused(
            Fault.MISSING,
            "The request is not signed: give the client the id of an API key as access key and its "
            "secret as secret key.",
        )
    found = _AUTHORIZATION.fullmatch(given) if len(given) <= LONGEST else None
    stamp = asked.header("x-amz-date")
    if found is None or not _STAMP.fullmatch(stamp):
        raise SignatureRefused(
            Fault.BROKEN, f"The request is not signed as {ALGORITHM} says; use an AWS client."
        )
    scope = found["day"], found["region"], found["service"], _END
    names = tuple(found["names"].split(";"))
    claim = Claim(asked, found["key"], _time(stamp), scope, names, found["signature"])
    _check_form(claim, stamp)
    _check_time(claim, now)
    return claim


def sign(secret: str, claim: Claim, body_sha256: str) -> str:
    """Return the signature that the owner of a secret makes.

    Args:
        secret: Of the key.
        claim: What is signed, and how.
        body_sha256: Of the body, hexadecimal.
    """
    canonical = hashlib.sha256(_canonical(claim, body_sha256).encode()).hexdigest()
    text = "\n".join((ALGORITHM, claim.at.strftime(_TIME), "/".join(claim.scope), canonical))
    key = f"AWS4{secret}".encode()
    for part in claim.scope:
        key = hmac.digest(key, part.encode(), "sha256")
    return hmac.digest(key, text.encode(), "sha256").hex()


def _canonical(claim: Claim, body_sha256: str) -> str:
    asked = claim.asked
    lines = (f"{name}:{asked.header(name)}\n" for name in claim.names)
    names = ";".join(claim.names)
    return "\n".join((asked.method, asked.path, "", "".join(lines), names, body_sha256))


def _check_form(claim: Claim, stamp: str) -> None:
    """Refuse a claim that does not cover all that it has to."""
    sent = {name for name, _ in claim.asked.headers}
    amazons = {name for name in sent if name.startswith("x-amz-")}
    needed = _ALWAYS_SIGNED | (amazons - _OF_PROXIES)
    if list(claim.names) != sorted(set(claim.names)) or not needed <= set(claim.names) <= sent:
        raise SignatureRefused(
            Fault.BROKEN,
            f"The signature has to cover {_told(needed)}, in the order of the letters.",
        )
    if claim.scope[2] != SERVICE or claim.scope[0] != stamp[:8]:
        raise SignatureRefused(
            Fault.WRONG, f"The signature is for another service or day, not for {SERVICE} today."
        )
    if "x-amz-security-token" in sent:
        raise SignatureRefused(
            Fault.UNKNOWN_KEY,
            "There are no session tokens here: give the client an API key alone, as access key and "
            "secret key.",
        )


def _check_time(claim: Claim, now: datetime) -> None:
    if abs(now - claim.at) > CLOCKS_APART:
        minutes = CLOCKS_APART.seconds // 60
        raise SignatureRefused(
            Fault.EXPIRED,
            f"The request was signed more than {minutes} minutes from now; set the client's clock "
            "right, or send the request again.",
        )


def _time(stamp: str) -> datetime:
    try:
        return datetime.strptime(stamp, _TIME).replace(tzinfo=UTC)
    except ValueError:
        raise SignatureRefused(
            Fault.BROKEN, "The date of the request is none; use an AWS client."
        ) from None


def _trimmed(value: str) -> str:
    return " ".join(value.split())


def _told(names: Iterable[str]) -> str:
    return ", ".join(sorted(names))
