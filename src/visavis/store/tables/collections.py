"""Collections: parts of a tenant's people that are searched on their own."""

from sqlalchemy import Column, Index, UniqueConstraint

from visavis.store.columns import Id, Utc, Words
from visavis.store.tables.base import tenant_table

LONGEST_COLLECTION = 255
"""Characters of a collection's name."""

collections = tenant_table(
    "collections",
    Column("id", Id, primary_key=True),
    Column("name", Words(LONGEST_COLLECTION), nullable=False),
    Column("created_at", Utc, nullable=False),
    Column("closed_at", Utc),
    UniqueConstraint("tenant_id", "name"),
    Index(None, "tenant_id", "created_at", "id"),
)
