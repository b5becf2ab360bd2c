"""Keys of tenants and of subjects, each wrapped by the key above it.

The store sees only wrapped keys. Destroying a subject's is what makes all that was sealed for them
unreadable, wherever copies of it are.
"""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, delete, func, select, update

from visavis.store.page import MOST, check_limit
from visavis.store.repository import Repository
from visavis.store.tables.keys import deployment_keys, subject_keys, tenant_keys


@dataclass(frozen=True, slots=True)
class DeploymentKey:
    """A version of the key that all tenants share for one purpose.

    Attributes:
        purpose: What it protects, such as the signatures of access tokens.
        version: 1, 2, …
        root_id: Which root key wraps it.
        wrapped: The key, sealed.
        created_at: When it was made.
    """

    purpose: str
    version: int
    root_id: str
    wrapped: bytes = field(repr=False)
    created_at: datetime


@dataclass(frozen=True, slots=True)
class TenantKey:
    """A version of a tenant's key for one purpose.

    Attributes:
        tenant_id: Whose.
        purpose: What it protects.
        version: 1, 2, …
        root_id: Which root key wraps it.
        wrapped: The key, sealed.
        created_at: When it was made.
        retired_at: Since when it protects nothing new; None = it is in use.
    """

    tenant_id: str
    purpose: str
    version: int
    root_id: str
    wrapped: bytes = field(repr=False)
    created_at: datetime
    retired_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class SubjectKey:
    """A version of a subject's key.

    Attributes:
        tenant_id: Whose subject.
        subject_id: Whose key.
        version: 1, 2, …
        tenant_key_version: Which of the tenant's keys wraps it.
        wrapped: The key, sealed.
        created_at: When it was made.
    """

    tenant_id: str
    subject_id: str
    version: int
    tenant_key_version: int
    wrapped: bytes = field(repr=False)
    created_at: datetime


class Keys(Repository):
    """The wrapped keys of the deployment, its tenants and their subjects.

    The newest keys of a tenant are read once a unit: sealing, indexing and the audit log ask for
    them one after the other.
    """

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self._newest: dict[tuple[str, str], TenantKey] = {}

    def add_deployment_key(
        self, purpose: str, version: int, root_id: str, wrapped: bytes, now: datetime
    ) -> DeploymentKey:
        """Keep a new version of the deployment's key.

        Raises:
            AlreadyThere: somebody has just made this version; read that one.
        """
        key = DeploymentKey(purpose, version, root_id, wrapped, now)
        self._insert(deployment_keys, key)
        return key

    def deployment_keys(self, purpose: str | None = None) -> tuple[DeploymentKey, ...]:
        """Return all versions of the deployment's keys for a purpose or for all, newest first."""
        columns = deployment_keys.c
        wanted = select(deployment_keys)
        if purpose is not None:
            wanted = wanted.where(columns.purpose == purpose)
        rows = self._all(wanted.order_by(columns.purpose, columns.version.desc()))
        return tuple(DeploymentKey(**row) for row in rows)

    def hold_deployment_keys(self, purpose: str) -> bool:
        """Let no other unit hold these until this one ends; False where there are none.

        For decisions about the deployment as a whole, which has no row of its own.
        """
        columns = deployment_keys.c
        held = select(columns.version).where(columns.purpose == purpose).order_by(columns.version)
        return self._one(held.with_for_update(key_share=True)) is not None

    def rewrap_deployment_key(self, old: DeploymentKey, root_id: str, wrapped: bytes) -> bool:
        """Wrap the same key by another root key; False where somebody did meanwhile."""
        columns = deployment_keys.c
        same = (columns.purpose == old.purpose) & (columns.version == old.version)
        same &= columns.root_id == old.root_id
        statement = update(deployment_keys).where(same).values(root_id=root_id, wrapped=wrapped)
        return self._changed(statement) > 0

    def add_tenant_key(
        self,
        tenant_id: str,
        purpose: str,
        version: int,
        root_id: str,
        wrapped: bytes,
        now: datetime,
    ) -> TenantKey:
        """Keep a new version of the tenant's key.

        Raises:
            AlreadyThere: somebody has just made this version; read that one.
        """
        key = TenantKey(tenant_id, purpose, version, root_id, wrapped, now)
        self._newest.pop((tenant_id, purpose), None)
        self._insert(tenant_keys, key)
        return key

    def tenant_key(
        self, tenant_id: str, purpose: str, version: int | None = None
    ) -> TenantKey | None:
        """Return a version of the tenant's key; None = the newest."""
        if version is None:
            if (tenant_id, purpose) not in self._newest:
                self.tenant_keys(tenant_id)
            return self._newest.get((tenant_id, purpose))
        columns = tenant_keys.c
        wanted = (columns.tenant_id == tenant_id) & (columns.purpose == purpose)
        row = self._one(select(tenant_keys).where(wanted, columns.version == version))
        return TenantKey(**row) if row else None

    def tenant_keys(self, tenant_id: str) -> tuple[TenantKey, ...]:
        """Return all versions of all the tenant's keys."""
        theirs = select(tenant_keys).where(tenant_keys.c.tenant_id == tenant_id)
        rows = self._all(theirs.order_by(tenant_keys.c.purpose, tenant_keys.c.version))
        keys = tuple(TenantKey(**row) for row in rows)
        self._newest |= {(tenant_id, key.purpose): key for key in keys}  # the newest comes last
        return keys

    def rewrap_tenant_key(
        self, tenant_id: str, old: TenantKey, root_id: str, wrapped: bytes
    ) -> bool:
        """Wrap the same key by another root key; False where somebody did meanwhile."""
        self._newest.pop((tenant_id, old.purpose), None)
        columns = tenant_keys.c
        same = (columns.tenant_id == tenant_id) & (columns.purpose == old.purpose)
        same &= (columns.version == old.version) & (columns.root_id == old.root_id)
        statement = update(tenant_keys).where(same).values(root_id=root_id, wrapped=wrapped)
        return self._changed(statement) > 0

    def retire_tenant_key(self, tenant_id: str, purpose: str, version: int, now: datetime) -> bool:
        """Note that a version protects nothing new; False where that was noted before."""
        self._newest.pop((tenant_id, purpose), None)
        columns = tenant_keys.c
        used = (columns.tenant_id == tenant_id) & (columns.purpose == purpose)
        used &= (columns.version == version) & columns.retired_at.is_(None)
        return self._changed(update(tenant_keys).where(used).values(retired_at=now)) > 0

    def add_subject_key(
        self,
        tenant_id: str,
        subject_id: str,
        version: int,
        tenant_key_version: int,
        wrapped: bytes,
        now: datetime,
    ) -> SubjectKey:
        """Keep a new version of a subject's key.

        Raises:
            AlreadyThere: somebody has just made this version; read that one.
            NotThere: the tenant has no such subject.
        """
        key = SubjectKey(tenant_id, subject_id, version, tenant_key_version, wrapped, now)
        self._insert(subject_keys, key)
        return key

    def subject_key(
        self, tenant_id: str, subject_id: str, version: int | None = None
    ) -> SubjectKey | None:
        """Return a version of a subject's key; None = the newest."""
        wanted = _of(tenant_id, subject_id)
        if version is not None:
            wanted &= subject_keys.c.version == version
        newest = subject_keys.c.version.desc()
        row = self._one(select(subject_keys).where(wanted).order_by(newest).limit(1))
        return SubjectKey(**row) if row else None

    def subject_keys(self, tenant_id: str, subject_id: str) -> tuple[SubjectKey, ...]:
        """Return all versions of a subject's key."""
        theirs = select(subject_keys).where(_of(tenant_id, subject_id))
        rows = self._all(theirs.order_by(subject_keys.c.version))
        return tuple(SubjectKey(**row) for row in rows)

    def subject_keys_of(
        self, tenant_id: str, subject_ids: Collection[str]
    ) -> tuple[SubjectKey, ...]:
        """Return all versions of several subjects' keys, in one query."""
        columns = subject_keys.c
        theirs = (columns.tenant_id == tenant_id) & columns.subject_id.in_(subject_ids)
        rows = self._all(select(subject_keys).where(theirs))
        return tuple(SubjectKey(**row) for row in rows)

    def subject_keys_under(
        self, tenant_id: str, tenant_key_version: int, limit: int = MOST
    ) -> tuple[SubjectKey, ...]:
        """Return some of the keys that a version of the tenant's key wraps.

        To rewrap all of them, rewrap these and ask again until none is left.
        """
        columns = subject_keys.c
        under = (columns.tenant_id == tenant_id) & (
            columns.tenant_key_version == tenant_key_version
        )
        some = select(subject_keys).where(under).order_by(columns.subject_id, columns.version)
        rows = self._all(some.limit(check_limit(limit)))
        return tuple(SubjectKey(**row) for row in rows)

    def subject_keys_by_version(self, tenant_id: str) -> dict[int, int]:
        """Return how many subjects' keys each version of the tenant's key wraps."""
        version = subject_keys.c.tenant_key_version
        counts = select(version, func.count().label("keys")).group_by(version)
        rows = self._all(counts.where(subject_keys.c.tenant_id == tenant_id).order_by(version))
        return {row["tenant_key_version"]: row["keys"] for row in rows}

    def rewrap_subject_key(
        self, tenant_id: str, old: SubjectKey, tenant_key_version: int, wrapped: bytes
    ) -> bool:
        """Wrap the same key by another of the tenant's; False where somebody did meanwhile."""
        columns = subject_keys.c
        same = _of(tenant_id, old.subject_id) & (columns.version == old.version)
        same &= columns.tenant_key_version == old.tenant_key_version
        values = {"tenant_key_version": tenant_key_version, "wrapped": wrapped}
        return self._changed(update(subject_keys).where(same).values(values)) > 0

    def drop_subject_key(self, tenant_id: str, subject_id: str, version: int) -> bool:
        """Remove one version, which nothing is sealed with any more."""
        one = _of(tenant_id, subject_id) & (subject_keys.c.version == version)
        return self._changed(delete(subject_keys).where(one)) > 0

    def destroy_subject(self, tenant_id: str, subject_id: str) -> int:
        """Remove all versions of a subject's key; return how many there were."""
        return self._changed(delete(subject_keys).where(_of(tenant_id, subject_id)))


def _of(tenant_id: str, subject_id: str) -> ColumnElement[bool]:
    theirs = subject_keys.c.tenant_id == tenant_id
    return theirs & (subject_keys.c.subject_id == subject_id)
