"""Templates and other sealed data of subjects."""

from sqlalchemy import Column, Index, Integer

from visavis.store.columns import Bytes, Id, Json, Utc, Words
from visavis.store.tables.base import part_of, tenant_table

MOST_SEALED = 64 * 1024
"""Bytes of one sealed value."""

sealed = tenant_table(
    "sealed",
    Column("id", Id, primary_key=True),
    Column("subject_id", Id, nullable=False),
    Column("purpose", Words(64), nullable=False),
    Column("key_version", Integer, nullable=False),
    Column("data", Bytes(MOST_SEALED), nullable=False),
    Column("meta", Json, nullable=False),
    Column("created_at", Utc, nullable=False),
    part_of("subjects", "subject_id", ondelete="CASCADE"),
    Index(None, "tenant_id", "subject_id", "purpose"),
    Index(None, "tenant_id", "purpose", "created_at", "id"),
)
