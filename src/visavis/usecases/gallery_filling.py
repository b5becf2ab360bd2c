"""Putting templates into spaces of the index: all there are, or what came and went since."""

from collections.abc import Collection, Iterator
from typing import NamedTuple

import numpy as np
import structlog

from visavis.core.errors import InvalidInput
from visavis.index.base import Index, Space
from visavis.store.page import MOST, Page
from visavis.store.subjects import Subject
from visavis.store.template_changes import Listed
from visavis.store.work import Work
from visavis.usecases.errors import NotFound
from visavis.usecases.gallery_codes import Codes
from visavis.usecases.gallery_opening import Opened, open_all
from visavis.usecases.ground import Ground
from visavis.usecases.reading_all import pages

log = structlog.get_logger(__name__)

AT_ONCE = 500
"""Templates that one unit reads and one call adds."""


class Part(NamedTuple):
    """Templates of a tenant that are compared with each other, whatever the secret.

    Attributes:
        embedder: What made them.
        collection: Where their subjects are; empty = in none.
    """

    embedder: str
    collection: str = ""

    def space(self, tenant_id: str, version: int) -> Space:
        """Return where they lie under a version of the tenant's secret."""
        return Space(tenant_id, self.embedder, version, self.collection)


def part_of(space: Space) -> Part:
    """Return what belongs in a space."""
    return Part(space.embedder, space.collection)


class Filling:
    """Fills spaces; whoever calls it holds their locks.

    Args:
        ground: Of the deployment.
        index: What is filled.
        codes: Makes what it holds.
    """

    def __init__(self, ground: Ground, index: Index, codes: Codes) -> None:
        self._ground, self._index, self._codes = ground, index, codes

    def fill(self, space: Space, seq: int) -> int:
        """Make a space anew from the templates that are there; return how many went in.

        Args:
            space: Which.
            seq: A change that was committed before; later ones are applied afterwards.
        """
        self._index.drop(space)
        added = sum(self.add(space, ids) for ids in self.ids(space))
        self._index.set_mark(space, seq)
        return added

    def apply_some(self, space: Space) -> bool:
        """Apply some changes since a space's mark; return whether these were the last.

        Nothing is applied where some of them are forgotten.

        Raises:
            NotFound: there is no such tenant.
        """
        tenant_id, mark = space.tenant_id, self._index.mark(space)
        with self._ground.store.reading() as work:
            head = work.template_changes.head(tenant_id)
            changes = work.template_changes.changes_after(
                tenant_id, mark, AT_ONCE, space.embedder, space.collection
            )
        if head is None:
            raise NotFound("organisation")
        if mark < head.floor:
            return False
        gone = {change.template_id for change in changes if not change.added}
        self._index.remove(space, sorted(gone))
        self.add(space, {change.template_id for change in changes} - gone)
        is_last = len(changes) < AT_ONCE
        self._index.set_mark(space, head.seq if is_last else changes[-1].seq)
        return is_last

    def add(self, space: Space, template_ids: Collection[str]) -> int:
        """Add those of some templates that are there; return how many went in."""
        if not template_ids:
            return 0
        ground, tenant_id = self._ground, space.tenant_id
        with ground.store.reading() as work:
            rows = work.galleries.templates(tenant_id, template_ids)
            opened = open_all(ground.keyring, work, tenant_id, rows)
        return sum(self._add(space, same) for same in _by_dimension(opened))

    def ids(self, space: Space) -> Iterator[list[str]]:
        """Yield the ids of all templates that belong in a space, some at a time."""
        for listed in self._listed(space.tenant_id, space.collection):
            yield [one.template_id for one in listed if one.embedder == space.embedder]

    def parts(self, tenant_id: str) -> set[Part]:
        """Return the parts that the templates of a tenant fall into."""
        listed = (one for some in self._listed(tenant_id) for one in some)
        return {Part(one.embedder, one.collection_id) for one in listed}

    def _add(self, space: Space, opened: list[Opened]) -> int:
        """Add templates of one dimension; those that do not fit the space are left out."""
        try:
            entries = self._codes.entries(space, np.stack([one.vector for one in opened]))
            self._index.add(space, [one.id for one in opened], entries)
        except InvalidInput:
            dimension = len(opened[0].vector)
            log.error("templates_unfit", embedder=space.embedder, dimension=dimension)  # noqa: TRY400
            return 0
        return len(opened)

    def _listed(
        self, tenant_id: str, collection: str | None = None
    ) -> Iterator[tuple[Listed, ...]]:
        """Yield the templates of a tenant or of a collection, some at a time.

        A collection may be a small part of them, so it is read by its people.
        """
        if collection:
            yield from self._listed_in(tenant_id, collection)
            return
        last = ""
        while True:
            with self._ground.store.reading() as work:
                listed = work.galleries.listed(tenant_id, last, AT_ONCE, collection)
            if not listed:
                return
            yield listed
            last = listed[-1].template_id

    def _listed_in(self, tenant_id: str, collection: str) -> Iterator[tuple[Listed, ...]]:
        """Yield the templates of a collection; who joins meanwhile is in the feed."""
        store, most = self._ground.store, min(AT_ONCE, MOST)

        def people(work: Work, cursor: str | None) -> Page[Subject]:
            return work.subjects.page(tenant_id, most, cursor, collection)

        for page in pages(store, people):
            with store.reading() as work:
                listed = work.galleries.of_subjects(tenant_id, [one.id for one in page.items])
            for start in range(0, len(listed), AT_ONCE):
                yield listed[start : start + AT_ONCE]


def _by_dimension(opened: list[Opened]) -> list[list[Opened]]:
    """Return templates apart by their dimension, the most frequent one first, then the larger."""
    found: dict[int, list[Opened]] = {}
    for one in opened:
        found.setdefault(len(one.vector), []).append(one)
    return sorted(found.values(), key=lambda same: (len(same), len(same[0].vector)), reverse=True)
