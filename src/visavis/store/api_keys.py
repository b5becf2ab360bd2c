"""API keys: what a program shows instead of a password."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, func, or_, select, update

from visavis.store.page import DEFAULT, Page
from visavis.store.repository import Repository, new_id
from visavis.store.tables.api_keys import api_keys

BETWEEN_NOTES = timedelta(minutes=1)
"""Least time between two notes that a key was used."""


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A program's key.

    Attributes:
        tenant_id: Whose user.
        id: Its own, not secret.
        user_id: Who made it, and on whose behalf it acts.
        name: What people call it.
        secret_hash: Of the secret, by which a secret that is shown is found.
        scopes: What it may be used for.
        created_at: When it was made.
        expires_at: It is worth nothing from then on; None = it lasts.
        last_used_at: To the minute; None = never.
        revoked_at: When it was taken back; None = it was not.
        sealed_secret: The secret under a key of the deployment, to check what it signed; None =
            it signs nothing.
    """

    tenant_id: str
    id: str
    user_id: str
    name: str
    secret_hash: str = field(repr=False)
    scopes: tuple[str, ...]
    created_at: datetime
    expires_at: datetime | None = None
    last_used_at: datetime | None = None
    revoked_at: datetime | None = None
    sealed_secret: bytes | None = field(default=None, repr=False, compare=False)

    def is_open(self, now: datetime) -> bool:
        """Return whether it may be used at a time."""
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)


class ApiKeys(Repository):
    """The API keys of a tenant."""

    def add(
        self,
        tenant_id: str,
        user_id: str,
        name: str,
        secret_hash: str,
        scopes: Iterable[str],
        now: datetime,
        expires_at: datetime | None = None,
    ) -> ApiKey:
        """Make a key.

        Raises:
            NotThere: the tenant has no such user.
            AlreadyThere: another key has this secret.
        """
        key = ApiKey(
            tenant_id, new_id(), user_id, name, secret_hash, tuple(scopes), now, expires_at
        )
        self._insert(api_keys, key)
        return key

    def keep_secret(self, tenant_id: str, key_id: str, sealed_secret: bytes) -> None:
        """Keep the sealed secret of a key, so that it can sign."""
        statement = update(api_keys).where(_is(tenant_id, key_id))
        self._changed(statement.values(sealed_secret=sealed_secret))

    def find(self, tenant_id: str, key_id: str) -> ApiKey | None:
        """Return a key of this tenant, also one that is worth nothing any more."""
        row = self._one(select(api_keys).where(_is(tenant_id, key_id)))
        return ApiKey(**row) if row else None

    def find_by_hash(self, secret_hash: str) -> ApiKey | None:
        """Return the key with this secret, whichever tenant's it is; see `ApiKey.is_open`."""
        row = self._one(select(api_keys).where(api_keys.c.secret_hash == secret_hash))
        return ApiKey(**row) if row else None

    def page(
        self,
        tenant_id: str,
        limit: int = DEFAULT,
        cursor: str | None = None,
        user_id: str | None = None,
    ) -> Page[ApiKey]:
        """Return a part of the keys of the tenant, or of one user, newest first.

        Raises:
            InvalidInput: the limit is not 1..200, or the cursor none of ours.
        """
        theirs = select(api_keys).where(api_keys.c.tenant_id == tenant_id)
        if user_id is not None:
            theirs = theirs.where(api_keys.c.user_id == user_id)
        return self._page(theirs, (api_keys.c.created_at, api_keys.c.id), ApiKey, limit, cursor)

    def count_open(self, tenant_id: str, user_id: str, now: datetime) -> int:
        """Return how many keys of a user may be used at a time."""
        columns = api_keys.c
        theirs = (columns.tenant_id == tenant_id) & (columns.user_id == user_id)
        lasting = or_(columns.expires_at.is_(None), columns.expires_at > now)
        counted = select(func.count()).where(theirs, columns.revoked_at.is_(None), lasting)
        return int(self._value(counted))

    def note_used(self, tenant_id: str, key_id: str, now: datetime) -> bool:
        """Note that a key was used, at most once a minute; return whether it was noted."""
        last = api_keys.c.last_used_at
        due = or_(last.is_(None), last <= now - BETWEEN_NOTES)
        statement = update(api_keys).where(_is(tenant_id, key_id), due).values(last_used_at=now)
        return self._changed(statement) > 0

    def revoke(self, tenant_id: str, key_id: str, now: datetime) -> bool:
        """Take a key back, its secret with it; False where it has been taken back before."""
        return self._revoke(_is(tenant_id, key_id), now) > 0

    def revoke_all(self, tenant_id: str, user_id: str, now: datetime) -> int:
        """Take all keys of a user back; return how many."""
        theirs = (api_keys.c.tenant_id == tenant_id) & (api_keys.c.user_id == user_id)
        return self._revoke(theirs, now)

    def _revoke(self, which: ColumnElement[bool], now: datetime) -> int:
        statement = update(api_keys).where(which, api_keys.c.revoked_at.is_(None))
        return self._changed(statement.values(revoked_at=now, sealed_secret=None))


def _is(tenant_id: str, key_id: str) -> ColumnElement[bool]:
    return (api_keys.c.tenant_id == tenant_id) & (api_keys.c.id == key_id)
