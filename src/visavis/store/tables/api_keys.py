"""Keys of programs."""

from sqlalchemy import Column, Index, UniqueConstraint

from visavis.store.columns import Bytes, Id, Names, Utc, Words
from visavis.store.tables.base import part_of, tenant_table

MOST_SEALED_SECRET = 256
"""Bytes of a sealed secret; ours take 87."""

api_keys = tenant_table(
    "api_keys",
    Column("id", Id, primary_key=True),
    Column("user_id", Id, nullable=False),
    Column("name", Words(200), nullable=False),
    Column("secret_hash", Words(128), nullable=False),
    Column("scopes", Names, nullable=False),
    Column("created_at", Utc, nullable=False),
    Column("expires_at", Utc),
    Column("last_used_at", Utc),
    Column("revoked_at", Utc),
    Column("sealed_secret", Bytes(MOST_SEALED_SECRET)),
    UniqueConstraint("secret_hash"),
    part_of("users", "user_id", ondelete="CASCADE"),
    Index(None, "id"),
    Index(None, "tenant_id", "user_id"),
    Index(None, "tenant_id", "created_at", "id"),
)
