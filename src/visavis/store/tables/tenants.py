"""Those who run a deployment's work, each apart from the others."""

from sqlalchemy import Column, Index

from visavis.store.columns import Choice, Id, Json, Names, Utc, Words
from visavis.store.kinds import Mode
from visavis.store.tables.base import table

tenants = table(
    "tenants",
    Column("id", Id, primary_key=True),
    Column("name", Words(200), nullable=False),
    Column("mode", Choice(Mode), nullable=False),
    Column("purposes", Names, nullable=False),
    Column("settings", Json, nullable=False),
    Column("created_at", Utc, nullable=False),
    Column("deleted_at", Utc),
    Index(None, "created_at", "id"),
)
