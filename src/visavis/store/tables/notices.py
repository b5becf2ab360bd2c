"""What people were told before they consented; never changed afterwards."""

from sqlalchemy import Column, Index, Integer, UniqueConstraint

from visavis.store.columns import Id, Prose, Utc, Words
from visavis.store.tables.base import tenant_table

notices = tenant_table(
    "notices",
    Column("id", Id, primary_key=True),
    Column("purpose", Words(64), nullable=False),
    Column("version", Integer, nullable=False),
    Column("language", Words(35), nullable=False),
    Column("text", Prose(100_000), nullable=False),
    Column("created_at", Utc, nullable=False),
    UniqueConstraint("tenant_id", "purpose", "version", "language"),
    Index(None, "tenant_id", "created_at", "id"),
)
