"""Subjects: the people whose faces a tenant knows; nothing they are called is stored plainly."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from enum import Enum
from typing import Any, Final

from visavis.credentials.roles import Permission
from visavis.store.collections import LOGIN
from visavis.store.page import DEFAULT, Page
from visavis.store.work import Work
from visavis.usecases.actor import Actor
from visavis.usecases.collection_of import require_collection
from visavis.usecases.errors import NotFound
from visavis.usecases.ground import Ground
from visavis.usecases.subject_making import CREATED, free_index, make_subject
from visavis.usecases.subject_profiles import (
    Known,
    Profile,
    clean_name,
    clean_notes,
    clean_reference,
    find_called,
    keep_profile,
    known,
    known_all,
    subject_of,
)

_CLEANED: Mapping[str, Callable[[Any], Any]] = {
    "reference": clean_reference,
    "name": clean_name,
    "notes": clean_notes,
    "adult": lambda adult: adult,
}


class Kept(Enum):
    """What a change leaves as it is; None takes a value away."""

    KEPT = "kept"


KEPT: Final = Kept.KEPT


class Subjects:
    """Makes, finds and changes subjects; erasing them is a use case of its own.

    Args:
        ground: Of the deployment.
    """

    def __init__(self, ground: Ground) -> None:
        self._ground = ground

    def create(
        self,
        actor: Actor,
        *,
        reference: str | None = None,
        name: str | None = None,
        notes: str | None = None,
        adult: bool | None = None,
        collection: str = "",
    ) -> Known:
        """Make a subject; whatever is said of them is optional.

        Args:
            actor: Who makes it.
            reference: The tenant's own name or number for them, at most 200 characters.
            name: What people call them, at most 200 characters.
            notes: Whatever else, at most 2,000 characters.
            adult: Whether they are of age; None = nobody has said.
            collection: Id of the collection they are in from now on; empty = in none.

        Raises:
            InvalidInput: a text is too long or holds characters that cannot be printed.
            AlreadyThere: somebody else there has this reference.
            NotFound: there is no such collection.
        """
        actor.require(Permission.PEOPLE_WRITE)
        profile = Profile(clean_reference(reference), clean_name(name), clean_notes(notes))
        told = actor, profile, collection
        return self._ground.store.run(lambda work: self._create(work, *told, adult=adult))

    def find(self, actor: Actor, subject_id: str) -> Known:
        """Return a subject.

        Raises:
            NotFound: there is none of this id, or they were erased.
        """
        actor.require(Permission.PEOPLE_READ)
        with self._ground.store.reading() as work:
            return known(self._ground.keyring, work, subject_of(work, actor.tenant_id, subject_id))

    def find_by_reference(self, actor: Actor, reference: str, *, collection: str = "") -> Known:
        """Return who of a collection has a reference; empty = who is in none.

        Raises:
            NotFound: nobody has it, or there is no such collection.
            InvalidInput: it is too long, or holds characters that cannot be printed.
        """
        actor.require(Permission.PEOPLE_READ)
        sought, keyring = clean_reference(reference), self._ground.keyring
        with self._ground.store.reading() as work:
            require_collection(work, actor.tenant_id, collection)
            told = actor.tenant_id, sought or "", collection
            row = find_called(keyring, work, *told) if sought else None
            if row is None:
                raise NotFound("subject")
            return known(keyring, work, row)

    def some(self, actor: Actor, subject_ids: Collection[str]) -> dict[str, Known]:
        """Return several subjects by id; those who are not here are left out.

        Raises:
            NotAllowed: the actor may not see them.
        """
        actor.require(Permission.PEOPLE_READ)
        if not subject_ids:
            return {}
        with self._ground.store.reading() as work:
            found = work.subjects.some(actor.tenant_id, subject_ids)
            rows = [row for row in found if row.collection_id != LOGIN]
            return {each.id: each for each in known_all(self._ground.keyring, work, rows)}

    def page(
        self,
        actor: Actor,
        limit: int = DEFAULT,
        cursor: str | None = None,
        *,
        collection: str | None = None,
        called: bool = False,
    ) -> Page[Known]:
        """Return a part of the subjects who were not erased, newest first.

        Args:
            actor: Who asks.
            limit: Most subjects, 1..200.
            cursor: Where the part before ended; None = begin.
            collection: Only those in this one, empty = in none; None = all but users who log in by
                their face: that face is theirs, and nobody else's business.
            called: Only those who have a reference.

        Raises:
            InvalidInput: the limit is not 1..200, or the cursor none of ours.
            NotFound: there is no such collection.
        """
        actor.require(Permission.PEOPLE_READ)
        with self._ground.store.reading() as work:
            require_collection(work, actor.tenant_id, collection or "")
            told = actor.tenant_id, limit, cursor, collection
            but = LOGIN if collection is None else None
            page = work.subjects.page(*told, but=but, called=called)
            return Page(known_all(self._ground.keyring, work, page.items), page.next)

    def count_called(self, actor: Actor, collection: str) -> int:
        """Return how many of a collection have a reference; empty = of who is in none.

        Raises:
            NotFound: there is no such collection.
        """
        actor.require(Permission.PEOPLE_READ)
        with self._ground.store.reading() as work:
            require_collection(work, actor.tenant_id, collection)
            return work.subjects.count_called(actor.tenant_id, collection)

    def change(
        self,
        actor: Actor,
        subject_id: str,
        *,
        reference: str | Kept | None = KEPT,
        name: str | Kept | None = KEPT,
        notes: str | Kept | None = KEPT,
        adult: bool | Kept | None = KEPT,
    ) -> Known:
        """Change what is given and return the subject; None takes a value away.

        Raises:
            NotFound: there is none of this id, or they were erased.
            InvalidInput: a text is too long or holds characters that cannot be printed.
            AlreadyThere: somebody else has this reference.
        """
        actor.require(Permission.PEOPLE_WRITE)
        given = {"reference": reference, "name": name, "notes": notes, "adult": adult}
        values = {what: value for what, value in given.items() if value is not KEPT}
        clean = {what: _CLEANED[what](value) for what, value in values.items()}
        return self._ground.store.run(lambda work: self._change(work, actor, subject_id, clean))

    def _create(
        self,
        work: Work,
        actor: Actor,
        profile: Profile,
        collection: str,
        *,
        adult: bool | None,
    ) -> Known:
        tenant_id = actor.tenant_id
        made = make_subject(
            self._ground, work, tenant_id, profile, adult=adult, collection=collection
        )
        now, ids = self._ground.clock(), (actor.tenant_id, actor.id)
        self._ground.audit.note(work, *ids, CREATED, now, made.id)
        return made

    def _change(
        self, work: Work, actor: Actor, subject_id: str, values: Mapping[str, Any]
    ) -> Known:
        now, tenant_id = self._ground.clock(), actor.tenant_id
        work.tenants.hold(tenant_id)  # no other unit takes the reference
        row = subject_of(work, tenant_id, subject_id, hold=True)
        before = known(self._ground.keyring, work, row)
        after = replace(before, **values)
        changed = [what for what in values if getattr(after, what) != getattr(before, what)]
        if "reference" in changed:
            sought = after.reference, row.collection_id
            index = free_index(self._ground, work, tenant_id, *sought)
            work.subjects.set_reference(tenant_id, row.id, index)
        if "adult" in changed:
            work.subjects.set_adult(tenant_id, row.id, after.adult)
        keep_profile(self._ground.keyring, work, row, after.profile, now)
        if changed:
            told = {"changed": changed}
            self._ground.audit.note(
                work, tenant_id, actor.id, "subject.changed", now, row.id, details=told
            )
        return after
