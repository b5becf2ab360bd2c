"""Results: the pictures that were analysed, and what searching has to know of their faces."""

from sqlalchemy import Boolean, Column, ForeignKeyConstraint, Index, Integer

from visavis.store.columns import Id, Names, Utc, Words
from visavis.store.tables.base import tenant_table
from visavis.store.tables.blob_rows import SHA256

LONGEST_PACK = 64
"""Characters of the name of a pack of weights."""

_LONGEST_ANSWER = 32

results = tenant_table(
    "results",
    Column("sha256", Words(SHA256), primary_key=True),
    Column("id", Id, nullable=False),
    Column("job_id", Words(32), nullable=False),
    Column("batch_id", Words(32), nullable=False),
    Column("created_at", Utc, nullable=False),
    Column("width", Integer, nullable=False),
    Column("height", Integer, nullable=False),
    Column("faces", Integer, nullable=False),
    Column("pack", Words(LONGEST_PACK), nullable=False),
    Column("features", Names, nullable=False),
    Column("picture", Words(SHA256), nullable=False),
    Column("annotated", Words(SHA256), nullable=False),
    Column("document", Words(SHA256), nullable=False),
    Index(None, "tenant_id", "created_at", "id"),
    Index(None, "tenant_id", "job_id"),
    Index(None, "tenant_id", "batch_id", "created_at", "id"),
)

result_faces = tenant_table(
    "result_faces",
    Column("sha256", Words(SHA256), primary_key=True),
    Column("face_index", Integer, primary_key=True, autoincrement=False),
    Column("score", Integer, nullable=False),
    Column("age", Integer),
    Column("gender", Words(_LONGEST_ANSWER)),
    Column("emotion", Words(_LONGEST_ANSWER)),
    Column("smile", Boolean),
    ForeignKeyConstraint(
        ["tenant_id", "sha256"], ["results.tenant_id", "results.sha256"], ondelete="CASCADE"
    ),
)
"""Whole numbers only, so that every database keeps them alike: scores are ten-thousandths."""
