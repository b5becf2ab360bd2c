"""People whose faces a tenant knows.

The collection of most is none, which is empty here; some have no row of their own. So the column is
no foreign key.
"""

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
    Column("collection_id", Id, nullable=False, server_default=""),  # no foreign key: see above
    UniqueConstraint("tenant_id", "reference"),
    Index(None, "tenant_id", "created_at", "id"),
    Index(None, "tenant_id", "collection_id", "created_at", "id"),
)
