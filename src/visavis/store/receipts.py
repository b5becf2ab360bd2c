"""Receipts: signed statements that something was done."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from visavis.store.page import DEFAULT, Page
from visavis.store.repository import Repository, new_id
from visavis.store.tables.receipts import receipts


@dataclass(frozen=True, slots=True)
class Receipt:
    """A signed statement.

    Attributes:
        tenant_id: Who did it.
        id: Its own.
        kind: What was done.
        at: When.
        body: The statement, as it was signed.
        signature: Of the body.
    """

    tenant_id: str
    id: str
    kind: str
    at: datetime
    body: Mapping[str, Any]
    signature: bytes


class Receipts(Repository):
    """The receipts of a tenant."""

    def add(
        self, tenant_id: str, kind: str, at: datetime, body: Mapping[str, Any], signature: bytes
    ) -> Receipt:
        """Keep a receipt."""
        receipt = Receipt(tenant_id, new_id(), kind, at, dict(body), signature)
        self._insert(receipts, receipt)
        return receipt

    def find(self, tenant_id: str, receipt_id: str) -> Receipt | None:
        """Return a receipt."""
        this = (receipts.c.tenant_id == tenant_id) & (receipts.c.id == receipt_id)
        row = self._one(select(receipts).where(this))
        return Receipt(**row) if row else None

    def page(
        self,
        tenant_id: str,
        limit: int = DEFAULT,
        cursor: str | None = None,
        kind: str | None = None,
    ) -> Page[Receipt]:
        """Return a part of all receipts, or of one kind, newest first.

        Raises:
            InvalidInput: the limit is not 1..200, or the cursor none of ours.
        """
        theirs = select(receipts).where(receipts.c.tenant_id == tenant_id)
        if kind is not None:
            theirs = theirs.where(receipts.c.kind == kind)
        return self._page(theirs, (receipts.c.at, receipts.c.id), Receipt, limit, cursor)
