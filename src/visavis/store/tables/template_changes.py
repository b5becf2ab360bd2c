"""Which templates came and went, numbered, for whoever keeps an index of them."""

from sqlalchemy import BigInteger, Boolean, Column, Index

from visavis.store.columns import Id, Words
from visavis.store.tables.base import tenant_table

LONGEST_EMBEDDER = 100
"""Characters of an embedder's id."""

template_changes = tenant_table(
    "template_changes",
    Column("seq", BigInteger, primary_key=True),
    Column("template_id", Id, nullable=False),  # no foreign keys: changes outlive what they tell of
    Column("subject_id", Id, nullable=False),
    Column("embedder", Words(LONGEST_EMBEDDER), nullable=False),
    Column("added", Boolean, nullable=False),
    Column("collection_id", Id, nullable=False, server_default=""),
    Index(None, "tenant_id", "subject_id"),
)

template_heads = tenant_table(
    "template_heads",
    Column("seq", BigInteger, nullable=False),
    Column("floor", BigInteger, nullable=False),
)
