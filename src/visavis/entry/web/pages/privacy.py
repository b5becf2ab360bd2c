"""The page about privacy: its parts, each with an address of its own."""

from visavis.entry.services import Records
from visavis.entry.web import (
    privacy_audit,
    privacy_keys,
    privacy_notices,
    privacy_people,
    privacy_receipts,
    privacy_retention,
    privacy_rules,
)

_PARTS = (
    privacy_rules,
    privacy_notices,
    privacy_people,
    privacy_retention,
    privacy_audit,
    privacy_keys,
    privacy_receipts,
)


def install(records: Records) -> None:
    """Register all parts."""
    for part in _PARTS:
        part.install(records)
