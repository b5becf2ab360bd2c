"""Rows of keys in memory: what a repository does, for tests of the ring alone."""

from dataclasses import dataclass, replace


@dataclass
class TenantRow:
    tenant_id: str
    purpose: str
    version: int
    root_id: str
    wrapped: bytes


@dataclass
class SubjectRow:
    tenant_id: str
    subject_id: str
    version: int
    tenant_key_version: int
    wrapped: bytes


class Taken(Exception):
    """Another unit added that version."""


class Rows:
    def __init__(self):
        self.tenants = {}
        self.subjects = {}

    def tenant_key(self, tenant_id, purpose, version=None):
        wanted = tenant_id, purpose
        found = [r for r in self.tenants.values() if (r.tenant_id, r.purpose) == wanted]
        return _pick(found, version)

    def tenant_keys(self, tenant_id):
        return [r for r in self.tenants.values() if r.tenant_id == tenant_id]

    def add_tenant_key(self, tenant_id, purpose, version, root_id, wrapped, now):
        row = TenantRow(tenant_id, purpose, version, root_id, wrapped)
        return _added(self.tenants, (tenant_id, purpose, version), row)

    def rewrap_tenant_key(self, tenant_id, old, root_id, wrapped):
        place = tenant_id, old.purpose, old.version
        self.tenants[place] = replace(old, root_id=root_id, wrapped=wrapped)
        return True

    def subject_key(self, tenant_id, subject_id, version=None):
        wanted = tenant_id, subject_id
        found = [r for r in self.subjects.values() if (r.tenant_id, r.subject_id) == wanted]
        return _pick(found, version)

    def add_subject_key(self, tenant_id, subject_id, version, tenant_key_version, wrapped, now):
        row = SubjectRow(tenant_id, subject_id, version, tenant_key_version, wrapped)
        return _added(self.subjects, (tenant_id, subject_id, version), row)

    def subject_keys_under(self, tenant_id, tenant_key_version, limit):
        wanted = tenant_id, tenant_key_version
        found = self.subjects.values()
        return [r for r in found if (r.tenant_id, r.tenant_key_version) == wanted][:limit]

    def rewrap_subject_key(self, tenant_id, old, tenant_key_version, wrapped):
        place = tenant_id, old.subject_id, old.version
        self.subjects[place] = replace(old, tenant_key_version=tenant_key_version, wrapped=wrapped)
        return True

    def destroy(self, tenant_id, subject_id):
        for place in [p for p in self.subjects if p[:2] == (tenant_id, subject_id)]:
            del self.subjects[place]


def _added(held, place, row):
    if place in held:
        raise Taken
    held[place] = row
    return row


def _pick(found, version):
    if version is not None:
        found = [row for row in found if row.version == version]
    return max(found, key=lambda row: row.version, default=None)
