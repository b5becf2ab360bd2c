"""Notices: what people were told, word for word; there is no way to change one."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from visavis.store.page import DEFAULT, Page
from visavis.store.repository import Repository, new_id
from visavis.store.tables.notices import notices


@dataclass(frozen=True, slots=True)
class Notice:
    """What people were told before they consented.

    Attributes:
        tenant_id: Who told them.
        id: Its own.
        purpose: What they were asked to consent to.
        version: 1, 2, …
        language: Such as `en` or `pt-BR`.
        text: Word for word.
        created_at: Since when it is used.
    """

    tenant_id: str
    id: str
    purpose: str
    version: int
    language: str
    text: str
    created_at: datetime


class Notices(Repository):
    """The notices of a tenant."""

    def add(
        self, tenant_id: str, purpose: str, version: int, language: str, text: str, now: datetime
    ) -> Notice:
        """Keep a notice.

        Raises:
            AlreadyThere: there is one of this purpose, version and language.
        """
        notice = Notice(tenant_id, new_id(), purpose, version, language, text, now)
        self._insert(notices, notice)
        return notice

    def find(self, tenant_id: str, notice_id: str) -> Notice | None:
        """Return a notice."""
        this = (notices.c.tenant_id == tenant_id) & (notices.c.id == notice_id)
        row = self._one(select(notices).where(this))
        return Notice(**row) if row else None

    def latest(self, tenant_id: str, purpose: str, language: str | None = None) -> Notice | None:
        """Return the highest version for a purpose, in a language or in any."""
        wanted = (notices.c.tenant_id == tenant_id) & (notices.c.purpose == purpose)
        if language is not None:
            wanted &= notices.c.language == language
        newest = (
            select(notices).where(wanted).order_by(notices.c.version.desc(), notices.c.language)
        )
        row = self._one(newest.limit(1))
        return Notice(**row) if row else None

    def page(self, tenant_id: str, limit: int = DEFAULT, cursor: str | None = None) -> Page[Notice]:
        """Return a part of the notices, newest first.

        Raises:
            InvalidInput: the limit is not 1..200, or the cursor none of ours.
        """
        theirs = select(notices).where(notices.c.tenant_id == tenant_id)
        return self._page(theirs, (notices.c.created_at, notices.c.id), Notice, limit, cursor)
