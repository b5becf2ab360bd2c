"""The feed of templates: what came and went, numbered without a gap, for whoever keeps an index.

A change is written in the unit in which the row itself appears or goes: `Sealed` does that, so that
no way around it is left. Who has applied all changes up to a number knows what the rows know.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import delete, insert, select, update

from visavis.store.errors import NotThere
from visavis.store.repository import Repository, columns_of
from visavis.store.tables.template_changes import template_changes, template_heads


@dataclass(frozen=True, slots=True)
class Listed:
    """A template as the feed names it.

    Attributes:
        template_id: Its own id.
        subject_id: Whose face it is.
        embedder: What made it; empty = nobody said.
        collection_id: Where the subject is; empty = in none.
    """

    template_id: str
    subject_id: str
    embedder: str
    collection_id: str = ""


@dataclass(frozen=True, slots=True)
class TemplateChange:
    """That a template came or went.

    Attributes:
        tenant_id: Whose subject.
        seq: 1, 2, … without a gap.
        template_id: Which.
        subject_id: Whose face it is.
        embedder: What made it.
        added: Whether it came; False = it went, for ever: ids are never used again.
        collection_id: Where the subject is; empty = in none.
    """

    tenant_id: str
    seq: int
    template_id: str
    subject_id: str
    embedder: str
    added: bool
    collection_id: str = ""


@dataclass(frozen=True, slots=True)
class TemplateHead:
    """Where the feed of a tenant begins and ends.

    Attributes:
        tenant_id: Whose.
        seq: Of the last change; 0 = there was none.
        floor: Changes up to this one are forgotten: who has not applied them begins anew.
    """

    tenant_id: str
    seq: int
    floor: int


class TemplateChanges(Repository):
    """The feed of a tenant, to be read and shortened; `Sealed` alone writes it."""

    def head(self, tenant_id: str) -> TemplateHead | None:
        """Return where the feed begins and ends; None where there is no such tenant."""
        row = self._one(select(template_heads).where(template_heads.c.tenant_id == tenant_id))
        return TemplateHead(**row) if row else None

    def changes_after(
        self,
        tenant_id: str,
        seq: int,
        limit: int,
        embedder: str | None = None,
        collection_id: str | None = None,
    ) -> tuple[TemplateChange, ...]:
        """Return the changes that follow one, in order.

        Args:
            tenant_id: Whose.
            seq: Begin with the change after this one.
            limit: Most changes.
            embedder: Only those of its templates; None = all.
            collection_id: Only those in this one, empty = in none; None = all.
        """
        columns = template_changes.c
        newer = (columns.tenant_id == tenant_id) & (columns.seq > seq)
        if embedder is not None:
            newer &= columns.embedder == embedder
        if collection_id is not None:
            newer &= columns.collection_id == collection_id
        rows = self._all(select(template_changes).where(newer).order_by(columns.seq).limit(limit))
        return tuple(TemplateChange(**row) for row in rows)

    def has_others_after(self, tenant_id: str, seq: int, embedder: str) -> bool:
        """Return whether templates of another embedder came after a change."""
        columns = template_changes.c
        newer = (columns.tenant_id == tenant_id) & (columns.seq > seq) & columns.added
        others = select(columns.seq).where(newer, columns.embedder != embedder).limit(1)
        return self._one(others) is not None

    def of_subject(self, tenant_id: str, subject_id: str) -> tuple[TemplateChange, ...]:
        """Return the changes about a subject that are not forgotten, in order."""
        columns = template_changes.c
        theirs = (columns.tenant_id == tenant_id) & (columns.subject_id == subject_id)
        rows = self._all(select(template_changes).where(theirs).order_by(columns.seq))
        return tuple(TemplateChange(**row) for row in rows)

    def forget_before(self, tenant_id: str, seq: int) -> int:
        """Forget the changes before one; return how many there were.

        Args:
            tenant_id: Whose.
            seq: The first that stays; beyond the last = none does.

        Raises:
            NotThere: there is no such tenant.
        """
        head = self._locked_head(tenant_id)
        floor = max(head.floor, min(seq - 1, head.seq))
        columns, heads = template_changes.c, template_heads.c
        old = (columns.tenant_id == tenant_id) & (columns.seq <= floor)
        gone = self._changed(delete(template_changes).where(old))
        self._run(update(template_heads).where(heads.tenant_id == tenant_id).values(floor=floor))
        return gone

    def _locked_head(self, tenant_id: str) -> TemplateHead:
        head = select(template_heads).where(template_heads.c.tenant_id == tenant_id)
        row = self._one(head.with_for_update(key_share=True))
        if row is None:
            raise NotThere("there is no such tenant, and so no feed of its templates")
        return TemplateHead(**row)


class TemplateNotes(TemplateChanges):
    """The same, to be written."""

    def note(self, tenant_id: str, templates: Sequence[Listed], *, added: bool) -> int:
        """Write down that templates came or went; others who do so wait until the unit ends.

        Lock rows of tenants and subjects before, and the audit log after.

        Args:
            tenant_id: Whose.
            templates: Which, in this order.
            added: Whether they came.

        Returns:
            The number of the last change.

        Raises:
            NotThere: there is no such tenant.
        """
        head = self._locked_head(tenant_id)
        if not templates:
            return head.seq
        last = head.seq + len(templates)
        rows = [
            {"tenant_id": tenant_id, "seq": seq, "added": added, **columns_of(each)}
            for seq, each in enumerate(templates, head.seq + 1)
        ]
        self._run_all(insert(template_changes), rows)
        theirs = template_heads.c.tenant_id == tenant_id
        self._run(update(template_heads).where(theirs).values(seq=last))
        return last
