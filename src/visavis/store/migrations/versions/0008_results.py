"""Results: the pictures that were analysed, and what searching has to know of their faces."""

from alembic import op
from sqlalchemy import Boolean, Column, ForeignKeyConstraint, Integer, PrimaryKeyConstraint

from visavis.store.columns import Id, Names, Utc, Words
from visavis.store.migrations.waits import limit_waits

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_RESULTS, _FACES = "results", "result_faces"
_INDEXES = (
    ("tenant_id", "created_at", "id"),
    ("tenant_id", "job_id"),
    ("tenant_id", "batch_id", "created_at", "id"),
)


def upgrade() -> None:
    """Make the tables; there are no results yet."""
    limit_waits()
    op.create_table(
        _RESULTS,
        Column("tenant_id", Id, nullable=False),
        Column("sha256", Words(64), nullable=False),
        Column("id", Id, nullable=False),
        Column("job_id", Words(32), nullable=False),
        Column("batch_id", Words(32), nullable=False),
        Column("created_at", Utc, nullable=False),
        Column("width", Integer, nullable=False),
        Column("height", Integer, nullable=False),
        Column("faces", Integer, nullable=False),
        Column("pack", Words(64), nullable=False),
        Column("features", Names, nullable=False),
        Column("picture", Words(64), nullable=False),
        Column("annotated", Words(64), nullable=False),
        Column("document", Words(64), nullable=False),
        PrimaryKeyConstraint("tenant_id", "sha256", name="pk_results"),
        ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name="fk_results_tenant_id_tenants"),
        mysql_engine="InnoDB",
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
    )
    for columns in _INDEXES:
        op.create_index(f"ix_{_RESULTS}_{'_'.join(columns)}", _RESULTS, list(columns))
    op.create_table(
        _FACES,
        Column("tenant_id", Id, nullable=False),
        Column("sha256", Words(64), nullable=False),
        Column("face_index", Integer, nullable=False, autoincrement=False),
        Column("score", Integer, nullable=False),
        Column("age", Integer),
        Column("gender", Words(32)),
        Column("emotion", Words(32)),
        Column("smile", Boolean),
        PrimaryKeyConstraint("tenant_id", "sha256", "face_index", name="pk_result_faces"),
        ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name="fk_result_faces_tenant_id_tenants"
        ),
        ForeignKeyConstraint(
            ["tenant_id", "sha256"],
            ["results.tenant_id", "results.sha256"],
            name="fk_result_faces_tenant_id_sha256_results",
            ondelete="CASCADE",
        ),
        mysql_engine="InnoDB",
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
    )


def downgrade() -> None:
    """Remove them; the files of results are what nothing needs then, and go with time."""
    limit_waits()
    op.drop_table(_FACES)
    op.drop_table(_RESULTS)
