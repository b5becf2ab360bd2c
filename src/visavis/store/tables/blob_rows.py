"""Which blobs there are, and who uses them."""

from sqlalchemy import BigInteger, Column, ForeignKeyConstraint, Index

from visavis.store.columns import Id, Utc, Words
from visavis.store.tables.base import part_of, tenant_table

SHA256 = 64
"""Characters of a SHA-256 in hex."""

blobs = tenant_table(
    "blobs",
    Column("sha256", Words(SHA256), primary_key=True),
    Column("size", BigInteger, nullable=False),
    Column("media_type", Words(100), nullable=False),
    Column("created_at", Utc, nullable=False),
    Index(None, "tenant_id", "created_at"),
)

blob_uses = tenant_table(
    "blob_uses",
    Column("sha256", Words(SHA256), primary_key=True),
    Column("owner_kind", Words(64), primary_key=True),
    Column("owner_id", Words(64), primary_key=True),
    Column("subject_id", Id),
    Column("created_at", Utc, nullable=False),
    ForeignKeyConstraint(["tenant_id", "sha256"], ["blobs.tenant_id", "blobs.sha256"]),
    part_of("subjects", "subject_id", ondelete="CASCADE"),
    Index(None, "tenant_id", "subject_id"),
    Index(None, "tenant_id", "owner_kind", "owner_id"),
)
