"""Keys, wrapped by the key above them."""

from sqlalchemy import Column, Index, Integer

from visavis.store.columns import Bytes, Id, Utc, Words
from visavis.store.tables.base import part_of, table, tenant_table

deployment_keys = table(
    "deployment_keys",
    Column("purpose", Words(64), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("root_id", Words(64), nullable=False),
    Column("wrapped", Bytes(1024), nullable=False),
    Column("created_at", Utc, nullable=False),
)

tenant_keys = tenant_table(
    "tenant_keys",
    Column("purpose", Words(64), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("root_id", Words(64), nullable=False),
    Column("wrapped", Bytes(1024), nullable=False),
    Column("created_at", Utc, nullable=False),
    Column("retired_at", Utc),
)

subject_keys = tenant_table(
    "subject_keys",
    Column("subject_id", Id, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("tenant_key_version", Integer, nullable=False),
    Column("wrapped", Bytes(1024), nullable=False),
    Column("created_at", Utc, nullable=False),
    part_of("subjects", "subject_id", ondelete="CASCADE"),
    Index(None, "tenant_id", "tenant_key_version"),
)
