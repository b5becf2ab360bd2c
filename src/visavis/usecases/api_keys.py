"""API keys: what programs show instead of a password. A key does what its maker may do, at most."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta

from visavis.core.errors import InvalidInput, NotAllowed
from visavis.credentials.roles import Permission, parse_scopes
from visavis.credentials.tokens import hash_secret, new_secret
from visavis.mail import letters
from visavis.store.api_keys import ApiKey
from visavis.store.page import DEFAULT, Page
from visavis.store.work import Work
from visavis.usecases.actor import Actor
from visavis.usecases.errors import NotFound
from visavis.usecases.ground import Ground
from visavis.usecases.names import one_line
from visavis.usecases.signing_secrets import SigningSecrets

DEFAULT_DAYS = 365
MOST_DAYS = 3650

MOST_KEYS = 1000
"""Keys of one user that work at the same time."""

MOST_NAME = 100
"""Characters of a key's name."""


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key that has just been made.

    Attributes:
        key: What is kept of it.
        secret: What the program shows, or signs with; it is not told again.
    """

    key: ApiKey
    secret: str = field(repr=False)


class ApiKeys:
    """Makes, shows and takes back API keys.

    Args:
        ground: Of the deployment.
    """

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._signing = SigningSecrets(ground)

    def page(
        self,
        actor: Actor,
        limit: int = DEFAULT,
        cursor: str | None = None,
        *,
        everyone: bool = False,
    ) -> Page[ApiKey]:
        """Return a part of the keys, newest first, also of those that are worth nothing any more.

        Args:
            actor: Who asks.
            limit: Most keys, 1..200.
            cursor: Where the part before ended.
            everyone: Those of all users of the tenant, not only the own ones.

        Raises:
            NotAllowed: the actor may not see them.
            InvalidInput: the limit is not 1..200, or the cursor none of ours.
        """
        actor.require(Permission.KEYS_READ)
        if everyone:
            actor.require(Permission.USERS_READ)
        maker = None if everyone else actor.user_id
        with self._ground.store.reading() as work:
            return work.api_keys.page(actor.tenant_id, limit, cursor, maker)

    def create(
        self, actor: Actor, name: str, scopes: Iterable[str], days: int | None = DEFAULT_DAYS
    ) -> NewKey:
        """Make a key.

        Args:
            actor: Its maker, in person.
            name: What people call it.
            scopes: Permissions; `all` = everything that its maker may do, at any time.
            days: How long it works, 1..3650; None = until it is taken back.

        Raises:
            NotAllowed: the actor may make none, or has not all of the scopes.
            InvalidInput: the name, a scope or the number of days cannot be used, or the maker has
                `MOST_KEYS` keys that work.
        """
        actor.require(Permission.KEYS_WRITE)
        actor.require_person()
        wanted = _scopes(actor, scopes)
        called = one_line(name, "key", MOST_NAME)
        if days is not None and not 1 <= days <= MOST_DAYS:
            raise InvalidInput(
                f"a key works for 1 to {MOST_DAYS} days, or until it is taken back; choose a number"
            )
        secret = new_secret()
        key = self._ground.store.run(
            lambda work: self._create(work, actor, called, secret, wanted, days)
        )
        self._tell(actor)
        return NewKey(key, secret)

    def revoke(self, actor: Actor, key_id: str) -> None:
        """Take a key back: it is worth nothing from now on; again changes nothing.

        Raises:
            NotAllowed: the actor may take back none.
            NotFound: there is no such key, or it is somebody else's and the actor no admin.
        """
        actor.require(Permission.KEYS_WRITE)
        self._ground.store.run(lambda work: self._revoke(work, actor, key_id))

    def _create(
        self,
        work: Work,
        actor: Actor,
        name: str,
        secret: str,
        scopes: tuple[str, ...],
        days: int | None,
    ) -> ApiKey:
        now = self._ground.clock()
        until = None if days is None else now + timedelta(days=days)
        ids = actor.tenant_id, actor.user_id
        if work.api_keys.count_open(*ids, now) >= MOST_KEYS:
            raise InvalidInput(f"you have {MOST_KEYS} keys that work; take some of them back first")
        key = work.api_keys.add(*ids, name, hash_secret(secret), scopes, now, until)
        self._signing.keep(work, key.tenant_id, key.id, secret)
        details = {"key_id": key.id, "scopes": list(scopes), "days": days}
        self._ground.audit.note(work, ids[0], actor.id, "key.created", now, details=details)
        return key

    def _revoke(self, work: Work, actor: Actor, key_id: str) -> None:
        now = self._ground.clock()
        key = work.api_keys.find(actor.tenant_id, key_id)
        theirs = key is not None and key.user_id == actor.user_id
        if key is None or not (theirs or actor.may(Permission.USERS_WRITE)):
            raise NotFound("key")
        if work.api_keys.revoke(key.tenant_id, key.id, now):
            details = {"key_id": key.id, "user_id": key.user_id}
            self._ground.audit.note(
                work, key.tenant_id, actor.id, "key.revoked", now, details=details
            )

    def _tell(self, actor: Actor) -> None:
        """Write to the maker: it may be somebody else who sits there."""
        with self._ground.store.reading() as work:
            user = work.users.find(actor.tenant_id, actor.user_id)
        if user is not None and user.password_hash:  # the owner of a private machine reads no mail
            now, foot = self._ground.clock(), self._ground.foot
            self._ground.post(letters.new_sign_in_method(user.email, "an API key", now, foot))


def _scopes(actor: Actor, lists: Iterable[str]) -> tuple[str, ...]:
    """Return the scopes of a new key, sorted.

    Raises:
        NotAllowed: one is named that the maker does not have; `all` may be said by everybody.
    """
    wanted = parse_scopes(lists)
    beyond = sorted(wanted - actor.permissions)
    if beyond and wanted != frozenset(Permission):
        raise NotAllowed(
            f"you cannot give a key the scope {beyond[0]}, as your role is {actor.role}; leave it "
            "out, or say `all` for everything that you may do"
        )
    return tuple(sorted(wanted))
