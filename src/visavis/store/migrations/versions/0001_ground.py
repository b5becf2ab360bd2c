"""The ground: accounts, faces and what protects them, records."""

from collections.abc import Sequence
from typing import NamedTuple

from alembic import op
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKeyConstraint,
    Integer,
    PrimaryKeyConstraint,
    UniqueConstraint,
)

from visavis.store.columns import Bytes, Id, Json, Names, Prose, Utc, Words
from visavis.store.migrations.waits import limit_waits

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


class _Parent(NamedTuple):
    """A table whose rows are named, by which columns, and what happens when one goes."""

    table: str
    columns: tuple[str, ...]
    names: tuple[str, ...]
    ondelete: str | None = None


_TENANT = _Parent("tenants", ("tenant_id",), ("id",))
_USER = _Parent("users", ("tenant_id", "user_id"), ("tenant_id", "id"), "CASCADE")
_SUBJECT = _Parent("subjects", ("tenant_id", "subject_id"), ("tenant_id", "id"), "CASCADE")
_TABLES = """
    tenants users codes recovery_codes sessions refresh_tokens api_keys
    subjects tenant_keys subject_keys sealed notices consents
    retention receipts audit_entries audit_heads blobs blob_uses
"""


def upgrade() -> None:
    """Make all tables."""
    limit_waits()
    _accounts()
    _faces()
    _records()


def downgrade() -> None:
    """Remove all tables and everything in them."""
    limit_waits()
    for table in reversed(_TABLES.split()):
        op.drop_table(table)


def _accounts() -> None:
    _create(
        "tenants",
        [
            Column("id", Id, nullable=False),
            Column("name", Words(200), nullable=False),
            Column("mode", Words(32), nullable=False),
            Column("purposes", Names, nullable=False),
            Column("settings", Json, nullable=False),
            Column("created_at", Utc, nullable=False),
            Column("deleted_at", Utc),
        ],
        key=("id",),
        indexes=[("created_at", "id")],
    )
    _create_tenants(
        "users",
        [
            Column("id", Id, nullable=False),
            Column("email", Words(320), nullable=False),
            Column("full_name", Words(200), nullable=False),
            Column("password_hash", Words(500), nullable=False),
            Column("role", Words(32), nullable=False),
            Column("state", Words(32), nullable=False),
            Column("failed_logins", Integer, nullable=False),
            Column("locked_until", Utc),
            Column("totp_sealed", Bytes(1024)),
            Column("totp_since", Utc),
            Column("totp_step", BigInteger),
            Column("password_changed_at", Utc, nullable=False),
            Column("created_at", Utc, nullable=False),
            Column("last_login_at", Utc),
        ],
        key=("id",),
        unique=[("email",)],
        indexes=[("tenant_id", "created_at", "id")],
    )
    _create_tenants(
        "codes",
        [
            Column("id", Id, nullable=False),
            Column("user_id", Id, nullable=False),
            Column("purpose", Words(32), nullable=False),
            Column("code_hash", Words(500), nullable=False),
            Column("sent_to", Words(320), nullable=False),
            Column("expires_at", Utc, nullable=False),
            Column("attempts_left", Integer, nullable=False),
            Column("created_at", Utc, nullable=False),
            Column("used_at", Utc),
        ],
        key=("id",),
        parents=[_USER],
        indexes=[("tenant_id", "user_id", "purpose")],
    )
    _create_tenants(
        "recovery_codes",
        [
            Column("user_id", Id, nullable=False),
            Column("code_hash", Words(128), nullable=False),
            Column("used_at", Utc),
        ],
        key=("user_id", "code_hash"),
        parents=[_USER],
    )
    _create_tenants(
        "sessions",
        [
            Column("id", Id, nullable=False),
            Column("user_id", Id, nullable=False),
            Column("created_at", Utc, nullable=False),
            Column("last_seen_at", Utc, nullable=False),
            Column("expires_at", Utc, nullable=False),
            Column("revoked_at", Utc),
            Column("revoked_because", Words(200)),
            Column("user_agent", Words(400), nullable=False),
            Column("address", Words(64), nullable=False),
        ],
        key=("id",),
        parents=[_USER],
        indexes=[("tenant_id", "expires_at"), ("tenant_id", "user_id", "created_at")],
    )
    _create(
        "refresh_tokens",
        [
            Column("token_hash", Words(128), nullable=False),
            Column("tenant_id", Id, nullable=False),
            Column("session_id", Id, nullable=False),
            Column("created_at", Utc, nullable=False),
            Column("expires_at", Utc, nullable=False),
            Column("used_at", Utc),
        ],
        key=("token_hash",),
        parents=[_Parent("sessions", ("tenant_id", "session_id"), ("tenant_id", "id"), "CASCADE")],
        indexes=[("tenant_id", "session_id")],
    )
    _create_tenants(
        "api_keys",
        [
            Column("id", Id, nullable=False),
            Column("user_id", Id, nullable=False),
            Column("name", Words(200), nullable=False),
            Column("secret_hash", Words(128), nullable=False),
            Column("scopes", Names, nullable=False),
            Column("created_at", Utc, nullable=False),
            Column("expires_at", Utc),
            Column("last_used_at", Utc),
            Column("revoked_at", Utc),
        ],
        key=("id",),
        parents=[_USER],
        unique=[("secret_hash",)],
        indexes=[("tenant_id", "created_at", "id"), ("tenant_id", "user_id")],
    )


def _faces() -> None:
    _create_tenants(
        "subjects",
        [
            Column("id", Id, nullable=False),
            Column("reference", Words(200)),
            Column("created_at", Utc, nullable=False),
            Column("erased_at", Utc),
            Column("adult", Boolean),
        ],
        key=("id",),
        unique=[("tenant_id", "reference")],
        indexes=[("tenant_id", "created_at", "id")],
    )
    _create_tenants(
        "tenant_keys",
        [
            Column("purpose", Words(64), nullable=False),
            Column("version", Integer, nullable=False),
            Column("root_id", Words(64), nullable=False),
            Column("wrapped", Bytes(1024), nullable=False),
            Column("created_at", Utc, nullable=False),
            Column("retired_at", Utc),
        ],
        key=("purpose", "version"),
    )
    _create_tenants(
        "subject_keys",
        [
            Column("subject_id", Id, nullable=False),
            Column("version", Integer, nullable=False),
            Column("tenant_key_version", Integer, nullable=False),
            Column("wrapped", Bytes(1024), nullable=False),
            Column("created_at", Utc, nullable=False),
        ],
        key=("subject_id", "version"),
        parents=[_SUBJECT],
        indexes=[("tenant_id", "tenant_key_version")],
    )
    _create_tenants(
        "sealed",
        [
            Column("id", Id, nullable=False),
            Column("subject_id", Id, nullable=False),
            Column("purpose", Words(64), nullable=False),
            Column("key_version", Integer, nullable=False),
            Column("data", Bytes(65536), nullable=False),
            Column("meta", Json, nullable=False),
            Column("created_at", Utc, nullable=False),
        ],
        key=("id",),
        parents=[_SUBJECT],
        indexes=[
            ("tenant_id", "purpose", "created_at", "id"),
            ("tenant_id", "subject_id", "purpose"),
        ],
    )
    _create_tenants(
        "notices",
        [
            Column("id", Id, nullable=False),
            Column("purpose", Words(64), nullable=False),
            Column("version", Integer, nullable=False),
            Column("language", Words(35), nullable=False),
            Column("text", Prose(100000), nullable=False),
            Column("created_at", Utc, nullable=False),
        ],
        key=("id",),
        unique=[("tenant_id", "purpose", "version", "language")],
        indexes=[("tenant_id", "created_at", "id")],
    )
    _create_tenants(
        "consents",
        [
            Column("id", Id, nullable=False),
            Column("subject_id", Id, nullable=False),
            Column("purpose", Words(64), nullable=False),
            Column("notice_id", Id, nullable=False),
            Column("method", Words(32), nullable=False),
            Column("given_at", Utc, nullable=False),
            Column("given_by", Words(200), nullable=False),
            Column("recorded_by", Words(64), nullable=False),
            Column("evidence", Prose(10000), nullable=False),
            Column("expires_at", Utc),
            Column("withdrawn_at", Utc),
            Column("withdrawn_by", Words(200)),
            Column("created_at", Utc, nullable=False),
        ],
        key=("id",),
        parents=[_Parent("notices", ("tenant_id", "notice_id"), ("tenant_id", "id")), _SUBJECT],
        indexes=[
            ("tenant_id", "created_at", "id"),
            ("tenant_id", "notice_id"),
            ("tenant_id", "subject_id", "purpose"),
        ],
    )


def _records() -> None:
    _create_tenants(
        "retention",
        [
            Column("what", Words(64), nullable=False),
            Column("days", Integer, nullable=False),
        ],
        key=("what",),
    )
    _create_tenants(
        "receipts",
        [
            Column("id", Id, nullable=False),
            Column("kind", Words(64), nullable=False),
            Column("at", Utc, nullable=False),
            Column("body", Json, nullable=False),
            Column("signature", Bytes(1024), nullable=False),
        ],
        key=("id",),
        indexes=[("tenant_id", "at", "id")],
    )
    _create_tenants(
        "audit_entries",
        [
            Column("seq", BigInteger, nullable=False),
            Column("at", Utc, nullable=False),
            Column("actor", Words(200), nullable=False),
            Column("action", Words(64), nullable=False),
            Column("subject_id", Id),
            Column("details", Json, nullable=False),
            Column("mac", Bytes(64), nullable=False),
        ],
        key=("seq",),
        indexes=[("tenant_id", "subject_id", "seq")],
    )
    _create_tenants(
        "audit_heads",
        [
            Column("seq", BigInteger, nullable=False),
            Column("mac", Bytes(64), nullable=False),
            Column("anchor", Bytes(1024)),
        ],
        key=(),
    )
    _create_tenants(
        "blobs",
        [
            Column("sha256", Words(64), nullable=False),
            Column("size", BigInteger, nullable=False),
            Column("media_type", Words(100), nullable=False),
            Column("created_at", Utc, nullable=False),
        ],
        key=("sha256",),
        indexes=[("tenant_id", "created_at")],
    )
    _create_tenants(
        "blob_uses",
        [
            Column("sha256", Words(64), nullable=False),
            Column("owner_kind", Words(64), nullable=False),
            Column("owner_id", Words(64), nullable=False),
            Column("subject_id", Id),
            Column("created_at", Utc, nullable=False),
        ],
        key=("sha256", "owner_kind", "owner_id"),
        parents=[_Parent("blobs", ("tenant_id", "sha256"), ("tenant_id", "sha256")), _SUBJECT],
        indexes=[("tenant_id", "owner_kind", "owner_id"), ("tenant_id", "subject_id")],
    )


def _create_tenants(
    table: str,
    columns: Sequence[Column[object]],
    key: Sequence[str],
    parents: Sequence[_Parent] = (),
    unique: Sequence[Sequence[str]] = (),
    indexes: Sequence[Sequence[str]] = (),
) -> None:
    """Make a table of rows that belong to tenants."""
    columns = [Column("tenant_id", Id, nullable=False), *columns]
    _create(table, columns, ("tenant_id", *key), (_TENANT, *parents), unique, indexes)


def _create(
    table: str,
    columns: Sequence[Column[object]],
    key: Sequence[str],
    parents: Sequence[_Parent] = (),
    unique: Sequence[Sequence[str]] = (),
    indexes: Sequence[Sequence[str]] = (),
) -> None:
    op.create_table(
        table,
        *columns,
        PrimaryKeyConstraint(*key, name=f"pk_{table}"),
        *(
            ForeignKeyConstraint(
                parent.columns,
                [f"{parent.table}.{name}" for name in parent.names],
                name="_".join(("fk", table, *parent.columns, parent.table)),
                ondelete=parent.ondelete,
            )
            for parent in parents
        ),
        *(UniqueConstraint(*names, name="_".join(("uq", table, *names))) for names in unique),
        mysql_engine="InnoDB",
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
    )
    for names in indexes:
        op.create_index("_".join(("ix", table, *names)), table, [*names])
