"""Lines of the log, to be searched."""

from alembic import op
from sqlalchemy import Column, PrimaryKeyConstraint, SmallInteger

from visavis.store.columns import Id, Json, Utc, Words
from visavis.store.migrations.waits import limit_waits

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_LINES = "log_lines"
_INDEXES = (
    ("id", "level", "service"),
    ("job_id", "id"),
    ("trace_id", "id"),
)


def upgrade() -> None:
    """Make the table; lines before it are on standard error only."""
    limit_waits()
    op.create_table(
        _LINES,
        Column("tenant_id", Id, nullable=False),
        Column("id", Id, nullable=False),
        Column("at", Utc, nullable=False),
        Column("service", Words(32), nullable=False),
        Column("level", SmallInteger, nullable=False),
        Column("event", Words(500), nullable=False),
        Column("job_id", Words(64), nullable=False),
        Column("trace_id", Words(32), nullable=False),
        Column("process", Words(100), nullable=False),
        Column("fields", Json, nullable=False),
        PrimaryKeyConstraint("tenant_id", "id", name="pk_log_lines"),
        mysql_engine="InnoDB",
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
    )
    for columns in _INDEXES:
        op.create_index(f"ix_{_LINES}_{'_'.join(columns)}", _LINES, list(columns))


def downgrade() -> None:
    """Remove it."""
    limit_waits()
    op.drop_table(_LINES)
