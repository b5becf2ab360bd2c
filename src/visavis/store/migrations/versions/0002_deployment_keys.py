"""Keys that all tenants share: for access tokens, links and the hashes of short secrets."""

from alembic import op
from sqlalchemy import Column, Integer, PrimaryKeyConstraint

from visavis.store.columns import Bytes, Utc, Words
from visavis.store.migrations.waits import limit_waits

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    limit_waits()
    op.create_table(
        "deployment_keys",
        Column("purpose", Words(64), nullable=False),
        Column("version", Integer, nullable=False),
        Column("root_id", Words(64), nullable=False),
        Column("wrapped", Bytes(1024), nullable=False),
        Column("created_at", Utc, nullable=False),
        PrimaryKeyConstraint("purpose", "version", name="pk_deployment_keys"),
        mysql_engine="InnoDB",
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
    )


def downgrade() -> None:
    """Remove it: access tokens, links and recovery codes made until then are worth nothing."""
    limit_waits()
    op.drop_table("deployment_keys")
