"""Receipts: signed statements that something was done."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, delete, select, update

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
        body: What was stated, as it is handed out.
        signature: Of the statement; empty = it is not finished.
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
        self,
        tenant_id: str,
        kind: str,
        at: datetime,
        body: Mapping[str, Any],
        signature: bytes,
        own_id: str | None = None,
    ) -> Receipt:
        """Keep a receipt.

        Args:
            tenant_id: Who did it.
            kind: What was done.
            at: When.
            body: What is stated.
            signature: Of the statement.
            own_id: Its id; None = a new one.

        Raises:
            AlreadyThere: there is one of this id.
        """
        receipt = Receipt(tenant_id, own_id or new_id(), kind, at, dict(body), signature)
        self._insert(receipts, receipt)
        return receipt

    def find(self, tenant_id: str, receipt_id: str) -> Receipt | None:
        """Return a receipt."""
        row = self._one(select(receipts).where(_is(tenant_id, receipt_id)))
        return Receipt(**row) if row else None

    def finish(
        self, tenant_id: str, receipt_id: str, kind: str, body: Mapping[str, Any], signature: bytes
    ) -> bool:
        """Replace what a receipt states and its signature; return whether it is there."""
        values = {"kind": kind, "body": dict(body), "signature": signature}
        statement = update(receipts).where(_is(tenant_id, receipt_id))
        return self._changed(statement.values(values)) > 0

    def remove_before(self, tenant_id: str, kind: str, before: datetime) -> int:
        """Remove the receipts of a kind that are older than a time; return how many."""
        old = (receipts.c.tenant_id == tenant_id) & (receipts.c.kind == kind)
        return self._changed(delete(receipts).where(old, receipts.c.at < before))

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


def _is(tenant_id: str, receipt_id: str) -> ColumnElement[bool]:
    return (receipts.c.tenant_id == tenant_id) & (receipts.c.id == receipt_id)
