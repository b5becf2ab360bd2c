"""Looking whether the index holds what the database does, and making it so."""

from collections.abc import Collection
from dataclasses import dataclass

from visavis.index.base import Index, Space
from visavis.store.collections import LOGIN
from visavis.store.work import Work
from visavis.usecases.gallery_filling import AT_ONCE, Part, part_of
from visavis.usecases.gallery_following import Following
from visavis.usecases.ground import Ground

KEPT_CHANGES = 50_000
"""Changes of a feed that are kept at least: reading them takes about as long as building anew."""


@dataclass(frozen=True, slots=True)
class Checked:
    """What was found of one embedder's templates in one collection, and repaired.

    Attributes:
        embedder: Whose.
        templates: How many the database has.
        ghosts: Entries of the index without a template; they were removed.
        holes: Templates without an entry; they were added.
        unreadable: Templates that do not open, or do not fit the others; no search finds them.
        stale: Spaces that nothing searches any more; they were dropped.
        collection: Where the templates' subjects are; empty = in none.
    """

    embedder: str
    templates: int
    ghosts: int
    holes: int
    unreadable: int
    stale: int
    collection: str = ""

    @property
    def is_clean(self) -> bool:
        """Whether nothing was wrong."""
        return not (self.ghosts or self.holes or self.unreadable or self.stale)


class Checking:
    """Verifies and rebuilds the spaces of tenants, and forgets subjects.

    Args:
        ground: Of the deployment.
        index: What is looked at.
        following: Brings it up to the rows.
    """

    def __init__(self, ground: Ground, index: Index, following: Following) -> None:
        self._ground, self._index, self._following = ground, index, following

    def verify(self, tenant_id: str) -> tuple[Checked, ...]:
        """Compare all spaces of a tenant with the database, and repair them.

        Raises:
            NotFound: there is no such tenant.
        """
        version = self._following.state(tenant_id).version
        there = {part_of(space) for space in self._index.spaces(tenant_id)}
        parts = there | self._following.filling.parts(tenant_id)
        return tuple(self._verify(part.space(tenant_id, version)) for part in sorted(parts))

    def rebuild(self, tenant_id: str) -> int:
        """Drop all spaces of a tenant and build them anew; return how many entries there are."""
        for space in self._index.spaces(tenant_id):
            self._following.drop(space)
        return self.renew(tenant_id)

    def renew(self, tenant_id: str) -> int:
        """Bring the spaces of the newest secret up to the rows, and drop all others."""
        spaces = [
            self._following.renew(tenant_id, each)
            for each in self._following.filling.parts(tenant_id)
        ]
        return sum(map(self._index.count, spaces))

    def shorten(self, tenant_id: str, kept: int = KEPT_CHANGES) -> int:
        """Forget all but the last changes of a feed; return how many went.

        Nothing goes before there are twice as many. An index that has not followed for so long is
        built anew when it is asked.
        """

        def forget(work: Work) -> int:
            head = work.template_changes.head(tenant_id)
            if head is None or head.seq - head.floor <= 2 * kept:
                return 0
            return work.template_changes.forget_before(tenant_id, head.seq - kept + 1)

        return self._ground.store.run(forget)

    def forget(self, tenant_id: str, subject_id: str) -> None:
        """Remove all about a subject whose rows are gone."""
        ids = self._ids_of(tenant_id, subject_id)
        for space in self._spaces_of(tenant_id, subject_id):
            self._following.bring_up(space)
            with self._following.locked(space):
                self._index.remove(space, ids)
        self._index.save()

    def forget_collections(self, tenant_id: str) -> None:
        """Drop the spaces of collections that are gone, or are being removed."""
        spaces = [each for each in self._index.spaces(tenant_id) if each.collection]
        if not spaces:
            return
        with self._ground.store.reading() as work:
            found = work.collections.some(tenant_id, {space.collection for space in spaces})
        there = {LOGIN} | {each.id for each in found if each.closed_at is None}
        for space in spaces:
            if space.collection not in there:
                self._following.drop(space)

    def holds(self, tenant_id: str, subject_id: str) -> int:
        """Return how many entries there are of a subject, as far as the feed knows their ids."""
        ids = set(self._ids_of(tenant_id, subject_id))
        if not ids:
            return 0
        return sum(len(ids & self._index.ids(space)) for space in self._index.spaces(tenant_id))

    def _verify(self, space: Space) -> Checked:
        part = part_of(space)
        there = self._index.spaces(space.tenant_id)
        others = [each for each in there if part_of(each) == part and each != space]
        self._following.renew(space.tenant_id, part)
        with self._following.locked(space):
            known = self._known(space)
            self._following.bring_up(space)  # what came and went while that was read
            entries = self._index.ids(space)
            ghosts = entries - known
            ghosts -= self._there(space, ghosts)
            missing = self._there(space, known - entries)
            self._index.remove(space, sorted(ghosts))
            added = self._add(space, sorted(missing))
        unreadable = len(missing) - added
        counts = len(known), len(ghosts), added, unreadable, len(others)
        return Checked(space.embedder, *counts, collection=space.collection)

    def _add(self, space: Space, ids: list[str]) -> int:
        parts = (ids[start : start + AT_ONCE] for start in range(0, len(ids), AT_ONCE))
        return sum(self._following.filling.add(space, part) for part in parts)

    def _known(self, space: Space) -> set[str]:
        """Return the ids of all templates that belong in a space."""
        return {each for part in self._following.filling.ids(space) for each in part}

    def _there(self, space: Space, ids: Collection[str]) -> set[str]:
        """Return those of some templates that the database has now, and that belong there."""
        found, asked, belongs = set(), sorted(ids), part_of(space)
        for start in range(0, len(asked), AT_ONCE):
            with self._ground.store.reading() as work:
                part = asked[start : start + AT_ONCE]
                rows = work.galleries.named(space.tenant_id, part)
            there = (row for row in rows if Part(row.embedder, row.collection_id) == belongs)
            found |= {row.template_id for row in there}
        return found

    def _spaces_of(self, tenant_id: str, subject_id: str) -> list[Space]:
        """Return the spaces of a subject's collection; all where nothing is known of them."""
        with self._ground.store.reading() as work:
            row = work.subjects.find(tenant_id, subject_id)
        spaces = self._index.spaces(tenant_id)
        return [each for each in spaces if row is None or each.collection == row.collection_id]

    def _ids_of(self, tenant_id: str, subject_id: str) -> list[str]:
        """Return the ids of the templates that a subject ever had, as far as the feed knows them.

        Those that were given to somebody else stay: whoever is erased does not take them along.
        """
        with self._ground.store.reading() as work:
            changes = work.template_changes.of_subject(tenant_id, subject_id)
            ids, others = sorted({change.template_id for change in changes}), set[str]()
            for start in range(0, len(ids), AT_ONCE):
                rows = work.galleries.named(tenant_id, ids[start : start + AT_ONCE])
                others |= {row.template_id for row in rows if row.subject_id != subject_id}
        return [each for each in ids if each not in others]
