"""How long a tenant keeps what."""

from sqlalchemy import Column, Integer

from visavis.store.columns import Words
from visavis.store.tables.base import tenant_table

retention = tenant_table(
    "retention",
    Column("what", Words(64), primary_key=True),
    Column("days", Integer, nullable=False),
)
