"""The tables, one file per noun; `metadata` holds all of them."""

from visavis.store.tables import (
    api_keys,
    audit,
    blob_rows,
    codes,
    collections,
    consents,
    keys,
    notices,
    receipts,
    recovery_codes,
    retention,
    sealed,
    sessions,
    subjects,
    template_changes,
    tenants,
    users,
)
from visavis.store.tables.base import metadata

__all__ = [
    "api_keys",
    "audit",
    "blob_rows",
    "codes",
    "collections",
    "consents",
    "keys",
    "metadata",
    "notices",
    "receipts",
    "recovery_codes",
    "retention",
    "sealed",
    "sessions",
    "subjects",
    "template_changes",
    "tenants",
    "users",
]
