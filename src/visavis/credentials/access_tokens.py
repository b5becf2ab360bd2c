"""Short-lived access tokens: JSON Web Tokens (RFC 7519), signed with HS256.

HS256 and not EdDSA: one family of processes both signs and verifies, with a key that all of them
get from the vault. A public key would help only somebody who verifies without being allowed to
sign, and there is nobody; HMAC is faster, and its key cannot be mistaken for a public text.

Verification takes nothing from the token but which of our own keys to use: the algorithm, the
type, the issuer and the audience are pinned, every claim has to be there, and the time is the
caller's.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt

from visavis.core.errors import InvalidSettings
from visavis.core.roles import Role
from visavis.credentials.errors import TokenInvalid

ALGORITHM = "HS256"
TYPE = "at+jwt"
"""Type of the token in its header (RFC 9068): no other kind of token passes for this one."""

LEEWAY_S = 10
"""How far the clocks of two machines may be apart."""

LONGEST = 4096
"""Characters of a token that are looked at; ours have about 500."""

LEAST_KEY_BYTES = 32

_TEXTS = ("iss", "aud", "sub", "tid", "sid", "role", "jti")
_TIMES = ("iat", "nbf", "exp")
_OPTIONS: jwt.types.Options = {
    "require": [*_TEXTS, *_TIMES],
    "strict_aud": True,
    "enforce_minimum_key_length": True,
    # PyJWT would ask the clock of the machine; `_is_now` asks the caller's.
    "verify_exp": False,
    "verify_nbf": False,
    "verify_iat": False,
}


@dataclass(frozen=True, slots=True)
class Access:
    """What a valid token says.

    Attributes:
        user_id: Who is logged in (`sub`).
        tenant_id: Where (`tid`).
        session_id: By which session (`sid`); it may have been ended since.
        role: What the user was there when the token was made.
        token_id: Unique name of the token (`jti`).
        expires_at: Until when it is valid, aware, UTC.
    """

    user_id: str
    tenant_id: str
    session_id: str
    role: Role
    token_id: str
    expires_at: datetime


class AccessTokens:
    """Makes and verifies access tokens.

    Args:
        keys: Signing keys by id (`kid`), at least 32 bytes each. The first one signs, all verify:
            to rotate, put a new one in front and take the old one away a token's life later.
        issuer: Who makes them (`iss`), such as the address of this deployment.
        audience: Whom they are for (`aud`).
        life: How long one is valid.

    Raises:
        InvalidSettings: there is no key or one is too short.
    """

    def __init__(
        self, keys: Mapping[str, bytes], issuer: str, audience: str, life: timedelta
    ) -> None:
        if not keys:
            raise InvalidSettings("there is no key to sign access tokens with")
        if short := [kid for kid, key in keys.items() if len(key) < LEAST_KEY_BYTES]:
            raise InvalidSettings(
                f"the signing key {short[0]!r} is too short; use {LEAST_KEY_BYTES} random bytes"
            )
        self._keys = dict(keys)
        self._signing = next(iter(self._keys))
        self._issuer = issuer
        self._audience = audience
        self._life = life

    def issue(
        self, *, user_id: str, tenant_id: str, session_id: str, role: Role, now: datetime
    ) -> str:
        """Return a new token; valid from `now` (aware) on."""
        claims = {
            "iss": self._issuer,
            "aud": self._audience,
            "sub": user_id,
            "tid": tenant_id,
            "sid": session_id,
            "role": role.value,
            "jti": secrets.token_hex(16),
            "iat": int(now.timestamp()),
            "nbf": int(now.timestamp()),
            "exp": int((now + self._life).timestamp()),
        }
        header = {"kid": self._signing, "typ": TYPE}
        return jwt.encode(claims, self._keys[self._signing], ALGORITHM, headers=header)

    def verify(self, token: str, now: datetime) -> Access:
        """Return what a token says.

        Args:
            token: As the caller sent it.
            now: The time, aware.

        Raises:
            TokenInvalid: it is not valid, for whatever reason.
        """
        try:
            return _access(self._decoded(token), now.timestamp())
        except (jwt.PyJWTError, ValueError, OverflowError):
            raise TokenInvalid from None

    def _decoded(self, token: str) -> dict[str, Any]:
        """Return the claims of a token that one of our keys signed for us.

        Raises:
            PyJWTError, ValueError: it is anything else.
        """
        if len(token) > LONGEST or not token.isascii():
            raise ValueError
        header = jwt.get_unverified_header(token)
        key = self._keys.get(header.get("kid", ""))
        if key is None or header.get("typ") != TYPE:
            raise ValueError
        return jwt.decode(
            token,
            key,
            algorithms=[ALGORITHM],
            issuer=self._issuer,
            audience=self._audience,
            options=_OPTIONS,
        )


def _access(claims: Mapping[str, Any], now_s: float) -> Access:
    """Return the claims as a value.

    Raises:
        ValueError: one has the wrong type or is no role, or the time is not right.
        OverflowError: a time is beyond all years.
    """
    if not all(type(claims[name]) is str for name in _TEXTS):
        raise ValueError
    if not all(type(claims[name]) is int for name in _TIMES):
        raise ValueError
    if not _is_now(claims["iat"], claims["nbf"], claims["exp"], now_s):
        raise ValueError
    return Access(
        user_id=claims["sub"],
        tenant_id=claims["tid"],
        session_id=claims["sid"],
        role=Role(claims["role"]),
        token_id=claims["jti"],
        expires_at=datetime.fromtimestamp(claims["exp"], UTC),
    )


def _is_now(issued_s: int, from_s: int, until_s: int, now_s: float) -> bool:
    """Return whether the token is in its life, give or take the leeway."""
    return max(issued_s, from_s) - LEEWAY_S <= now_s < until_s + LEEWAY_S
