"""People whose faces a tenant knows."""

from sqlalchemy import Boolean, Column, Index, UniqueConstraint

from visavis.store.columns import Id, Utc, Words
from visavis.store.tables.base import tenant_table

subjects = tenant_table(
    "subjects",
    Column("id", Id, primary_key=True),
    Column("reference", Words(200)),
    Column("created_at", Utc, nullable=False),
    Column("erased_at", Utc),
    Column("adult", Boolean),
    UniqueConstraint("tenant_id", "reference"),
    Index(None, "tenant_id", "created_at", "id"),
)
