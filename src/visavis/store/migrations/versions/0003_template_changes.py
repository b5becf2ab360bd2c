"""The feed of templates, which search indexes follow; it begins with what is sealed already."""

from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import Any

from alembic import op
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    ForeignKeyConstraint,
    PrimaryKeyConstraint,
    and_,
    column,
    or_,
    select,
    table,
)

from visavis.store.columns import Id, Json, Words
from visavis.store.migrations.waits import limit_waits

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_CHANGES, _HEADS = "template_changes", "template_heads"
_TEMPLATE = "template"
_AT_ONCE = 1000

_tenants = table("tenants", column("id", Id))
_sealed = table(
    "sealed",
    column("tenant_id", Id),
    column("id", Id),
    column("subject_id", Id),
    column("purpose", Words(64)),
    column("meta", Json),
)


def upgrade() -> None:
    """Make the tables, and note every template that is sealed as one that came."""
    limit_waits()
    heads: list[Column[Any]] = [
        Column("seq", BigInteger, nullable=False),
        Column("floor", BigInteger, nullable=False),
    ]
    changes: list[Column[Any]] = [
        Column("seq", BigInteger, nullable=False),
        Column("template_id", Id, nullable=False),
        Column("subject_id", Id, nullable=False),
        Column("embedder", Words(100), nullable=False),
        Column("added", Boolean, nullable=False),
    ]
    _create(_HEADS, heads)
    _create(_CHANGES, changes, "seq")
    op.create_index(f"ix_{_CHANGES}_tenant_id_subject_id", _CHANGES, ["tenant_id", "subject_id"])
    _note(_made(_HEADS, heads), _made(_CHANGES, changes))


def downgrade() -> None:
    """Remove them: an index that was kept up to now is built anew by whoever comes back."""
    limit_waits()
    op.drop_table(_CHANGES)
    op.drop_table(_HEADS)


def _create(name: str, columns: list[Column[Any]], *key: str) -> None:
    op.create_table(
        name,
        Column("tenant_id", Id, nullable=False),
        *columns,
        PrimaryKeyConstraint("tenant_id", *key, name=f"pk_{name}"),
        ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=f"fk_{name}_tenant_id_tenants"),
        mysql_engine="InnoDB",
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
    )


def _made(name: str, columns: list[Column[Any]]) -> Any:  # noqa: ANN401  # a table to insert into
    return table(name, column("tenant_id", Id), *(column(c.name, c.type) for c in columns))


def _note(heads: Any, changes: Any) -> None:  # noqa: ANN401  # tables
    counts = dict.fromkeys(op.get_bind().scalars(select(_tenants.c.id)).all(), 0)
    for rows in _templates():
        noted = []
        for tenant_id, theirs in groupby(rows, lambda row: str(row["tenant_id"])):
            for row in theirs:
                counts[tenant_id] += 1
                noted.append(_change(row, counts[tenant_id]))
        op.bulk_insert(changes, noted)
    told = [{"tenant_id": tenant, "seq": seq, "floor": 0} for tenant, seq in counts.items()]
    op.bulk_insert(heads, told)


def _change(row: Mapping[str, Any], seq: int) -> dict[str, Any]:
    return {
        "tenant_id": row["tenant_id"],
        "seq": seq,
        "template_id": row["id"],
        "subject_id": row["subject_id"],
        "embedder": str(row["meta"].get("embedder", ""))[:100],
        "added": True,
    }


def _templates() -> Iterator[list[Mapping[str, Any]]]:
    """Yield what is known of all sealed templates, some at a time, in the order of their key."""
    tenant_id, row_id = _sealed.c.tenant_id, _sealed.c.id
    wanted = select(tenant_id, row_id, _sealed.c.subject_id, _sealed.c.meta)
    wanted = wanted.where(_sealed.c.purpose == _TEMPLATE).order_by(tenant_id, row_id)
    after: ColumnElement[bool] = tenant_id.is_not(None)
    while rows := op.get_bind().execute(wanted.where(after).limit(_AT_ONCE)).mappings().all():
        yield [dict(row) for row in rows]
        last = rows[-1]
        after = or_(
            tenant_id > last["tenant_id"],
            and_(tenant_id == last["tenant_id"], row_id > last["id"]),
        )
