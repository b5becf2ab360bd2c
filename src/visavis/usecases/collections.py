"""Collections: parts of an organisation's people that are searched on their own.

Whoever is in one is found only by who searches that one. A collection is removed together with its
people, each of whom is erased with a receipt. From the first moment on nobody finds them; where
there are many, the rest is erased in the background, and taken up again after a crash.
"""

import re
from collections.abc import Callable
from collections.abc import Collection as Several
from contextlib import suppress
from dataclasses import dataclass

import structlog

from visavis.core.errors import InvalidInput, Overloaded, VisavisError
from visavis.credentials.roles import Permission
from visavis.store.collections import LOGIN as LOGIN
from visavis.store.collections import MAIN as MAIN
from visavis.store.collections import Collection as Collection
from visavis.store.errors import AlreadyThere
from visavis.store.page import DEFAULT, MOST, Page
from visavis.store.tables.collections import LONGEST_COLLECTION as LONGEST_COLLECTION
from visavis.store.work import Work
from visavis.usecases import reading_all
from visavis.usecases.actor import SYSTEM, Actor
from visavis.usecases.collection_of import require_collection
from visavis.usecases.erasure import Erasure, Reason
from visavis.usecases.errors import NotFound
from visavis.usecases.ground import Ground

log = structlog.get_logger(__name__)

CREATED, REMOVED = "collection.created", "collection.removed"
"""What the audit log calls it."""

AT_ONCE = 100
"""People whom removing a collection erases before it answers; the others follow."""

_NAME = re.compile(rf"[A-Za-z0-9._:@-]{{1,{LONGEST_COLLECTION}}}")
_TAKEN = frozenset({LOGIN, ".", ".."})


@dataclass(frozen=True, slots=True)
class Size:
    """How much a collection holds.

    Attributes:
        subjects: People who were not erased.
        templates: Theirs, of all embedders.
    """

    subjects: int
    templates: int


@dataclass(frozen=True, slots=True)
class Removed:
    """What came of removing a collection.

    Attributes:
        collection: As it was.
        erased: People who are erased already.
        left: People who are being erased; nobody finds them any more.
    """

    collection: Collection
    erased: int
    left: int


class Collections:
    """Makes, lists and removes collections; safe to use from several threads and processes.

    Args:
        ground: Of the deployment.
        erasure: Erases people.
        forget: Removes all that a search index holds of a tenant's collection.
    """

    def __init__(
        self, ground: Ground, erasure: Erasure, forget: Callable[[str, str], object]
    ) -> None:
        self._ground = ground
        self._erasure = erasure
        self._forget = forget

    def create(self, actor: Actor, name: str) -> Collection:
        """Make a collection.

        Args:
            actor: Who makes it.
            name: 1..255 letters, digits or any of . _ : @ -

        Raises:
            InvalidInput: the name cannot be used.
            AlreadyThere: there is one of this name.
        """
        actor.require(Permission.PEOPLE_WRITE)
        if not _NAME.fullmatch(name) or name in _TAKEN:
            raise InvalidInput(
                f"name a collection with 1 to {LONGEST_COLLECTION} letters, digits or any of "
                f". _ : @ - and not {LOGIN}"
            )
        return self._ground.store.run(lambda work: self._create(work, actor, name))

    def find(self, actor: Actor, name: str) -> Collection:
        """Return the collection of a name.

        Raises:
            NotAllowed: the actor may neither see nor change people, nor recognise anybody.
            NotFound: there is none.
        """
        _require_to_name(actor)
        with self._ground.store.reading() as work:
            return _called(work, actor, name)

    def names(self, actor: Actor, collection_ids: Several[str]) -> dict[str, str]:
        """Return what several collections are called; ids that are none are left out."""
        _require_to_name(actor)
        asked = set(collection_ids) - {MAIN}
        if not asked:
            return {}
        with self._ground.store.reading() as work:
            found = work.collections.some(actor.tenant_id, asked)
        return {each.id: each.name for each in found}

    def page(
        self, actor: Actor, limit: int = DEFAULT, cursor: str | None = None
    ) -> Page[Collection]:
        """Return a part of the collections, newest first.

        Raises:
            InvalidInput: the limit is not 1..200, or the cursor none of ours.
        """
        actor.require(Permission.PEOPLE_READ)
        with self._ground.store.reading() as work:
            return work.collections.page(actor.tenant_id, limit, cursor)

    def size(self, actor: Actor, collection_id: str) -> Size:
        """Return how much a collection holds; empty = the organisation's own people.

        Raises:
            NotFound: there is none of this id.
        """
        actor.require(Permission.PEOPLE_READ)
        with self._ground.store.reading() as work:
            require_collection(work, actor.tenant_id, collection_id)
            return _size(work, actor.tenant_id, collection_id)

    def sizes(self, actor: Actor, collection_ids: Several[str]) -> dict[str, Size]:
        """Return how much each of several collections holds."""
        actor.require(Permission.PEOPLE_READ)
        with self._ground.store.reading() as work:
            found = work.collections.sizes(actor.tenant_id, collection_ids)
        return {each: Size(*found.get(each, (0, 0))) for each in collection_ids}

    def remove(self, actor: Actor, name: str) -> Removed:
        """Remove a collection and erase its people; its name may be used again at once.

        Raises:
            NotAllowed: the actor may not erase people.
            NotFound: there is none of this name.
            ErasureIncomplete: something of a person is left; what is left is taken up again.
        """
        actor.require(Permission.PEOPLE_ERASE)
        collection = self._ground.store.run(lambda work: self._close(work, actor, name))
        self._forget(actor.tenant_id, collection.id)
        erased = self._erase(collection, actor.id, AT_ONCE)
        with self._ground.store.reading() as work:
            left = _size(work, actor.tenant_id, collection.id).subjects
        if left:
            with suppress(Overloaded):  # a sweep takes it up
                self._ground.background.do("collection", lambda: self._erase(collection, actor.id))
        return Removed(collection, erased, left)

    def sweep(self) -> int:
        """Take up removals of all tenants that were cut short; return how many people it erased."""
        erased = 0
        for tenant in reading_all.tenants(self._ground.store):
            with self._ground.store.reading() as work:
                closed = work.collections.closed(tenant.id)
            for collection in closed:
                try:
                    erased += self._erase(collection, SYSTEM)
                except VisavisError as exc:
                    reason = type(exc).__name__
                    log.error("collection_left", collection_id=collection.id, reason=reason)  # noqa: TRY400
        return erased

    def _create(self, work: Work, actor: Actor, name: str) -> Collection:
        work.tenants.hold(actor.tenant_id)  # no other unit takes the name
        if work.collections.find_by_name(actor.tenant_id, name):
            raise AlreadyThere("there is a collection of this name already; choose another one")
        now = self._ground.clock()
        collection = work.collections.add(actor.tenant_id, name, now)
        self._note(work, actor, CREATED, collection)
        return collection

    def _close(self, work: Work, actor: Actor, name: str) -> Collection:
        """Have nobody join or find those of a collection any more."""
        work.tenants.hold(actor.tenant_id)  # nobody joins meanwhile
        collection = _called(work, actor, name)
        work.collections.close(actor.tenant_id, collection.id, self._ground.clock())
        self._note(work, actor, REMOVED, collection)
        return collection

    def _erase(self, collection: Collection, by: str, most: int | None = None) -> int:
        """Erase people of a closed collection, each in a unit of their own; return how many.

        The row goes with the last of them.
        """
        tenant_id, erased = collection.tenant_id, 0
        while most is None or erased < most:
            wanted = MOST if most is None else min(MOST, most - erased)
            with self._ground.store.reading() as work:
                page = work.subjects.page(tenant_id, wanted, None, collection.id)
            if not page.items:
                break
            for each in page.items:
                self._erasure.erase_for(tenant_id, each.id, by, Reason.OTHER)
                erased += 1
        self._ground.store.run(lambda work: _gone(work, collection))
        return erased

    def _note(self, work: Work, actor: Actor, action: str, collection: Collection) -> None:
        now, ids = self._ground.clock(), (actor.tenant_id, actor.id)
        told = {"collection_id": collection.id, "name": collection.name}
        self._ground.audit.note(work, *ids, action, now, details=told)


def _require_to_name(actor: Actor) -> None:
    """Refuse who has no use for the name of a collection."""
    useful = Permission.PEOPLE_WRITE, Permission.PEOPLE_ERASE, Permission.RECOGNISE
    if not any(map(actor.may, useful)):
        actor.require(Permission.PEOPLE_READ)


def _called(work: Work, actor: Actor, name: str) -> Collection:
    if not _NAME.fullmatch(name):
        raise NotFound("collection")
    collection = work.collections.find_by_name(actor.tenant_id, name)
    if collection is None:
        raise NotFound("collection")
    return collection


def _size(work: Work, tenant_id: str, collection_id: str) -> Size:
    return Size(*work.collections.sizes(tenant_id, [collection_id]).get(collection_id, (0, 0)))


def _gone(work: Work, collection: Collection) -> None:
    """Remove the row of a collection in which nobody is left."""
    if not _size(work, collection.tenant_id, collection.id).subjects:
        work.collections.remove(collection.tenant_id, collection.id)
