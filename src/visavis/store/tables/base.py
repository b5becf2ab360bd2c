"""What all tables share.

Rows of a tenant have the tenant's id as the first part of their primary key and of every foreign
key, so the database itself refuses a row that names one of another tenant. Nothing cascades from
tenants: removing one is an act of its own (`Tenants.purge`).
"""

from typing import Any

from sqlalchemy import Column, ForeignKey, ForeignKeyConstraint, MetaData, Table
from sqlalchemy.schema import SchemaItem

from visavis.store.columns import Id

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)
"""Every table; complete once `visavis.store.tables` is imported."""

MYSQL: dict[str, Any] = {
    "mysql_engine": "InnoDB",
    "mysql_charset": "utf8mb4",
    "mysql_collate": "utf8mb4_bin",
}
"""Letters compare as letters: MySQL's own habit takes `é` for `e` and `A` for `a`."""


def table(name: str, *items: SchemaItem) -> Table:
    """Return a table of the deployment."""
    return Table(name, metadata, *items, **MYSQL)


def tenant_table(name: str, *items: SchemaItem) -> Table:
    """Return a table of rows that belong to tenants."""
    return table(name, tenant_key(), *items)


def tenant_key() -> Column[str]:
    """Return the column that says whose a row is."""
    return Column("tenant_id", Id, ForeignKey("tenants.id"), primary_key=True)


def part_of(target: str, column: str, **options: Any) -> ForeignKeyConstraint:  # noqa: ANN401
    """Return the rule that a row names one of `target` of the same tenant.

    Args:
        target: The table, whose key is tenant and id.
        column: Which holds the other's id.
        options: Such as `ondelete`.
    """
    return ForeignKeyConstraint(
        ["tenant_id", column], [f"{target}.tenant_id", f"{target}.id"], **options
    )
