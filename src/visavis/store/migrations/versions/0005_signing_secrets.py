"""The sealed secrets of API keys, for programs that sign their requests with them."""

from alembic import op
from sqlalchemy import Column

from visavis.store.columns import Bytes
from visavis.store.migrations.waits import limit_waits

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_KEYS, _SECRET, _BY_ID = "api_keys", "sealed_secret", "ix_api_keys_id"


def upgrade() -> None:
    """Make room for them; keys made before have none, and cannot sign."""
    limit_waits()
    op.add_column(_KEYS, Column(_SECRET, Bytes(256)))
    op.create_index(_BY_ID, _KEYS, ["id"])  # a signature names the key, not the tenant


def downgrade() -> None:
    """Remove them: keys made meanwhile open what they opened, and cannot sign any more."""
    limit_waits()
    op.drop_index(_BY_ID, _KEYS)
    op.drop_column(_KEYS, _SECRET)
