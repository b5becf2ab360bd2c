"""The chain of what was done, and where it ends."""

from sqlalchemy import BigInteger, Column, Index

from visavis.store.columns import Bytes, Id, Json, Utc, Words
from visavis.store.tables.base import tenant_table

audit_entries = tenant_table(
    "audit_entries",
    Column("seq", BigInteger, primary_key=True),
    Column("at", Utc, nullable=False),
    Column("actor", Words(200), nullable=False),
    Column("action", Words(64), nullable=False),
    Column("subject_id", Id),  # no foreign key: entries outlive whom they tell of
    Column("details", Json, nullable=False),
    Column("mac", Bytes(64), nullable=False),
    Index(None, "tenant_id", "subject_id", "seq"),
)

audit_heads = tenant_table(
    "audit_heads",
    Column("seq", BigInteger, nullable=False),
    Column("mac", Bytes(64), nullable=False),
    Column("anchor", Bytes(1024)),
)
