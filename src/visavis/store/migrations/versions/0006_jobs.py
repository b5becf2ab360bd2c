"""Jobs: work that takes time, and the queues that are held."""

from alembic import op
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKeyConstraint,
    Integer,
    PrimaryKeyConstraint,
    SmallInteger,
    String,
    UniqueConstraint,
)

from visavis.store.columns import Id, Json, Utc, Words
from visavis.store.migrations.waits import limit_waits

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_INDEXES = (
    ("queue", "state", "priority", "turn", "tenant_id", "id"),
    ("state", "lease_until"),
    ("state", "ended_at"),
    ("tenant_id", "created_at", "id"),
    ("tenant_id", "state", "created_at", "id"),
    ("tenant_id", "queue", "state", "priority", "turn"),
    ("tenant_id", "batch_id", "state"),
    ("tenant_id", "parent_id"),
)


def upgrade() -> None:
    """Make the tables; there are no jobs yet."""
    limit_waits()
    op.create_table(
        "jobs",
        Column("tenant_id", Id, nullable=False),
        Column("id", Id, nullable=False),
        Column("kind", Words(64), nullable=False),
        Column("queue", Words(32), nullable=False),
        Column("state", String(32), nullable=False),
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
        Column("error", Words(500), nullable=False),
        Column("owner_id", Words(32), nullable=False),
        Column("batch_id", Words(32), nullable=False),
        Column("parent_id", Words(32), nullable=False),
        Column("once", Words(100)),
        Column("trace", Words(64), nullable=False),
        Column("payload", Json, nullable=False),
        Column("result", Json, nullable=False),
        Column("created_at", Utc, nullable=False),
        Column("started_at", Utc),
        Column("ended_at", Utc),
        PrimaryKeyConstraint("tenant_id", "id", name="pk_jobs"),
        ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name="fk_jobs_tenant_id_tenants"),
        UniqueConstraint("tenant_id", "once", name="uq_jobs_tenant_id_once"),
        mysql_engine="InnoDB",
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
    )
    for columns in _INDEXES:
        op.create_index(f"ix_jobs_{'_'.join(columns)}", "jobs", list(columns))
    op.create_table(
        "held_queues",
        Column("queue", Words(32), nullable=False),
        Column("held_at", Utc, nullable=False),
        PrimaryKeyConstraint("queue", name="pk_held_queues"),
        mysql_engine="InnoDB",
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
    )


def downgrade() -> None:
    """Remove them, with what waits."""
    limit_waits()
    op.drop_table("held_queues")
    op.drop_table("jobs")
