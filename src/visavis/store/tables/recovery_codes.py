"""Codes on paper, for those who lost their second factor."""

from sqlalchemy import Column

from visavis.store.columns import Id, Utc, Words
from visavis.store.tables.base import part_of, tenant_table

recovery_codes = tenant_table(
    "recovery_codes",
    Column("user_id", Id, primary_key=True),
    Column("code_hash", Words(128), primary_key=True),
    Column("used_at", Utc),
    part_of("users", "user_id", ondelete="CASCADE"),
)
