"""Recovery codes: a set for each user, each good for one login without the second factor."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import ColumnElement, delete, func, select, update

from visavis.store.repository import Repository
from visavis.store.tables.recovery_codes import recovery_codes


@dataclass(frozen=True, slots=True)
class RecoveryCode:
    """One code of a set.

    Attributes:
        tenant_id: Whose user.
        user_id: Who may use it.
        code_hash: Of the code.
        used_at: When it was used; None = not yet.
    """

    tenant_id: str
    user_id: str
    code_hash: str = field(repr=False)
    used_at: datetime | None = None


class RecoveryCodes(Repository):
    """The recovery codes of a tenant's users."""

    def replace(self, tenant_id: str, user_id: str, code_hashes: Iterable[str]) -> None:
        """Give a user a new set; none of the old one is good any more.

        Raises:
            NotThere: the tenant has no such user.
        """
        self._run(delete(recovery_codes).where(_of(tenant_id, user_id)))
        for code_hash in code_hashes:
            self._insert(recovery_codes, RecoveryCode(tenant_id, user_id, code_hash))

    def all(self, tenant_id: str, user_id: str) -> tuple[RecoveryCode, ...]:
        """Return a user's set, with those that were used."""
        rows = self._all(select(recovery_codes).where(_of(tenant_id, user_id)))
        return tuple(RecoveryCode(**row) for row in rows)

    def use(self, tenant_id: str, user_id: str, code_hash: str, now: datetime) -> bool:
        """Use a code up; False where there is none such, or it was used."""
        found = _of(tenant_id, user_id) & (recovery_codes.c.code_hash == code_hash)
        unused = found & recovery_codes.c.used_at.is_(None)
        return self._changed(update(recovery_codes).where(unused).values(used_at=now)) > 0

    def left(self, tenant_id: str, user_id: str) -> int:
        """Return how many a user has left."""
        unused = _of(tenant_id, user_id) & recovery_codes.c.used_at.is_(None)
        return int(self._value(select(func.count()).where(unused)))


def _of(tenant_id: str, user_id: str) -> ColumnElement[bool]:
    return (recovery_codes.c.tenant_id == tenant_id) & (recovery_codes.c.user_id == user_id)
