"""How the ring of keys meets the rows that hold them, wrapped."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Protocol, TypeAlias, TypeVar

_DeploymentKey = TypeVar("_DeploymentKey", bound="DeploymentKeyRow")
_TenantKey = TypeVar("_TenantKey", bound="TenantKeyRow")
_SubjectKey = TypeVar("_SubjectKey", bound="SubjectKeyRow")


class DeploymentKeyRow(Protocol):
    """A key of the whole deployment as it is stored."""

    @property
    def purpose(self) -> str:
        """What it protects."""

    @property
    def version(self) -> int:
        """1 and up."""

    @property
    def root_id(self) -> str:
        """Which root key wraps it."""

    @property
    def wrapped(self) -> bytes:
        """The key, sealed."""


class TenantKeyRow(Protocol):
    """A tenant's key as it is stored."""

    @property
    def tenant_id(self) -> str:
        """Whose."""

    @property
    def purpose(self) -> str:
        """What it protects."""

    @property
    def version(self) -> int:
        """1 and up."""

    @property
    def root_id(self) -> str:
        """Which root key wraps it."""

    @property
    def wrapped(self) -> bytes:
        """The key, sealed."""


class SubjectKeyRow(Protocol):
    """A subject's key as it is stored."""

    @property
    def tenant_id(self) -> str:
        """Whose."""

    @property
    def subject_id(self) -> str:
        """Whose."""

    @property
    def version(self) -> int:
        """1 and up."""

    @property
    def tenant_key_version(self) -> int:
        """Which of the tenant's keys wraps it."""

    @property
    def wrapped(self) -> bytes:
        """The key, sealed."""


class KeyRows(Protocol[_DeploymentKey, _TenantKey, _SubjectKey]):
    """Where wrapped keys are stored: the repository of one unit of work.

    Adding a version that another unit has just added raises: the unit is then done again and finds
    it.
    """

    def deployment_keys(self, purpose: str | None = None) -> Sequence[_DeploymentKey]:
        """Return all versions for a purpose or for all, newest first."""

    def add_deployment_key(
        self, purpose: str, version: int, root_id: str, wrapped: bytes, now: datetime
    ) -> _DeploymentKey:
        """Store a new version."""

    def rewrap_deployment_key(self, old: _DeploymentKey, root_id: str, wrapped: bytes) -> bool:
        """Replace how a key is wrapped; False where another unit did meanwhile."""

    def tenant_key(
        self, tenant_id: str, purpose: str, version: int | None = None
    ) -> _TenantKey | None:
        """Return one version, or the newest."""

    def tenant_keys(self, tenant_id: str) -> Sequence[_TenantKey]:
        """Return all versions for all purposes."""

    def add_tenant_key(
        self,
        tenant_id: str,
        purpose: str,
        version: int,
        root_id: str,
        wrapped: bytes,
        now: datetime,
    ) -> _TenantKey:
        """Store a new version."""

    def rewrap_tenant_key(
        self, tenant_id: str, old: _TenantKey, root_id: str, wrapped: bytes
    ) -> bool:
        """Replace how a key is wrapped; False where another unit did meanwhile."""

    def subject_key(
        self, tenant_id: str, subject_id: str, version: int | None = None
    ) -> _SubjectKey | None:
        """Return one version, or the newest."""

    def add_subject_key(
        self,
        tenant_id: str,
        subject_id: str,
        version: int,
        tenant_key_version: int,
        wrapped: bytes,
        now: datetime,
    ) -> _SubjectKey:
        """Store a new version."""

    def subject_keys_under(
        self, tenant_id: str, tenant_key_version: int, limit: int
    ) -> Sequence[_SubjectKey]:
        """Return some keys that are wrapped under a version of the tenant's key."""

    def rewrap_subject_key(
        self, tenant_id: str, old: _SubjectKey, tenant_key_version: int, wrapped: bytes
    ) -> bool:
        """Replace how a key is wrapped; False where another unit did meanwhile."""


Rows: TypeAlias = KeyRows[Any, Any, Any]
