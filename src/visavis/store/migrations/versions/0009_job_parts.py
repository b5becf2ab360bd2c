"""Parts of results whose stages are services of their own."""

from alembic import op
from sqlalchemy import Column, ForeignKeyConstraint, PrimaryKeyConstraint

from visavis.store.columns import Bytes, Id, Utc, Words
from visavis.store.migrations.waits import limit_waits

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_PARTS = "job_parts"


def upgrade() -> None:
    """Make the table; no job has parts yet."""
    limit_waits()
    op.create_table(
        _PARTS,
        Column("tenant_id", Id, nullable=False),
        Column("job_id", Id, nullable=False),
        Column("part", Words(16), nullable=False),
        Column("data", Bytes(2**24 - 1), nullable=False),
        Column("created_at", Utc, nullable=False),
        PrimaryKeyConstraint("tenant_id", "job_id", "part", name="pk_job_parts"),
        ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name="fk_job_parts_tenant_id_tenants"),
        ForeignKeyConstraint(
            ["tenant_id", "job_id"],
            ["jobs.tenant_id", "jobs.id"],
            name="fk_job_parts_tenant_id_job_id_jobs",
            ondelete="CASCADE",
        ),
        mysql_engine="InnoDB",
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
    )


def downgrade() -> None:
    """Remove it; jobs whose parts are gone begin anew."""
    limit_waits()
    op.drop_table(_PARTS)
