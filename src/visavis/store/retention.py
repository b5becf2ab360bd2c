"""Retention: how many days a tenant keeps what."""

from dataclasses import dataclass

from sqlalchemy import ColumnElement, delete, select, update

from visavis.core.errors import InvalidInput
from visavis.store.repository import Repository
from visavis.store.tables.retention import retention

LONGEST_DAYS = 36_525
"""A century."""


@dataclass(frozen=True, slots=True)
class RetentionRule:
    """One line of a tenant's schedule.

    Attributes:
        tenant_id: Whose.
        what: What is kept.
        days: For how long, at least 1.
    """

    tenant_id: str
    what: str
    days: int


class Retention(Repository):
    """The schedule of a tenant."""

    def set(self, tenant_id: str, what: str, days: int) -> RetentionRule:
        """Make or change a line.

        Raises:
            InvalidInput: the days are not 1..36,525.
        """
        if not 1 <= days <= LONGEST_DAYS:
            raise InvalidInput(f"retention is 1 to {LONGEST_DAYS} days, not {days}")
        rule = RetentionRule(tenant_id, what, days)
        if not self._insert_once(retention, rule):
            self._run(update(retention).where(_is(tenant_id, what)).values(days=days))
        return rule

    def find(self, tenant_id: str, what: str) -> RetentionRule | None:
        """Return a line."""
        row = self._one(select(retention).where(_is(tenant_id, what)))
        return RetentionRule(**row) if row else None

    def all(self, tenant_id: str) -> tuple[RetentionRule, ...]:
        """Return the whole schedule."""
        theirs = select(retention).where(retention.c.tenant_id == tenant_id)
        rows = self._all(theirs.order_by(retention.c.what))
        return tuple(RetentionRule(**row) for row in rows)

    def remove(self, tenant_id: str, what: str) -> bool:
        """Remove a line."""
        return self._changed(delete(retention).where(_is(tenant_id, what))) > 0


def _is(tenant_id: str, what: str) -> ColumnElement[bool]:
    return (retention.c.tenant_id == tenant_id) & (retention.c.what == what)
