"""Codes that came by mail: guessed at a few times at most, used once."""

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import ColumnElement, delete, select, update

from visavis.store.kinds import CodePurpose
from visavis.store.repository import Repository, new_id
from visavis.store.tables.codes import codes


@dataclass(frozen=True, slots=True)
class Code:
    """A code that was sent.

    Attributes:
        tenant_id: Whose user.
        id: Its own.
        user_id: Who may use it.
        purpose: What it is good for.
        code_hash: Of the code.
        sent_to: The address.
        expires_at: It is worth nothing from then on.
        attempts_left: How often it may still be guessed at.
        created_at: When it was sent.
        used_at: When it was used; None = not yet.
    """

    tenant_id: str
    id: str
    user_id: str
    purpose: CodePurpose
    code_hash: str = field(repr=False)
    sent_to: str = field(repr=False)
    expires_at: datetime
    attempts_left: int
    created_at: datetime
    used_at: datetime | None = None


class Codes(Repository):
    """The codes of a tenant's users."""

    def add(
        self,
        tenant_id: str,
        user_id: str,
        purpose: CodePurpose,
        code_hash: str,
        sent_to: str,
        attempts: int,
        expires_at: datetime,
        now: datetime,
    ) -> Code:
        """Note a code that is sent; earlier ones of that user and purpose are worth nothing now.

        Raises:
            NotThere: the tenant has no such user.
        """
        self.drop(tenant_id, user_id, purpose)
        code = Code(
            tenant_id, new_id(), user_id, purpose, code_hash, sent_to, expires_at, attempts, now
        )
        self._insert(codes, code)
        return code

    def latest(self, tenant_id: str, user_id: str, purpose: CodePurpose) -> Code | None:
        """Return the code that was sent last, whatever became of it."""
        statement = select(codes).where(_for(tenant_id, user_id, purpose))
        row = self._one(statement.order_by(codes.c.created_at.desc(), codes.c.id.desc()).limit(1))
        return Code(**row) if row else None

    def take_attempt(self, tenant_id: str, code_id: str, now: datetime) -> Code | None:
        """Take one of the attempts a code allows; guesses at the same time each take their own.

        Commit it before telling that the guess was wrong: a unit that raises gives it back.

        Returns:
            The code, to compare with; None where none is left, or it was used or has expired.
        """
        left = codes.c.attempts_left
        open_ = _is_open(tenant_id, code_id, now)
        taken = update(codes).where(open_, left > 0).values(attempts_left=left - 1)
        if not self._changed(taken):
            return None
        row = self._one(select(codes).where(_is(tenant_id, code_id)))
        return Code(**row) if row else None

    def use(self, tenant_id: str, code_id: str, now: datetime) -> bool:
        """Use a code up; False where somebody has already, or it has expired."""
        statement = update(codes).where(_is_open(tenant_id, code_id, now)).values(used_at=now)
        return self._changed(statement) > 0

    def drop(self, tenant_id: str, user_id: str, purpose: CodePurpose) -> int:
        """Remove a user's codes of a purpose; return how many there were."""
        return self._changed(delete(codes).where(_for(tenant_id, user_id, purpose)))

    def sweep(self, tenant_id: str, before: datetime) -> int:
        """Remove codes that expired before a time; return how many."""
        old = (codes.c.tenant_id == tenant_id) & (codes.c.expires_at < before)
        return self._changed(delete(codes).where(old))


def _is(tenant_id: str, code_id: str) -> ColumnElement[bool]:
    return (codes.c.tenant_id == tenant_id) & (codes.c.id == code_id)


def _is_open(tenant_id: str, code_id: str, now: datetime) -> ColumnElement[bool]:
    return _is(tenant_id, code_id) & codes.c.used_at.is_(None) & (codes.c.expires_at > now)


def _for(tenant_id: str, user_id: str, purpose: CodePurpose) -> ColumnElement[bool]:
    theirs = (codes.c.tenant_id == tenant_id) & (codes.c.user_id == user_id)
    return theirs & (codes.c.purpose == purpose)
