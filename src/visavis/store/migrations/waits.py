"""How long a step may wait for others: it stands in the way of whoever comes after it."""

from alembic import op

LONGEST_WAIT_S = 5


def limit_waits() -> None:
    """Have the step that runs fail rather than wait for long for a table that others use.

    SQLite needs none: a step that changes anything has the whole file to itself.
    """
    dialect = op.get_context().dialect.name
    if dialect == "postgresql":
        op.execute(f"SET LOCAL lock_timeout = '{LONGEST_WAIT_S}s'")
    elif dialect == "mysql":
        op.execute(f"SET SESSION lock_wait_timeout = {LONGEST_WAIT_S}")
