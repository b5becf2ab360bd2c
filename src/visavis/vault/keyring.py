"""The ring of keys: root key → keys of the deployment and of tenants → key of each subject.

Rows hold keys only wrapped: a tenant's under the root key, a subject's under the tenant's.
Destroying a subject's rows therefore destroys whatever was sealed under them, wherever copies of it
lie; so subjects' keys are never kept in memory beyond their use.

Every level can be rotated while the rest goes on: a new version is written first, what is older
still opens, then it is wrapped anew a few rows at a time.
"""

import threading
from collections import OrderedDict
from collections.abc import Iterable
from datetime import datetime

from visavis.vault.errors import KeyDestroyed, SealBroken
from visavis.vault.key_rows import DeploymentKeyRow, Rows, SubjectKeyRow, TenantKeyRow
from visavis.vault.root_keys import RootKeys
from visavis.vault.sealing import Context, DataKey, new_secret

SUBJECTS = "subjects"
"""Purpose of the tenant's key that wraps those of subjects."""

MOST_KEPT = 4096
"""Keys of tenants kept in memory: a few purposes of a thousand tenants."""


class Keyring:
    """Makes, opens and rotates keys; safe to use from several threads.

    Args:
        roots: Wraps the keys of tenants.
    """

    def __init__(self, roots: RootKeys) -> None:
        self._roots = roots
        self._lock = threading.Lock()
        self._kept: OrderedDict[tuple[str, str, int], bytes] = OrderedDict()

    @property
    def root_id(self) -> str:
        """Name of the root key under which keys are wrapped from now on."""
        return self._roots.current

    def deployment_secrets(self, rows: Rows, purpose: str, now: datetime) -> dict[int, bytes]:
        """Return all versions of a key that the tenants share, newest first; at least one.

        The first call makes version 1.
        """
        found = rows.deployment_keys(purpose) or [self._add_deployment_key(rows, purpose, 1, now)]
        return {
            row.version: self._roots.unwrap(row.wrapped, _of_deployment(row), row.root_id)
            for row in found
        }

    def rotate_deployment(self, rows: Rows, purpose: str, now: datetime) -> int:
        """Make the next version of a key that the tenants share and return its number."""
        newest = max(self.deployment_secrets(rows, purpose, now))
        self._add_deployment_key(rows, purpose, newest + 1, now)
        return newest + 1

    def rewrap_deployment(self, rows: Rows) -> int:
        """Wrap the shared keys under the current root key; return how many were not."""
        current = self._roots.current
        older = [row for row in rows.deployment_keys() if row.root_id != current]
        for row in older:
            context = _of_deployment(row)
            secret = self._roots.unwrap(row.wrapped, context, row.root_id)
            rows.rewrap_deployment_key(row, current, self._roots.wrap(secret, context))
        return len(older)

    def tenant_secret(
        self, rows: Rows, tenant_id: str, purpose: str, now: datetime
    ) -> tuple[int, bytes]:
        """Return version and 32 bytes of the tenant's newest key; the first call makes it."""
        row = rows.tenant_key(tenant_id, purpose)
        if row is None:
            row = self._add_tenant_key(rows, tenant_id, purpose, 1, now)
        return row.version, self._opened(row)

    def tenant_version(self, rows: Rows, tenant_id: str, purpose: str, version: int) -> bytes:
        """Return the 32 bytes of one version of a tenant's key.

        Raises:
            KeyDestroyed: there is none.
        """
        if kept := self._kept.get((tenant_id, purpose, version)):
            return kept
        row = rows.tenant_key(tenant_id, purpose, version)
        if row is None:
            raise KeyDestroyed(f"version {version} of the {purpose} key is gone")
        return self._opened(row)

    def subject_key(
        self, rows: Rows, tenant_id: str, subject_id: str, version: int | None = None
    ) -> DataKey:
        """Return a subject's key: one version, or the newest.

        Raises:
            KeyDestroyed: the subject was erased, or never had one.
        """
        row = rows.subject_key(tenant_id, subject_id, version)
        if row is None:
            raise KeyDestroyed("the subject's key is gone: what was sealed under it stays closed")
        wrapping = self._wrapping(rows, tenant_id, row.tenant_key_version)
        return DataKey.of(row.version, wrapping.unseal(row.wrapped, _of_subject(row)))

    def subject_keys(
        self, rows: Rows, found: Iterable[SubjectKeyRow]
    ) -> dict[tuple[str, int], DataKey]:
        """Open keys of subjects that were read already; what wraps them is opened once.

        Returns:
            By subject and version; one that does not open is left out.
        """
        wrapping: dict[tuple[str, int], DataKey] = {}
        keys: dict[tuple[str, int], DataKey] = {}
        for row in found:
            if (who := (row.subject_id, row.version)) in keys:
                continue
            under = row.tenant_id, row.tenant_key_version
            try:
                if under not in wrapping:
                    wrapping[under] = self._wrapping(rows, *under)
                secret = wrapping[under].unseal(row.wrapped, _of_subject(row))
                keys[who] = DataKey.of(row.version, secret)
            except (KeyDestroyed, SealBroken):
                continue
        return keys

    def new_subject_key(
        self, rows: Rows, tenant_id: str, subject_id: str, now: datetime
    ) -> DataKey:
        """Make the next version of a subject's key, the first one included, and return it.

        What was sealed under an older one still opens until it is sealed anew.
        """
        newest = rows.subject_key(tenant_id, subject_id)
        version = newest.version + 1 if newest else 1
        under, _ = self.tenant_secret(rows, tenant_id, SUBJECTS, now)
        secret, context = new_secret(), _subject_context(tenant_id, subject_id, version)
        wrapped = self._wrapping(rows, tenant_id, under).seal(secret, context)
        rows.add_subject_key(tenant_id, subject_id, version, under, wrapped, now)
        return DataKey.of(version, secret)

    def rewrap_tenant(self, rows: Rows, tenant_id: str) -> int:
        """Wrap a tenant's keys under the current root key; return how many were not."""
        current = self._roots.current
        older = [row for row in rows.tenant_keys(tenant_id) if row.root_id != current]
        for row in older:
            wrapped = self._roots.wrap(self._opened(row), _of_tenant(row))
            rows.rewrap_tenant_key(tenant_id, row, current, wrapped)
        return len(older)

    def rotate_tenant(self, rows: Rows, tenant_id: str, purpose: str, now: datetime) -> int:
        """Make the next version of a tenant's key and return its number."""
        newest, _ = self.tenant_secret(rows, tenant_id, purpose, now)
        self._add_tenant_key(rows, tenant_id, purpose, newest + 1, now)
        return newest + 1

    def rewrap_subjects(self, rows: Rows, tenant_id: str, now: datetime, limit: int = 200) -> int:
        """Wrap some subjects' keys under the tenant's newest; return how many, 0 = all done."""
        newest, _ = self.tenant_secret(rows, tenant_id, SUBJECTS, now)
        wrapping = self._wrapping(rows, tenant_id, newest)
        for version in range(1, newest):
            if found := rows.subject_keys_under(tenant_id, version, limit):
                older = self._wrapping(rows, tenant_id, version)
                for row in found:
                    context = _of_subject(row)
                    wrapped = wrapping.seal(older.unseal(row.wrapped, context), context)
                    rows.rewrap_subject_key(tenant_id, row, newest, wrapped)
                return len(found)
        return 0

    def forget(self, tenant_id: str) -> None:
        """Drop a tenant's keys from memory, as when the tenant is deleted."""
        with self._lock:
            for place in [place for place in self._kept if place[0] == tenant_id]:
                del self._kept[place]

    def _wrapping(self, rows: Rows, tenant_id: str, version: int) -> DataKey:
        return DataKey.of(version, self.tenant_version(rows, tenant_id, SUBJECTS, version))

    def _add_deployment_key(
        self, rows: Rows, purpose: str, version: int, now: datetime
    ) -> DeploymentKeyRow:
        wrapped = self._roots.wrap(new_secret(), _deployment_context(purpose, version))
        current = self._roots.current
        row: DeploymentKeyRow = rows.add_deployment_key(purpose, version, current, wrapped, now)
        return row

    def _add_tenant_key(
        self, rows: Rows, tenant_id: str, purpose: str, version: int, now: datetime
    ) -> TenantKeyRow:
        context = _tenant_context(tenant_id, purpose, version)
        wrapped = self._roots.wrap(new_secret(), context)
        current = self._roots.current
        row: TenantKeyRow = rows.add_tenant_key(tenant_id, purpose, version, current, wrapped, now)
        return row

    def _opened(self, row: TenantKeyRow) -> bytes:
        """Return a tenant's key, from memory where it was opened before."""
        place = row.tenant_id, row.purpose, row.version
        with self._lock:
            if kept := self._kept.get(place):
                self._kept.move_to_end(place)
                return kept
        secret = self._roots.unwrap(row.wrapped, _of_tenant(row), row.root_id)
        with self._lock:
            self._kept[place] = secret
            while len(self._kept) > MOST_KEPT:
                self._kept.popitem(last=False)
        return secret


def _deployment_context(purpose: str, version: int) -> Context:
    return Context("", "", f"key:{purpose}:{version}")


def _of_deployment(row: DeploymentKeyRow) -> Context:
    return _deployment_context(row.purpose, row.version)


def _tenant_context(tenant_id: str, purpose: str, version: int) -> Context:
    return Context(tenant_id, "", f"key:{purpose}:{version}")


def _of_tenant(row: TenantKeyRow) -> Context:
    return _tenant_context(row.tenant_id, row.purpose, row.version)


def _subject_context(tenant_id: str, subject_id: str, version: int) -> Context:
    return Context(tenant_id, subject_id, f"key:{version}")


def _of_subject(row: SubjectKeyRow) -> Context:
    return _subject_context(row.tenant_id, row.subject_id, row.version)
