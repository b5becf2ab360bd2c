"""What Alembic runs: the steps, on the connection that `visavis.store.migrate` hands over."""

from alembic import context

from visavis.store.migrations import VERSION_TABLE
from visavis.store.tables import metadata

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=metadata,
    version_table=VERSION_TABLE,
    transaction_per_migration=True,
    transactional_ddl=connection.dialect.name != "mysql",  # SQLite's does since we say BEGIN
)
with context.begin_transaction():
    context.run_migrations()
