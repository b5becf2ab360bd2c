"""Parts of results whose stages are services of their own, until they are put together."""

from sqlalchemy import Column

from visavis.store.columns import Bytes, Id, Utc, Words
from visavis.store.tables.base import part_of, tenant_table

LONGEST_PART = 16
"""Characters of the name of a part."""

MOST_BYTES = 2**24 - 1
"""Bytes of a part; a face with its mesh takes 6 KB."""

job_parts = tenant_table(
    "job_parts",
    Column("job_id", Id, primary_key=True),
    Column("part", Words(LONGEST_PART), primary_key=True),
    Column("data", Bytes(MOST_BYTES), nullable=False),
    Column("created_at", Utc, nullable=False),
    part_of("jobs", "job_id", ondelete="CASCADE"),
)
