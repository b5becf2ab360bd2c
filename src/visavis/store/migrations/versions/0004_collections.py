"""Collections: parts of a tenant's people that are searched on their own."""

from alembic import op
from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKeyConstraint,
    PrimaryKeyConstraint,
    UniqueConstraint,
    column,
    select,
    table,
    update,
)

from visavis.store.columns import Id, Utc, Words
from visavis.store.migrations.waits import limit_waits

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_COLLECTIONS, _SUBJECTS, _CHANGES = "collections", "subjects", "template_changes"
_BY_TIME = ["tenant_id", "created_at", "id"]
_IN_ONE = ["tenant_id", "collection_id", "created_at", "id"]

_changes = table(_CHANGES, column("tenant_id", Id), column("collection_id", Id))
_heads = table(
    "template_heads",
    column("tenant_id", Id),
    column("seq", BigInteger),
    column("floor", BigInteger),
)


def upgrade() -> None:
    """Make the table; everybody who is known is in no collection."""
    limit_waits()
    op.create_table(
        _COLLECTIONS,
        Column("tenant_id", Id, nullable=False),
        Column("id", Id, nullable=False),
        Column("name", Words(255), nullable=False),
        Column("created_at", Utc, nullable=False),
        Column("closed_at", Utc),
        PrimaryKeyConstraint("tenant_id", "id", name="pk_collections"),
        ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name="fk_collections_tenant_id_tenants"
        ),
        UniqueConstraint("tenant_id", "name", name="uq_collections_tenant_id_name"),
        mysql_engine="InnoDB",
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
    )
    op.create_index("ix_collections_tenant_id_created_at_id", _COLLECTIONS, _BY_TIME)
    for name in (_SUBJECTS, _CHANGES):
        op.add_column(name, Column("collection_id", Id, nullable=False, server_default=""))
    op.create_index(_of_subjects(), _SUBJECTS, _IN_ONE)


def downgrade() -> None:
    """Remove them: whoever was in a collection is one of the tenant's own people."""
    limit_waits()
    _build_anew()
    op.drop_index(_of_subjects(), _SUBJECTS)
    for name in (_SUBJECTS, _CHANGES):
        op.drop_column(name, "collection_id")
    op.drop_table(_COLLECTIONS)


def _of_subjects() -> str:
    return f"ix_{_SUBJECTS}_{'_'.join(_IN_ONE)}"


def _build_anew() -> None:
    """Have indexes of tenants with collections begin anew: they hold their own people only."""
    with_some = select(_changes.c.tenant_id).where(_changes.c.collection_id != "")
    theirs = update(_heads).where(_heads.c.tenant_id.in_(with_some))
    op.execute(theirs.values(seq=_heads.c.seq + 1))
    op.execute(theirs.values(floor=_heads.c.seq))
