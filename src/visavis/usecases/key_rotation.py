"""Rotation of keys, each level while everything goes on.

Root key → key of the tenant → key of each subject → what is sealed. A rotation makes the next
version first; from then on it protects what is new, and what is older still opens. Then what lies
under the older version is wrapped or sealed anew, a little at a time, and an older key of a subject
goes once nothing needs it. What was stopped half way is done again by the next rotation.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import partial

from visavis.credentials.roles import Permission
from visavis.store.work import Work
from visavis.usecases import (
    audit,
    gallery_codes,
    reading_all,
    receipts,
    second_factor,
    subject_profiles,
)
from visavis.usecases.actor import SYSTEM, Actor
from visavis.usecases.ground import Ground
from visavis.usecases.resealing import Resealing
from visavis.vault import keyring

ROTATED, REWRAPPED = "keys.rotated", "keys.rewrapped"
"""What the audit log calls it."""


class Level(StrEnum):
    """Which keys of a tenant are rotated."""

    TENANT = "tenant"
    SUBJECTS = "subjects"
    CODES = "codes"
    REFERENCES = "references"
    SECOND_FACTOR = "second_factor"
    AUDIT = "audit"
    RECEIPTS = "receipts"

    @property
    def meaning(self) -> str:
        """Say in one line what they protect, and what their rotation does."""
        return _MEANINGS[self]


_MEANINGS = {
    Level.TENANT: "The key that wraps the keys of all people; each of theirs is wrapped anew.",
    Level.SUBJECTS: "The key of every person; all that is sealed for them is sealed anew.",
    Level.CODES: "The secret of the codes that are searched; each is made anew meanwhile.",
    Level.REFERENCES: "The key by which people are found by reference; references are noted anew.",
    Level.SECOND_FACTOR: "The key that seals the second factors of users; each is sealed anew.",
    Level.AUDIT: "The key that binds new entries of the audit log; older entries keep theirs.",
    Level.RECEIPTS: "The key that signs new receipts; older receipts stay genuine.",
}

_PURPOSES = {
    Level.TENANT: keyring.SUBJECTS,
    Level.CODES: gallery_codes.CODES,
    Level.REFERENCES: subject_profiles.REFERENCES,
    Level.SECOND_FACTOR: second_factor.PURPOSE,
    Level.AUDIT: audit.PURPOSE,
    Level.RECEIPTS: receipts.PURPOSE,
}
"""What the tenant's key of a level is for; subjects have keys of their own."""


@dataclass(frozen=True, slots=True)
class KeyVersion:
    """A version of a key of the tenant.

    Attributes:
        purpose: What it protects.
        version: 1, 2, …
        root_id: Which root key wraps it.
        created_at: When it was made.
        retired_at: Since when it protects nothing new; None = it is in use.
        wraps: How many keys of subjects lie under it.
    """

    purpose: str
    version: int
    root_id: str
    created_at: datetime
    retired_at: datetime | None
    wraps: int


@dataclass(frozen=True, slots=True)
class VaultState:
    """The keys of a tenant.

    Attributes:
        root_id: The root key under which this process wraps new keys.
        keys: All versions of all the tenant's keys.
        subject_keys: How many keys of subjects there are.
    """

    root_id: str
    keys: tuple[KeyVersion, ...]
    subject_keys: int


@dataclass(frozen=True, slots=True)
class Rotated:
    """What a rotation did.

    Attributes:
        level: Of which keys.
        version: The new version; None where each subject has their own, or there was no key.
        renewed: How much was wrapped or sealed anew.
    """

    level: Level
    version: int | None
    renewed: int


@dataclass(frozen=True, slots=True)
class Rewrapped:
    """How many keys lay under older ones and were wrapped anew.

    Attributes:
        deployment: Keys that all tenants share.
        tenants: Keys of tenants.
        subjects: Keys of subjects.
    """

    deployment: int
    tenants: int
    subjects: int


class KeyRotation:
    """Shows and rotates keys; safe to use from several threads and processes.

    Args:
        ground: Of the deployment.
        renew_codes: Makes all codes of a tenant anew; None = the next search does.
    """

    def __init__(self, ground: Ground, renew_codes: Callable[[str], int] | None = None) -> None:
        self._ground = ground
        self._resealing = Resealing(ground)
        self._renewals: dict[Level, Callable[[str], int] | None] = {
            Level.TENANT: self._resealing.wrap_subject_keys,
            Level.CODES: renew_codes,
            Level.REFERENCES: self._resealing.references,
            Level.SECOND_FACTOR: self._resealing.second_factors,
        }

    def state(self, actor: Actor) -> VaultState:
        """Return which keys the actor's tenant has; never the keys themselves."""
        actor.require(Permission.PRIVACY_READ)
        return self.state_of(actor.tenant_id)

    def rotate(self, actor: Actor, level: Level) -> Rotated:
        """Rotate the keys of a level; returns once everything is renewed."""
        actor.require(Permission.PRIVACY_WRITE)
        return self.rotate_for(actor.tenant_id, level, actor.id)

    def rotate_tenant(self, actor: Actor) -> Rotated:
        """Rotate the key that wraps the keys of all subjects."""
        return self.rotate(actor, Level.TENANT)

    def rotate_subject(self, actor: Actor, subject_id: str) -> int:
        """Rotate the key of one subject; return how many values were sealed anew.

        Raises:
            NotFound: there is none of this id, or they were erased.
        """
        actor.require(Permission.PRIVACY_WRITE)

        def note(work: Work, version: int) -> None:
            told = {"level": "subject", "version": version}
            now, ids = self._ground.clock(), (actor.tenant_id, actor.id)
            self._ground.audit.note(work, *ids, ROTATED, now, subject_id, told)

        return self._resealing.subject(actor.tenant_id, subject_id, note)

    def state_of(self, tenant_id: str) -> VaultState:
        """Return which keys a tenant has, for programs of the machine itself."""
        with self._ground.store.reading() as work:
            rows = work.keys.tenant_keys(tenant_id)
            wraps = work.keys.subject_keys_by_version(tenant_id)
        keys = tuple(
            KeyVersion(
                purpose=row.purpose,
                version=row.version,
                root_id=row.root_id,
                created_at=row.created_at,
                retired_at=row.retired_at,
                wraps=wraps.get(row.version, 0) if row.purpose == keyring.SUBJECTS else 0,
            )
            for row in rows
        )
        return VaultState(self._ground.keyring.root_id, keys, sum(wraps.values()))

    def rotate_for(self, tenant_id: str, level: Level, by: str = SYSTEM) -> Rotated:
        """Rotate keys of a tenant, for programs of the machine itself.

        Args:
            tenant_id: Whose.
            level: Which.
            by: What the audit log calls who does it.
        """
        store = self._ground.store
        if level is Level.SUBJECTS:
            # Noted before it begins: one that is stopped half way has rotated some.
            store.run(lambda work: self._note(work, tenant_id, by, level, None))
            return Rotated(level, None, self._resealing.subjects(tenant_id))
        version = store.run(lambda work: self._next(work, tenant_id, by, level))
        renew = self._renewals.get(level)
        return Rotated(level, version, renew(tenant_id) if version and renew else 0)

    def rewrap(self) -> Rewrapped:
        """Wrap every key of every tenant anew that lies under an older one.

        To be called once a new root key is in front of the others. Processes that started before
        wrap under the one that was there then: once they have started again, call it once more,
        before an older root key is taken away.
        """
        store, ring = self._ground.store, self._ground.keyring
        deployment = store.run(lambda work: ring.rewrap_deployment(work.keys))
        tenants = subjects = 0
        for tenant_id in [tenant.id for tenant in reading_all.tenants(store)]:
            tenants += store.run(partial(self._rewrap, tenant_id))
            subjects += self._resealing.wrap_subject_keys(tenant_id)
        return Rewrapped(deployment, tenants, subjects)

    def _next(self, work: Work, tenant_id: str, by: str, level: Level) -> int | None:
        """Make the next version of a key; None where there is none yet."""
        work.tenants.hold(tenant_id)  # two that rotate make two versions, one after the other
        now, purpose = self._ground.clock(), _PURPOSES[level]
        old = work.keys.tenant_key(tenant_id, purpose)
        if old is None:
            return None
        version = self._ground.keyring.rotate_tenant(work.keys, tenant_id, purpose, now)
        work.keys.retire_tenant_key(tenant_id, purpose, old.version, now)
        self._note(work, tenant_id, by, level, version)
        return version

    def _note(self, work: Work, tenant_id: str, by: str, level: Level, version: int | None) -> None:
        told = {"level": level.value, "version": version}
        self._ground.audit.note(work, tenant_id, by, ROTATED, self._ground.clock(), details=told)

    def _rewrap(self, tenant_id: str, work: Work) -> int:
        """Wrap a tenant's keys under the current root key."""
        ring, now = self._ground.keyring, self._ground.clock()
        count = ring.rewrap_tenant(work.keys, tenant_id)
        if count:
            told = {"root_id": ring.root_id, "keys": count}
            self._ground.audit.note(work, tenant_id, SYSTEM, REWRAPPED, now, details=told)
        return count
