"""Who agreed to what, after ISO/IEC TS 27560."""

from sqlalchemy import Column, Index

from visavis.store.columns import Choice, Id, Prose, Utc, Words
from visavis.store.kinds import ConsentMethod
from visavis.store.tables.base import part_of, tenant_table

consents = tenant_table(
    "consents",
    Column("id", Id, primary_key=True),
    Column("subject_id", Id, nullable=False),
    Column("purpose", Words(64), nullable=False),
    Column("notice_id", Id, nullable=False),
    Column("method", Choice(ConsentMethod), nullable=False),
    Column("given_at", Utc, nullable=False),
    Column("given_by", Words(200), nullable=False),
    Column("recorded_by", Words(64), nullable=False),
    Column("evidence", Prose(10_000), nullable=False),
    Column("expires_at", Utc),
    Column("withdrawn_at", Utc),
    Column("withdrawn_by", Words(200)),
    Column("created_at", Utc, nullable=False),
    part_of("subjects", "subject_id", ondelete="CASCADE"),
    part_of("notices", "notice_id"),
    Index(None, "tenant_id", "subject_id", "purpose"),
    Index(None, "tenant_id", "notice_id"),
    Index(None, "tenant_id", "created_at", "id"),
)
