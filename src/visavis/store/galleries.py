"""What a search asks of the rows: each question is one statement, however many it is about."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple, cast

import orjson
from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Select,
    String,
    Text,
    and_,
    bindparam,
    func,
    or_,
    select,
    type_coerce,
)
from sqlalchemy.types import NullType

from visavis.store.kinds import ConsentMethod
from visavis.store.repository import Repository
from visavis.store.sealed import MAPPED_FROM, TEMPLATE, of_purpose
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
        told: What is known without opening it, JSON as it was written.
    """

    tenant_id: str
    template_id: str
    subject_id: str
    data: bytes
    version: int
    tenant_key_version: int
    wrapped: bytes
    told: str = "{}"

    def lineage(self) -> "Lineage":
        """Return where it comes from."""
        return lineage(self.template_id, self.subject_id, orjson.loads(self.told))

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


class Lineage(NamedTuple):
    """Where a template comes from.

    Attributes:
        template_id: Its own id.
        subject_id: Whose face it is.
        embedder: What made it, or whose vectors it was brought to; empty = nobody said.
        source: The embedder that it was brought over from; empty = it was made of a picture.
        copy_of: The template that it was brought over from; empty = that is gone, or there is none.
        collection_id: Where the subject is; empty = in none.
    """

    template_id: str
    subject_id: str
    embedder: str
    source: str = ""
    copy_of: str = ""
    collection_id: str = ""


def lineage(
    template_id: str, subject_id: str, meta: Mapping[str, Any], collection_id: str = ""
) -> Lineage:
    """Return where a template comes from, as its `meta` tells."""
    embedder, origin = str(meta.get("embedder", ""))[:LONGEST_EMBEDDER], meta.get(MAPPED_FROM, {})
    told = str(origin.get("embedder", "")), str(origin.get("template_id", ""))
    return Lineage(template_id, subject_id, embedder, *told, collection_id)


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

    def agreed_templates(
        self, tenant_id: str, template_ids: Collection[str], purpose: str, now: datetime
    ) -> tuple[tuple[SealedTemplate, Agreement], ...]:
        """Return what `templates` and `agreements` tell, in one statement: every search asks it.

        Returns:
            Each template that is there, once for each way in which its subject agrees, at least
            once; in no order.
        """
        asked = {
            "tenant_id": tenant_id,
            "template_ids": list(template_ids),
            "purpose": purpose,
            "now": now,
        }
        return tuple(
            (SealedTemplate(tenant_id, *row[:_OF_TEMPLATE]), Agreement(row[1], *row[_OF_TEMPLATE:]))
            for row in self._rows(_agreed_templates(), asked)
        )

    def listed(
        self, tenant_id: str, after: str, limit: int, collection_id: str | None = None
    ) -> tuple[Listed, ...]:
        """Return some of all templates that are there, in the order of their ids.

        Args:
            tenant_id: Whose.
            after: Begin with the id that follows this one; empty = at the first.
            limit: Most templates.
            collection_id: Only those in this one, empty = in none; None = all. All are read: for
                a collection that is a small part of them, see `of_subjects`.
        """
        wanted = _listed(tenant_id).where(sealed.c.id > after)
        if collection_id is not None:
            wanted = wanted.where(subjects.c.collection_id == collection_id)
        return self._named(wanted.order_by(sealed.c.id).limit(limit))

    def named(self, tenant_id: str, template_ids: Collection[str]) -> tuple[Listed, ...]:
        """Return those of some templates that are there as the feed names them, in no order."""
        return self._named(_listed(tenant_id).where(sealed.c.id.in_(template_ids)))

    def of_subjects(self, tenant_id: str, subject_ids: Collection[str]) -> tuple[Listed, ...]:
        """Return the templates of some subjects as the feed names them, in no order."""
        theirs = sealed.c.subject_id.in_(subject_ids) & (sealed.c.purpose == TEMPLATE)
        return self._named(_listed(tenant_id).where(theirs))

    def lineages(self, tenant_id: str, after: str, limit: int) -> tuple[Lineage, ...]:
        """Return where some of all templates come from, in the order of their ids.

        Args:
            tenant_id: Whose.
            after: Begin with the id that follows this one; empty = at the first.
            limit: Most templates.
        """
        wanted = _listed(tenant_id).where(sealed.c.id > after)
        rows = self._rows(wanted.order_by(sealed.c.id).limit(limit))
        return tuple(lineage(*row) for row in rows)

    def has_others(self, tenant_id: str, embedder: str) -> bool:
        """Return whether there are templates of another embedder than this one."""
        meta = type_coerce(sealed.c.meta, Text)
        same = meta.contains(f'"embedder":{json.dumps(embedder)},', autoescape=True)
        theirs = (sealed.c.tenant_id == tenant_id) & (sealed.c.purpose == TEMPLATE)
        return self._one(select(sealed.c.id).where(theirs, ~same).limit(1)) is not None

    def _named(self, statement: Select[Any]) -> tuple[Listed, ...]:
        rows = self._rows(statement)
        return tuple(
            Listed(one, who, str(meta.get("embedder", ""))[:LONGEST_EMBEDDER], where)
            for one, who, meta, where in rows
        )

    def _rows(
        self, statement: Select[Any], values: Mapping[str, object] | None = None
    ) -> list[tuple[Any, ...]]:
        """Return rows as they are: for hundreds of them, names would take longer than the rest."""
        return cast("list[tuple[Any, ...]]", self._run(statement, values).all())


_IS_TEMPLATE = of_purpose(TEMPLATE)


def _listed(tenant_id: str) -> Select[Any]:
    theirs = and_(subjects.c.tenant_id == sealed.c.tenant_id, subjects.c.id == sealed.c.subject_id)
    columns = sealed.c.id, sealed.c.subject_id, sealed.c.meta, subjects.c.collection_id
    wanted = (sealed.c.tenant_id == tenant_id) & _IS_TEMPLATE
    return select(*columns).select_from(sealed).join(subjects, theirs).where(wanted)


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


_OF_TEMPLATE = 7
"""Columns of a template, which come first."""


@cache
def _templates() -> Select[Any]:
    theirs = and_(
        subject_keys.c.tenant_id == sealed.c.tenant_id,
        subject_keys.c.subject_id == sealed.c.subject_id,
        subject_keys.c.version == sealed.c.key_version,
    )
    wanted = (sealed.c.tenant_id == bindparam("tenant_id")) & _IS_TEMPLATE
    wanted &= sealed.c.id.in_(_ids("template_ids"))
    columns = (
        sealed.c.id,
        sealed.c.subject_id,
        _as_it_is(sealed.c.data),
        subject_keys.c.version,
        subject_keys.c.tenant_key_version,
        _as_it_is(subject_keys.c.wrapped),
        _as_it_is(sealed.c.meta),
    )
    return select(*columns).select_from(sealed).join(subject_keys, theirs).where(wanted)


def _as_it_is(column: ColumnElement[Any]) -> ColumnElement[Any]:
    """Ask for what the driver makes of a value: what is read by the hundred takes half the time."""
    return type_coerce(column, NullType())


def _ids(name: str) -> BindParameter[Sequence[str]]:
    """Return the place of ids in a statement; they are ours, and are not checked one by one."""
    return bindparam(name, expanding=True, type_=String())


@cache
def _agreements() -> Select[Any]:
    """Ask as `Consents.valid` does, of many at once."""
    wanted = subjects.c.tenant_id == bindparam("tenant_id")
    wanted &= subjects.c.id.in_(_ids("subject_ids"))
    columns = (subjects.c.id, *_AGREEMENT)
    return select(*columns).select_from(subjects).outerjoin(consents, _holds()).where(wanted)


@cache
def _agreed_templates() -> Select[Any]:
    """Ask `_templates` and `_agreements` at once."""
    theirs = and_(subjects.c.tenant_id == sealed.c.tenant_id, subjects.c.id == sealed.c.subject_id)
    return (
        _templates().add_columns(*_AGREEMENT).join(subjects, theirs).outerjoin(consents, _holds())
    )


_AGREEMENT = subjects.c.adult, subjects.c.erased_at, consents.c.method


def _holds() -> ColumnElement[bool]:
    """Ask whether a consent of a subject to a purpose holds at a time."""
    now = bindparam("now", type_=consents.c.given_at.type)
    return and_(
        consents.c.tenant_id == subjects.c.tenant_id,
        consents.c.subject_id == subjects.c.id,
        consents.c.purpose == bindparam("purpose"),
        consents.c.given_at <= now,
        or_(consents.c.expires_at.is_(None), consents.c.expires_at > now),
        or_(consents.c.withdrawn_at.is_(None), consents.c.withdrawn_at > now),
    )
