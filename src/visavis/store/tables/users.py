"""People who log in."""

from sqlalchemy import BigInteger, Column, Index, Integer, UniqueConstraint

from visavis.core.roles import Role
from visavis.store.columns import Bytes, Choice, Id, Utc, Words
from visavis.store.kinds import UserState
from visavis.store.tables.base import tenant_table

LONGEST_EMAIL = 320

users = tenant_table(
    "users",
    Column("id", Id, primary_key=True),
    Column("email", Words(LONGEST_EMAIL), nullable=False),
    Column("full_name", Words(200), nullable=False),
    Column("password_hash", Words(500), nullable=False),
    Column("role", Choice(Role), nullable=False),
    Column("state", Choice(UserState), nullable=False),
    Column("failed_logins", Integer, nullable=False),
    Column("locked_until", Utc),
    Column("totp_sealed", Bytes(1024)),
    Column("totp_since", Utc),
    Column("totp_step", BigInteger),
    Column("password_changed_at", Utc, nullable=False),
    Column("created_at", Utc, nullable=False),
    Column("last_login_at", Utc),
    UniqueConstraint("email"),
    Index(None, "tenant_id", "created_at", "id"),
)
