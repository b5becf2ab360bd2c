"""Jobs: work that takes time, and the queues that are held."""

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, SmallInteger, UniqueConstraint

from visavis.store.columns import Choice, Id, Json, Utc, Words
from visavis.store.kinds import JobState
from visavis.store.tables.base import table, tenant_table

LONGEST_QUEUE = 32
"""Characters of a queue's name."""

LONGEST_KIND = 64
"""Characters of the name of a kind of job."""

LONGEST_ERROR = 500
"""Characters of the sentence that says why a job failed."""

LONGEST_ONCE = 100
"""Characters of the key under which a job is made once only."""

jobs = tenant_table(
    "jobs",
    Column("id", Id, primary_key=True),
    Column("kind", Words(LONGEST_KIND), nullable=False),
    Column("queue", Words(LONGEST_QUEUE), nullable=False),
    Column("state", Choice(JobState), nullable=False),
    Column("priority", SmallInteger, nullable=False),
    Column("turn", BigInteger, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("due_at", Utc, nullable=False),
    Column("told_at", Utc, nullable=False),
    Column("lease", Words(32), nullable=False),
    Column("lease_until", Utc),
    Column("cancel_asked", Boolean, nullable=False),
    Column("progress", Integer, nullable=False),
    Column("total", Integer, nullable=False),
    Column("error", Words(LONGEST_ERROR), nullable=False),
    Column("owner_id", Words(32), nullable=False),
    Column("batch_id", Words(32), nullable=False),
    Column("parent_id", Words(32), nullable=False),
    Column("once", Words(LONGEST_ONCE)),
    Column("trace", Words(64), nullable=False),
    Column("payload", Json, nullable=False),
    Column("result", Json, nullable=False),
    Column("created_at", Utc, nullable=False),
    Column("started_at", Utc),
    Column("ended_at", Utc),
    UniqueConstraint("tenant_id", "once"),
    Index(None, "queue", "state", "priority", "turn", "tenant_id", "id"),
    Index(None, "state", "lease_until"),
    Index(None, "state", "ended_at"),
    Index(None, "tenant_id", "created_at", "id"),
    Index(None, "tenant_id", "state", "created_at", "id"),
    Index(None, "tenant_id", "queue", "state", "priority", "turn"),
    Index(None, "tenant_id", "batch_id", "state"),
    Index(None, "tenant_id", "parent_id"),
)

held_queues = table(
    "held_queues",
    Column("queue", Words(LONGEST_QUEUE), primary_key=True),
    Column("held_at", Utc, nullable=False),
)
"""Queues whose jobs wait until somebody lets them go on."""
