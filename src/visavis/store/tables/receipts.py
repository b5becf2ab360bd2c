"""Signed statements of what was done, such as an erasure."""

from sqlalchemy import Column, Index

from visavis.store.columns import Bytes, Id, Json, Utc, Words
from visavis.store.tables.base import tenant_table

receipts = tenant_table(
    "receipts",
    Column("id", Id, primary_key=True),
    Column("kind", Words(64), nullable=False),
    Column("at", Utc, nullable=False),
    Column("body", Json, nullable=False),
    Column("signature", Bytes(1024), nullable=False),
    Index(None, "tenant_id", "at", "id"),
)
