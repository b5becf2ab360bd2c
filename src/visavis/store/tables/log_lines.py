"""Lines of the log; those about nobody in particular have an empty tenant."""

from sqlalchemy import Column, Index, SmallInteger

from visavis.store.columns import Id, Json, Utc, Words
from visavis.store.tables.base import table

log_lines = table(
    "log_lines",
    Column("tenant_id", Id, primary_key=True),  # no foreign key: a line may outlive its tenant
    Column("id", Id, primary_key=True),
    Column("at", Utc, nullable=False),
    Column("service", Words(32), nullable=False),
    Column("level", SmallInteger, nullable=False),
    Column("event", Words(500), nullable=False),
    Column("job_id", Words(64), nullable=False),
    Column("trace_id", Words(32), nullable=False),
    Column("process", Words(100), nullable=False),
    Column("fields", Json, nullable=False),
    # Ids sort by time, so these and the key serve pages; what else the first one holds is compared
    # without the rows.
    Index(None, "id", "level", "service"),
    Index(None, "job_id", "id"),
    Index(None, "trace_id", "id"),
)
