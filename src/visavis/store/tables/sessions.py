"""Logins, and the refresh tokens each has gone through."""

from sqlalchemy import Column, ForeignKeyConstraint, Index

from visavis.store.columns import Id, Utc, Words
from visavis.store.tables.base import part_of, table, tenant_table

LONGEST_AGENT = 400

sessions = tenant_table(
    "sessions",
    Column("id", Id, primary_key=True),
    Column("user_id", Id, nullable=False),
    Column("created_at", Utc, nullable=False),
    Column("last_seen_at", Utc, nullable=False),
    Column("expires_at", Utc, nullable=False),
    Column("revoked_at", Utc),
    Column("revoked_because", Words(200)),
    Column("user_agent", Words(LONGEST_AGENT), nullable=False),
    Column("address", Words(64), nullable=False),
    part_of("users", "user_id", ondelete="CASCADE"),
    Index(None, "tenant_id", "user_id", "created_at"),
    Index(None, "tenant_id", "expires_at"),
)

refresh_tokens = table(
    "refresh_tokens",
    Column("token_hash", Words(128), primary_key=True),
    Column("tenant_id", Id, nullable=False),
    Column("session_id", Id, nullable=False),
    Column("created_at", Utc, nullable=False),
    Column("expires_at", Utc, nullable=False),
    Column("used_at", Utc),
    ForeignKeyConstraint(
        ["tenant_id", "session_id"], ["sessions.tenant_id", "sessions.id"], ondelete="CASCADE"
    ),
    Index(None, "tenant_id", "session_id"),
)
