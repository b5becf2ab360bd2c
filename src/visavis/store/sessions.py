"""Sessions: a login and the family of refresh tokens that came from it.

Each token is good for one exchange. One that comes a second time was copied, by whoever came first
or by whoever comes now; as nobody can tell, the whole family ends.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, delete, insert, select, update

from visavis.store.kinds import Rotated
from visavis.store.page import DEFAULT, Page
from visavis.store.repository import Repository, new_id
from visavis.store.tables.sessions import LONGEST_AGENT, refresh_tokens, sessions

REUSED = "a refresh token came twice"
"""Why a family was revoked by `rotate`."""

BETWEEN_NOTES = timedelta(minutes=1)
"""Least time between two notes that a session was seen."""


@dataclass(frozen=True, slots=True)
class Session:
    """A login.

    Attributes:
        tenant_id: Whose user.
        id: Its own; also names the family of tokens.
        user_id: Who logged in.
        created_at: When.
        last_seen_at: When it was last used, to the minute.
        expires_at: It is over from then on; each exchange puts it off.
        user_agent: What the program called itself, at most 400 characters.
        address: Where it came from.
        revoked_at: When it was ended; None = it was not.
        revoked_because: Why it was ended.
    """

    tenant_id: str
    id: str
    user_id: str
    created_at: datetime
    last_seen_at: datetime
    expires_at: datetime
    user_agent: str
    address: str
    revoked_at: datetime | None = None
    revoked_because: str | None = None

    def is_open(self, now: datetime) -> bool:
        """Return whether it goes on at a time."""
        return self.revoked_at is None and now < self.expires_at


@dataclass(frozen=True, slots=True)
class Rotation:
    """What came of an exchange.

    Attributes:
        outcome: Whether the new token is good, and if not, why.
        session: Whose token it was, as it is now; None for an unknown one.
    """

    outcome: Rotated
    session: Session | None = None


class Sessions(Repository):
    """The sessions of a tenant's users."""

    def start(
        self,
        tenant_id: str,
        user_id: str,
        token_hash: str,
        expires_at: datetime,
        now: datetime,
        user_agent: str = "",
        address: str = "",
    ) -> Session:
        """Begin a session with its first refresh token, both good until `expires_at`.

        Raises:
            NotThere: the tenant has no such user.
        """
        agent = user_agent[:LONGEST_AGENT]
        session = Session(tenant_id, new_id(), user_id, now, now, expires_at, agent, address)
        self._insert(sessions, session)
        self._add_token(session, token_hash, expires_at, now)
        return session

    def find(self, tenant_id: str, session_id: str) -> Session | None:
        """Return a session, also one that is over."""
        row = self._one(select(sessions).where(_is(tenant_id, session_id)))
        return Session(**row) if row else None

    def find_by_token(self, token_hash: str) -> Session | None:
        """Return the session that a refresh token belongs to, whichever tenant's it is."""
        row = self._one(_of_token(token_hash))
        return Session(**row) if row else None

    def page(
        self,
        tenant_id: str,
        user_id: str,
        limit: int = DEFAULT,
        cursor: str | None = None,
        open_at: datetime | None = None,
    ) -> Page[Session]:
        """Return a part of a user's sessions, newest first.

        Args:
            tenant_id: Whose.
            user_id: Who logged in.
            limit: Most sessions, 1..200.
            cursor: Where the page before ended; None = begin.
            open_at: Only those that go on at this time; None = also those that are over.

        Raises:
            InvalidInput: the limit is not 1..200, or the cursor none of ours.
        """
        theirs = select(sessions).where(_of_user(tenant_id, user_id))
        if open_at is not None:
            goes_on = sessions.c.expires_at > open_at
            theirs = theirs.where(sessions.c.revoked_at.is_(None), goes_on)
        return self._page(theirs, (sessions.c.created_at, sessions.c.id), Session, limit, cursor)

    def rotate(self, old_hash: str, new_hash: str, now: datetime, expires_at: datetime) -> Rotation:
        """Exchange a refresh token for a new one.

        Of exchanges of one token at the same time one succeeds; the others find it used. Commit
        the unit whatever comes of it: a unit that raises would leave a stolen family alive.

        Args:
            old_hash: Of the token that came.
            new_hash: Of the one to give.
            now: The time.
            expires_at: Until when the new token is good, and the session with it.

        Returns:
            `reused`: it was exchanged before, and the family is revoked now. `expired`: its time
            is over, or its session was ended.
        """
        session = self._locked(old_hash)
        if session is None:
            return Rotation(Rotated.UNKNOWN)
        token = refresh_tokens.c.token_hash == old_hash
        found = self._run(select(refresh_tokens).where(token)).mappings().one()
        if found["used_at"] is not None:
            self.revoke(session.tenant_id, session.id, now, REUSED)
            return self._after(Rotated.REUSED, session)
        if now >= found["expires_at"] or not session.is_open(now):
            return Rotation(Rotated.EXPIRED, session)
        self._run(update(refresh_tokens).where(token).values(used_at=now))
        self._add_token(session, new_hash, expires_at, now)
        self._set(session.tenant_id, session.id, last_seen_at=now, expires_at=expires_at)
        return self._after(Rotated.ROTATED, session)

    def note_seen(
        self, tenant_id: str, session_id: str, now: datetime, expires_at: datetime | None = None
    ) -> bool:
        """Note that a session was used, at most once a minute; return whether it was noted.

        Args:
            tenant_id: Whose.
            session_id: Which.
            now: The time.
            expires_at: Until when it goes on now; None leaves it.
        """
        due = (sessions.c.last_seen_at <= now - BETWEEN_NOTES) & sessions.c.revoked_at.is_(None)
        values = {"last_seen_at": now} | ({"expires_at": expires_at} if expires_at else {})
        statement = update(sessions).where(_is(tenant_id, session_id), due)
        return self._changed(statement.values(values)) > 0

    def revoke(self, tenant_id: str, session_id: str, now: datetime, because: str) -> bool:
        """End a session; False where it has been ended before."""
        return self._revoke(_is(tenant_id, session_id), now, because) > 0

    def revoke_all(
        self,
        tenant_id: str,
        user_id: str,
        now: datetime,
        because: str,
        keep: str | None = None,
    ) -> int:
        """End all sessions of a user, or all but one; return how many were ended."""
        which = _of_user(tenant_id, user_id)
        if keep is not None:
            which &= sessions.c.id != keep
        return self._revoke(which, now, because)

    def sweep(self, tenant_id: str, before: datetime) -> int:
        """Remove sessions that were over before a time; return how many."""
        over = (sessions.c.expires_at < before) | (sessions.c.revoked_at < before)
        return self._changed(delete(sessions).where(sessions.c.tenant_id == tenant_id, over))

    def _locked(self, token_hash: str) -> Session | None:
        """Return the session of a token, locked: exchanges of a family follow one another."""
        statement = _of_token(token_hash).with_for_update(of=sessions, key_share=True)
        row = self._one(statement)
        return Session(**row) if row else None

    def _revoke(self, which: ColumnElement[bool], now: datetime, because: str) -> int:
        statement = update(sessions).where(which, sessions.c.revoked_at.is_(None))
        return self._changed(statement.values(revoked_at=now, revoked_because=because))

    def _add_token(
        self, session: Session, token_hash: str, expires_at: datetime, now: datetime
    ) -> None:
        row = {"tenant_id": session.tenant_id, "session_id": session.id, "token_hash": token_hash}
        statement = insert(refresh_tokens).values(row | {"created_at": now})
        self._run(statement.values(expires_at=expires_at))

    def _set(self, tenant_id: str, session_id: str, **values: object) -> None:
        self._run(update(sessions).where(_is(tenant_id, session_id)).values(**values))

    def _after(self, outcome: Rotated, session: Session) -> Rotation:
        return Rotation(outcome, self.find(session.tenant_id, session.id))


def _is(tenant_id: str, session_id: str) -> ColumnElement[bool]:
    return (sessions.c.tenant_id == tenant_id) & (sessions.c.id == session_id)


def _of_user(tenant_id: str, user_id: str) -> ColumnElement[bool]:
    return (sessions.c.tenant_id == tenant_id) & (sessions.c.user_id == user_id)


def _of_token(token_hash: str) -> Select[Any]:
    """Return the session that a token belongs to."""
    family = (refresh_tokens.c.tenant_id == sessions.c.tenant_id) & (
        refresh_tokens.c.session_id == sessions.c.id
    )
    return (
        select(sessions)
        .join(refresh_tokens, family)
        .where(refresh_tokens.c.token_hash == token_hash)
    )
