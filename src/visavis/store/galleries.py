"""What a search asks of the rows: each question is one statement, however many it is about."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple, cast

from sqlalchemy import BindParameter, Select, String, and_, bindparam, func, or_, select

from visavis.store.kinds import ConsentMethod
from visavis.store.repository import Repository
from visavis.store.sealed import TEMPLATE
from visavis.store.tables.consents import consents
from visavis.store.tables.keys import subject_keys, tenant_keys
from visavis.store.tables.sealed import sealed
from visavis.store.tables.subjects import subjects
from visavis.store.tables.template_changes import LONGEST_EMBEDDER, template_heads
from visavis.store.template_changes import Listed


@dataclass(frozen=True, slots=True)
class GalleryState:
    """What the gallery of a tenant is now.

    Attributes:
        tenant_id: Whose.
        seq: Of the last change of a template; 0 = there was none.
        floor: Changes up to this one are forgotten.
        version: Newest version of the tenant's key that was asked for; 0 = there is none.
    """

    tenant_id: str
    seq: int
    floor: int
    version: int


class SealedTemplate(NamedTuple):
    """A template with the key that seals it, both closed.

    Attributes:
        tenant_id: Whose subject.
        template_id: Its own id.
        subject_id: Whose face it is.
        data: The sealed template.
        version: Of the subject's key that seals it.
        tenant_key_version: Which of the tenant's keys wraps that one.
        wrapped: The subject's key.
    """

    tenant_id: str
    template_id: str
    subject_id: str
    data: bytes
    version: int
    tenant_key_version: int
    wrapped: bytes

    def __repr__(self) -> str:
        return f"SealedTemplate(template_id={self.template_id!r}, subject_id={self.subject_id!r})"


class Agreement(NamedTuple):
    """A subject, and one way in which they agree to a purpose at a time.

    Attributes:
        subject_id: Who.
        adult: Whether they are of age; None = nobody has said.
        erased_at: When everything about them was erased; None = it was not.
        method: How they agreed; None = they do not.
    """

    subject_id: str
    adult: bool | None
    erased_at: datetime | None
    method: ConsentMethod | None


class Galleries(Repository):
    """The galleries of tenants, as searches need them.

    A search reads rows by the hundred: they come as named tuples, which are made three times as
    fast as frozen dataclasses.
    """

    def state(self, tenant_id: str, purpose: str) -> GalleryState | None:
        """Return the state of a gallery; None where there is no such tenant.

        Args:
            tenant_id: Whose.
            purpose: Of the tenant's key whose newest version is asked for.
        """
        row = self._one(_state(), {"tenant_id": tenant_id, "purpose": purpose})
        return GalleryState(**row) if row else None

    def templates(
        self, tenant_id: str, template_ids: Collection[str]
    ) -> tuple[SealedTemplate, ...]:
        """Return those of some templates that are there, in no order."""
        asked = {"tenant_id": tenant_id, "template_ids": list(template_ids)}
        return tuple(SealedTemplate(tenant_id, *row) for row in self._rows(_templates(), asked))

    def agreements(
        self, tenant_id: str, subject_ids: Collection[str], purpose: str, now: datetime
    ) -> tuple[Agreement, ...]:
        """Return who of some subjects agrees to a purpose, and how; in no order.

        Args:
            tenant_id: Whose subjects.
            subject_ids: Which.
            purpose: To what.
            now: When.

        Returns:
            At least one for each subject that there is; none for others.
        """
        asked = {
            "tenant_id": tenant_id,
            "subject_ids": list(subject_ids),
            "purpose": purpose,
            "now": now,
        }
        return tuple(Agreement(*row) for row in self._rows(_agreements(), asked))

    def listed(self, tenant_id: str, after: str, limit: int) -> tuple[Listed, ...]:
        """Return some of all templates that are there, in the order of their ids.

        Args:
            tenant_id: Whose.
            after: Begin with the id that follows this one; empty = at the first.
            limit: Most templates.
        """
        theirs = (sealed.c.tenant_id == tenant_id) & (sealed.c.id > after)
        wanted = select(sealed.c.id, sealed.c.subject_id, sealed.c.meta)
        wanted = wanted.where(theirs, sealed.c.purpose == TEMPLATE).order_by(sealed.c.id)
        rows = self._rows(wanted.limit(limit))
        return tuple(
            Listed(one, who, str(meta.get("embedder", ""))[:LONGEST_EMBEDDER])
            for one, who, meta in rows
        )

    def _rows(
        self, statement: Select[Any], values: Mapping[str, object] | None = None
    ) -> list[tuple[Any, ...]]:
        """Return rows as they are: for hundreds of them, names would take longer than the rest."""
        return cast("list[tuple[Any, ...]]", self._run(statement, values).all())


# Every search asks these, and making one takes as long as running it: they are kept.


@cache
def _state() -> Select[Any]:
    tenant_id = bindparam("tenant_id", type_=template_heads.c.tenant_id.type)
    theirs = (tenant_keys.c.tenant_id == tenant_id) & (
        tenant_keys.c.purpose == bindparam("purpose")
    )
    newest = select(func.max(tenant_keys.c.version)).where(theirs).scalar_subquery()
    heads = template_heads.c
    version = func.coalesce(newest, 0).label("version")
    return select(heads.tenant_id, heads.seq, heads.floor, version).where(
        heads.tenant_id == tenant_id
    )


@cache
def _templates() -> Select[Any]:
    theirs = and_(
        subject_keys.c.tenant_id == sealed.c.tenant_id,
        subject_keys.c.subject_id == sealed.c.subject_id,
        subject_keys.c.version == sealed.c.key_version,
    )
    wanted = (sealed.c.tenant_id == bindparam("tenant_id")) & (sealed.c.purpose == TEMPLATE)
    wanted &= sealed.c.id.in_(_ids("template_ids"))
    columns = (
        sealed.c.id,
        sealed.c.subject_id,
        sealed.c.data,
        subject_keys.c.version,
        subject_keys.c.tenant_key_version,
        subject_keys.c.wrapped,
    )
    return select(*columns).select_from(sealed).join(subject_keys, theirs).where(wanted)


def _ids(name: str) -> BindParameter[Sequence[str]]:
    """Return the place of ids in a statement; they are ours, and are not checked one by one."""
    return bindparam(name, expanding=True, type_=String())


@cache
def _agreements() -> Select[Any]:
    """Ask as `Consents.valid` does, of many at once."""
    now = bindparam("now", type_=consents.c.given_at.type)
    holds = and_(
        consents.c.tenant_id == subjects.c.tenant_id,
        consents.c.subject_id == subjects.c.id,
        consents.c.purpose == bindparam("purpose"),
        consents.c.given_at <= now,
        or_(consents.c.expires_at.is_(None), consents.c.expires_at > now),
        or_(consents.c.withdrawn_at.is_(None), consents.c.withdrawn_at > now),
    )
    wanted = subjects.c.tenant_id == bindparam("tenant_id")
    wanted &= subjects.c.id.in_(_ids("subject_ids"))
    columns = (subjects.c.id, subjects.c.adult, subjects.c.erased_at, consents.c.method)
    return select(*columns).select_from(subjects).outerjoin(consents, holds).where(wanted)
