"""Putting templates into spaces of the index: all there are, or what came and went since."""

from collections.abc import Collection, Iterator

import numpy as np
import structlog

from visavis.core.errors import InvalidInput
from visavis.index.base import Index, Space
from visavis.store.template_changes import Listed
from visavis.usecases.errors import NotFound
from visavis.usecases.gallery_codes import Codes
from visavis.usecases.gallery_opening import Opened, open_all
from visavis.usecases.ground import Ground

log = structlog.get_logger(__name__)

AT_ONCE = 500
"""Templates that one unit reads and one call adds."""


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
            changes = work.template_changes.changes_after(tenant_id, mark, AT_ONCE, space.embedder)
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
        """Yield the ids of all templates of a space's embedder, some at a time."""
        for listed in self._listed(space.tenant_id):
            yield [one.template_id for one in listed if one.embedder == space.embedder]

    def embedders(self, tenant_id: str) -> set[str]:
        """Return what made the templates of a tenant."""
        return {one.embedder for listed in self._listed(tenant_id) for one in listed}

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

    def _listed(self, tenant_id: str) -> Iterator[tuple[Listed, ...]]:
        """Yield all templates of a tenant, some at a time."""
        last = ""
        while True:
            with self._ground.store.reading() as work:
                listed = work.galleries.listed(tenant_id, last, AT_ONCE)
            if not listed:
                return
            yield listed
            last = listed[-1].template_id


def _by_dimension(opened: list[Opened]) -> list[list[Opened]]:
    """Return templates apart by their dimension, the most frequent one first, then the larger."""
    found: dict[int, list[Opened]] = {}
    for one in opened:
        found.setdefault(len(one.vector), []).append(one)
    return sorted(found.values(), key=lambda same: (len(same), len(same[0].vector)), reverse=True)
