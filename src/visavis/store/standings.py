"""Who is behind a session or an API key, read in one go: every request asks for it."""

from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, FromClause, ScalarSelect, Select, and_, bindparam, select

from visavis.core.roles import Role
from visavis.store.kinds import UserState
from visavis.store.repository import Repository
from visavis.store.tables.api_keys import api_keys
from visavis.store.tables.sessions import refresh_tokens, sessions
from visavis.store.tables.tenants import tenants
from visavis.store.tables.users import users


@dataclass(frozen=True, slots=True)
class Standing:
    """What somebody is now.

    Attributes:
        tenant_id: Where they belong.
        user_id: Who they are, or whose key it is.
        role: What they are there.
        state: Whether they may be here at all.
        is_host: Whether their tenant is the one that runs the deployment.
        left_at: When their tenant left; None = it has not.
        by_id: Of the session or key.
        last_used_at: When that was last used, to the minute; None = never.
        expires_at: It is over from then on; None = it lasts.
        revoked_at: When it was ended; None = it was not.
        scopes: Of the key; None = a session.
        sealed_secret: Of a key that signs; None = it was not asked for, or there is none.
    """

    tenant_id: str
    user_id: str
    role: Role
    state: UserState
    is_host: bool
    left_at: datetime | None
    by_id: str
    last_used_at: datetime | None
    expires_at: datetime | None
    revoked_at: datetime | None
    scopes: tuple[str, ...] | None = None
    sealed_secret: bytes | None = field(default=None, repr=False)

    def is_good(self, now: datetime) -> bool:
        """Return whether they may come in by it at a time."""
        goes_on = self.revoked_at is None and (self.expires_at is None or now < self.expires_at)
        return goes_on and self.state is UserState.ACTIVE and self.left_at is None


class Standings(Repository):
    """The standings of all users of the deployment."""

    def of_session(self, tenant_id: str, session_id: str) -> Standing | None:
        """Return who is behind a session."""
        return self._found(_by_session(), tenant_id=tenant_id, session_id=session_id)

    def of_token(self, token_hash: str) -> Standing | None:
        """Return who is behind the session that a token belongs to."""
        return self._found(_by_token(), token_hash=token_hash)

    def of_key(self, secret_hash: str) -> Standing | None:
        """Return who is behind an API key."""
        return self._found(_by_key(), secret_hash=secret_hash)

    def of_key_id(self, key_id: str) -> Standing | None:
        """Return who is behind the API key of this id, with its sealed secret."""
        return self._found(_by_key_id(), key_id=key_id)

    def _found(self, statement: Select[Any], **values: str) -> Standing | None:
        row = self._one(statement, values)
        return Standing(**row) if row else None


# Every request asks one of these, and making one takes as long as running it: they are kept.


@cache
def _by_session() -> Select[Any]:
    this = sessions.c.tenant_id == bindparam("tenant_id")
    this &= sessions.c.id == bindparam("session_id")
    return _joined(sessions, sessions.c.last_seen_at).where(this)


@cache
def _by_token() -> Select[Any]:
    family = and_(
        refresh_tokens.c.tenant_id == sessions.c.tenant_id,
        refresh_tokens.c.session_id == sessions.c.id,
    )
    joined = _joined(sessions, sessions.c.last_seen_at).join(refresh_tokens, family)
    return joined.where(refresh_tokens.c.token_hash == bindparam("token_hash"))


@cache
def _by_key() -> Select[Any]:
    joined = _joined(api_keys, api_keys.c.last_used_at, api_keys.c.scopes)
    return joined.where(api_keys.c.secret_hash == bindparam("secret_hash"))


@cache
def _by_key_id() -> Select[Any]:
    columns = api_keys.c.last_used_at, api_keys.c.scopes, api_keys.c.sealed_secret
    return _joined(api_keys, *columns).where(api_keys.c.id == bindparam("key_id"))


def _joined(
    by: FromClause, last_used: ColumnElement[Any], *more: ColumnElement[Any]
) -> Select[Any]:
    """Return the standings behind all rows of a table that has tenant, user and times."""
    theirs = and_(users.c.tenant_id == by.c.tenant_id, users.c.id == by.c.user_id)
    return (
        select(
            users.c.tenant_id,
            users.c.id.label("user_id"),
            users.c.role,
            users.c.state,
            (_host() == users.c.tenant_id).label("is_host"),
            tenants.c.deleted_at.label("left_at"),
            by.c.id.label("by_id"),
            last_used.label("last_used_at"),
            by.c.expires_at,
            by.c.revoked_at,
            *more,
        )
        .select_from(by)
        .join(users, theirs)
        .join(tenants, tenants.c.id == users.c.tenant_id)
    )


def _host() -> ScalarSelect[str]:
    """Return the id of the oldest tenant that has not left; as `Tenants.first` finds it."""
    oldest = tenants.alias("oldest")
    here = select(oldest.c.id).where(oldest.c.deleted_at.is_(None))
    first = here.order_by(oldest.c.created_at, oldest.c.id).limit(1)
    return first.scalar_subquery()
