"""Who is calling: from an access token, an API key or a cookie to an actor.

Signatures say who somebody was; rows say what they are now. So each call looks at the rows: whoever
was logged out, demoted, disabled or deleted is so at once.
"""

import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from visavis.core.errors import Overloaded
from visavis.credentials.access_tokens import AccessTokens
from visavis.credentials.errors import TokenInvalid
from visavis.credentials.roles import Permission
from visavis.credentials.signatures import Claim, Fault, SignatureRefused
from visavis.credentials.tokens import API_KEY, hash_secret, looks_like_secret
from visavis.store.kinds import UserState
from visavis.store.sessions import BETWEEN_NOTES
from visavis.store.standings import Standing
from visavis.throttle.throttle import Kind
from visavis.usecases.actor import Actor
from visavis.usecases.errors import LogInNeeded
from visavis.usecases.ground import Ground
from visavis.usecases.signing_secrets import SigningSecrets

COOKIE = "vvs_"
"""Prefix of the secret in the cookie of a browser: it opens pages and is never exchanged."""

ACCESS = "access tokens"
"""Purpose of the deployment's key that signs access tokens."""

AUDIENCE = "visavis"


class Callers:
    """Tells who is calling; safe to use from several threads.

    Args:
        ground: Of the deployment.
    """

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._lock = threading.Lock()
        self._tokens: AccessTokens | None = None
        self._signing = SigningSecrets(ground)

    @property
    def tokens(self) -> AccessTokens:
        """What makes and verifies access tokens; the keys are read when first asked for."""
        with self._lock:
            if self._tokens is None:
                self._tokens = self._opened()
            return self._tokens

    def of_bearer(self, secret: str, address: str = "") -> Actor:
        """Return who sent an access token or an API key.

        Args:
            secret: As it came.
            address: Where from.

        Raises:
            LogInNeeded: it opens nothing, or not any more.
            TooManyRequests: they ask too often.
        """
        found = self._of_key(secret) if secret.startswith(API_KEY) else self._of_access(secret)
        return self._admitted(found, address)

    def of_cookie(self, secret: str, address: str = "") -> Actor:
        """Return whose browser sent a cookie; raises as `of_bearer`."""
        found = self._of_session_secret(secret) if looks_like_secret(secret, COOKIE) else None
        return self._admitted(found, address)

    def signer(self, claim: Claim) -> "Signer":
        """Return the key by which a request says it is signed, before its body is read.

        Raises:
            SignatureRefused: there is none of this id that may sign now.
        """
        with self._ground.store.reading() as work:
            standing = work.standings.of_key_id(claim.key_id)
        if standing is None or not standing.is_good(self._ground.clock()):
            raise SignatureRefused(
                Fault.UNKNOWN_KEY,
                "No API key has this id, or it opens nothing any more; make a new key.",
            )
        if standing.sealed_secret is None:
            raise SignatureRefused(
                Fault.UNKNOWN_KEY,
                "This key cannot sign: it was made before this interface was switched on; make a "
                "new key.",
            )
        secret = self._signing.opened(standing.tenant_id, standing.by_id, standing.sealed_secret)
        return Signer(claim, standing, secret)

    def of_signature(self, signer: "Signer", body: bytes, address: str = "") -> Actor:
        """Return who signed a request.

        Args:
            signer: By whose key it says it is signed.
            body: Of the request.
            address: Where from.

        Raises:
            SignatureRefused: they did not sign this one.
            TooManyRequests: they ask too often.
        """
        signer.claim.check(signer.secret, body)
        return self._admitted(self._of_standing_key(signer.standing), address)

    def of_user(self, tenant_id: str, user_id: str) -> Actor | None:
        """Return a user as if they were here in person, without a login; None where there is none.

        For the machine's own programs, and for private machines where nobody logs in.
        """
        with self._ground.store.reading() as work:
            user, host = work.users.find(tenant_id, user_id), work.tenants.first()
        if user is None or user.state is not UserState.ACTIVE:
            return None
        is_host = host is not None and host.id == tenant_id
        return Actor(tenant_id, user_id, user.role, is_host=is_host)

    def reload(self) -> None:
        """Read the signing keys again, after they were rotated."""
        with self._lock:
            self._tokens = None

    def _opened(self) -> AccessTokens:
        ground = self._ground
        keys = ground.store.run(
            lambda work: ground.keyring.deployment_secrets(work.keys, ACCESS, ground.clock())
        )
        life = timedelta(minutes=ground.settings.accounts.access_minutes)
        named = {str(version): secret for version, secret in keys.items()}
        return AccessTokens(named, "visavis", AUDIENCE, life)

    def _of_access(self, token: str) -> Actor | None:
        now = self._ground.clock()
        try:
            access = self.tokens.verify(token, now)
        except TokenInvalid:
            return None
        with self._ground.store.reading() as work:
            standing = work.standings.of_session(access.tenant_id, access.session_id)
        return self._of_session(standing)

    def _of_session_secret(self, secret: str) -> Actor | None:
        with self._ground.store.reading() as work:
            standing = work.standings.of_token(hash_secret(secret))
        return self._of_session(standing)

    def _of_session(self, standing: Standing | None) -> Actor | None:
        now = self._ground.clock()
        if standing is None or not standing.is_good(now):
            return None
        if _is_due(standing, now):
            self._note_seen(standing)
        return replace(_actor(standing), session_id=standing.by_id)

    def _of_key(self, secret: str) -> Actor | None:
        if not looks_like_secret(secret):
            return None
        now = self._ground.clock()
        with self._ground.store.reading() as work:
            standing = work.standings.of_key(hash_secret(secret))
        if standing is None or not standing.is_good(now):
            return None
        return self._of_standing_key(standing)

    def _of_standing_key(self, standing: Standing) -> Actor:
        """Return whose good key it is, and note that it was used."""
        if _is_due(standing, self._ground.clock()):
            self._note_used(standing)
        known = set(Permission)  # a scope of a later version means nothing to this one
        scopes = frozenset(Permission(name) for name in standing.scopes or () if name in known)
        return replace(_actor(standing), key_id=standing.by_id, scopes=scopes)

    def _admitted(self, actor: Actor | None, address: str) -> Actor:
        if actor is None:
            raise LogInNeeded("you are not logged in, or not any more; log in, or send a valid key")
        self._ground.throttle.check(Kind.PER_KEY, actor.id)
        return replace(actor, address=address)

    def _note_seen(self, session: Standing) -> None:
        """Note it later: a request that reads does not wait for the right to write."""
        now = self._ground.clock()
        until = now + timedelta(days=self._ground.settings.accounts.session_days)

        def note() -> None:
            with self._ground.store.work() as work:
                work.sessions.note_seen(session.tenant_id, session.by_id, now, until)

        self._later("session.seen", note)

    def _note_used(self, key: Standing) -> None:
        now = self._ground.clock()

        def note() -> None:
            with self._ground.store.work() as work:
                work.api_keys.note_used(key.tenant_id, key.by_id, now)

        self._later("key.used", note)

    def _later(self, what: str, note: Callable[[], None]) -> None:
        """Do it in the background; the next request notes it where too much is waiting."""
        with suppress(Overloaded):
            self._ground.background.do(what, note)


@dataclass(frozen=True, slots=True)
class Signer:
    """A key that may have signed a request.

    Attributes:
        claim: What the request says.
        standing: Who is behind the key.
        secret: Of the key.
    """

    claim: Claim
    standing: Standing
    secret: str = field(repr=False)


def _is_due(standing: Standing, now: datetime) -> bool:
    last = standing.last_used_at
    return last is None or now - last >= BETWEEN_NOTES


def _actor(standing: Standing) -> Actor:
    return Actor(standing.tenant_id, standing.user_id, standing.role, is_host=standing.is_host)
