"""Tenants: made, changed, and in the end removed with all they have."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Select, bindparam, delete, select, update

from visavis.store.kinds import Mode
from visavis.store.page import DEFAULT, Page
from visavis.store.repository import Repository, new_id
from visavis.store.tables import metadata
from visavis.store.tables.audit import audit_heads
from visavis.store.tables.template_changes import template_heads
from visavis.store.tables.tenants import tenants


@dataclass(frozen=True, slots=True)
class Tenant:
    """One who runs their work apart from all others.

    Attributes:
        id: Theirs alone.
        name: What people call them.
        mode: What they may do with faces.
        purposes: What they process faces for.
        settings: What they have chosen beside that.
        created_at: Since when they are here.
        deleted_at: When they left; their rows are still there until they are purged.
    """

    id: str
    name: str
    mode: Mode
    purposes: tuple[str, ...]
    settings: Mapping[str, Any]
    created_at: datetime
    deleted_at: datetime | None = None


class Tenants(Repository):
    """All tenants of the deployment."""

    def add(
        self,
        name: str,
        now: datetime,
        mode: Mode = Mode.ANONYMOUS,
        purposes: Iterable[str] = (),
        settings: Mapping[str, Any] | None = None,
    ) -> Tenant:
        """Make a tenant, with an audit chain and a feed of templates that have no entries yet."""
        tenant = Tenant(new_id(), name, mode, tuple(purposes), dict(settings or {}), now)
        self._insert(tenants, tenant)
        self._run(audit_heads.insert().values(tenant_id=tenant.id, seq=0, mac=b""))
        self._run(template_heads.insert().values(tenant_id=tenant.id, seq=0, floor=0))
        return tenant

    def find(self, tenant_id: str) -> Tenant | None:
        """Return a tenant, also one that has left."""
        row = self._one(_by_id(), {"tenant_id": tenant_id})
        return Tenant(**row) if row else None

    def first(self) -> Tenant | None:
        """Return the oldest of those who have not left: the one that runs the deployment."""
        here = select(tenants).where(tenants.c.deleted_at.is_(None))
        row = self._one(here.order_by(tenants.c.created_at, tenants.c.id).limit(1))
        return Tenant(**row) if row else None

    def page(self, limit: int = DEFAULT, cursor: str | None = None) -> Page[Tenant]:
        """Return a part of those who have not left, newest first.

        Raises:
            InvalidInput: the limit is not 1..200, or the cursor none of ours.
        """
        here = select(tenants).where(tenants.c.deleted_at.is_(None))
        return self._page(here, (tenants.c.created_at, tenants.c.id), Tenant, limit, cursor)

    def hold(self, tenant_id: str) -> bool:
        """Let no other unit hold this tenant until this one ends.

        For decisions about many rows at once, such as a quota or who is the last owner. Begin the
        unit with it: whoever holds other rows first may meet another who does it the other way.
        """
        statement = select(tenants.c.id).where(tenants.c.id == tenant_id)
        return self._one(statement.with_for_update(key_share=True)) is not None

    def pretend(self, now: datetime) -> None:
        """Write something and take it back, which leaves nothing.

        A unit that finds nobody at an e-mail address does this: how long its commit takes must not
        tell it from one that did find somebody and counted their try.
        """
        nobody = Tenant(new_id(), "", Mode.ANONYMOUS, (), {}, now)
        self._insert(tenants, nobody)
        self._run(delete(tenants).where(tenants.c.id == nobody.id))

    def change(
        self,
        tenant_id: str,
        *,
        name: str | None = None,
        mode: Mode | None = None,
        purposes: Iterable[str] | None = None,
        settings: Mapping[str, Any] | None = None,
    ) -> bool:
        """Change what is given; return whether the tenant is there."""
        given = {"name": name, "mode": mode, "purposes": purposes, "settings": settings}
        values = {column: value for column, value in given.items() if value is not None}
        if not values:
            return self.find(tenant_id) is not None
        return self._changed(update(tenants).where(tenants.c.id == tenant_id).values(values)) > 0

    def leave(self, tenant_id: str, now: datetime) -> bool:
        """Note that a tenant has left; return whether they were here."""
        here = (tenants.c.id == tenant_id) & tenants.c.deleted_at.is_(None)
        return self._changed(update(tenants).where(here).values(deleted_at=now)) > 0

    def purge(self, tenant_id: str) -> bool:
        """Remove a tenant and every row they have, the audit chain too.

        Units that add rows meanwhile are waited for; later ones find no tenant.
        """
        self._run(select(tenants.c.id).where(tenants.c.id == tenant_id).with_for_update())
        for table in reversed(metadata.sorted_tables):
            if "tenant_id" in table.c:
                self._run(delete(table).where(table.c.tenant_id == tenant_id))
        return self._changed(delete(tenants).where(tenants.c.id == tenant_id)) > 0


@cache
def _by_id() -> Select[Any]:
    """Return what every act on a face asks: making the statement takes as long as running it."""
    return select(tenants).where(tenants.c.id == bindparam("tenant_id"))
