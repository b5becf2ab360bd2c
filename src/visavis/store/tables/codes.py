"""Codes that came by mail."""

from sqlalchemy import Column, Index, Integer

from visavis.store.columns import Choice, Id, Utc, Words
from visavis.store.kinds import CodePurpose
from visavis.store.tables.base import part_of, tenant_table
from visavis.store.tables.users import LONGEST_EMAIL

codes = tenant_table(
    "codes",
    Column("id", Id, primary_key=True),
    Column("user_id", Id, nullable=False),
    Column("purpose", Choice(CodePurpose), nullable=False),
    Column("code_hash", Words(500), nullable=False),
    Column("sent_to", Words(LONGEST_EMAIL), nullable=False),
    Column("expires_at", Utc, nullable=False),
    Column("attempts_left", Integer, nullable=False),
    Column("created_at", Utc, nullable=False),
    Column("used_at", Utc),
    part_of("users", "user_id", ondelete="CASCADE"),
    Index(None, "tenant_id", "user_id", "purpose"),
)
