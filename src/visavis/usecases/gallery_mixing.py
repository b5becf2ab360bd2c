"""Galleries of several embedders: which templates one search can compare, and which it must refuse.

The index is only asked which templates of another embedder may be near, with the probe brought to
them; see `gallery_view` for how they are compared.
"""

import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from visavis.index.harmonics import Harmonics, NoHarmonicMap
from visavis.store.tenants import Tenant
from visavis.usecases.gallery_view import Open, View
from visavis.usecases.ground import Ground
from visavis.usecases.harmony import Change, change_of, lineages, searched_of, tenant_of, uncovered
from visavis.usecases.scores import Scores

MOST_KEPT = 1024
"""Parts of galleries of which it is kept in memory which embedders are in them."""

BETWEEN_COUNTS = timedelta(seconds=10)
"""Least time between two looks at all templates while the embedder of a tenant is changed."""


class Mixing:
    """Tells how to search a gallery; safe to use from several threads.

    Args:
        ground: Of the deployment.
        harmonics: The maps that there are.
        scores: What similarities mean.
    """

    def __init__(self, ground: Ground, harmonics: Harmonics, scores: Scores) -> None:
        self._ground, self._harmonics, self._scores = ground, harmonics, scores
        self._lock = threading.Lock()
        self._known: dict[tuple[str, str], _Known] = {}

    def view(self, tenant: Tenant, embedder: str, collection: str, seq: int) -> View:
        """Return how to search with probes of an embedder.

        Args:
            tenant: Whose gallery.
            embedder: What made the probes.
            collection: Where is searched; empty = in none.
            seq: The last change of a template that must count.

        Raises:
            NoHarmonicMap: no map leads from the probes, or from some of the templates, to what is
                searched.
        """
        chosen, target = searched_of(tenant), searched_of(tenant) or embedder
        found = self._others(tenant.id, target, seq, change_of(tenant))
        others = tuple(sorted(name for name, where in found if where == collection))
        if not self._harmonics.leads(embedder, target):
            raise NoHarmonicMap(embedder, target)
        led = [each for each in others if self._leads_both_ways(each, embedder, target)]
        if not chosen:
            for each in others:
                if each not in led:
                    raise NoHarmonicMap(each, target)
        told = self._harmonics, self._scores, tenant.id
        return View(embedder, target, tuple(led), *told)

    def view_of_one(self, tenant_id: str, embedder: str, opened: Sequence[Open]) -> View:
        """Return how to compare a probe with some templates of one person.

        Those from which no map leads are passed over.

        Raises:
            NotFound: there is no such tenant.
            NoHarmonicMap: no map leads from the probe, or from any of the templates.
        """
        with self._ground.store.reading() as work:
            target = searched_of(tenant_of(work, tenant_id)) or embedder
        if not self._harmonics.leads(embedder, target):
            raise NoHarmonicMap(embedder, target)
        there = {one.embedder for one in opened} - {target}
        led = sorted(each for each in there if self._harmonics.leads(each, target))
        if opened and not led and all(one.embedder != target for one in opened):
            raise NoHarmonicMap(min(there), target)
        told = self._harmonics, self._scores, tenant_id
        return View(embedder, target, tuple(led), *told)

    def _leads_both_ways(self, other: str, embedder: str, target: str) -> bool:
        """Return whether templates can be brought over, and be asked for before."""
        return self._harmonics.leads(other, target) and self._harmonics.leads(embedder, other)

    def _others(
        self, tenant_id: str, target: str, seq: int, change: Change | None
    ) -> frozenset[tuple[str, str]]:
        """Return other embedders with templates that have no copy in the target, and where.

        Going through all templates is left to when one of another embedder came since, or a change
        of the embedder began or ended. While one is under way copies come all the time, and are
        looked at now and then.
        """
        known, now = self._known.get((tenant_id, target)), self._ground.clock()
        if known and change and known.change == change and now - known.at < BETWEEN_COUNTS:
            return known.others
        if known is None or known.change != change or self._has_news(tenant_id, target, seq, known):
            known = _Known(seq, change, self._counted(tenant_id, target), now)
        with self._lock:
            if len(self._known) >= MOST_KEPT:
                self._known.clear()
            self._known[tenant_id, target] = replace(known, seq=max(seq, known.seq))
        return known.others

    def _has_news(self, tenant_id: str, target: str, seq: int, known: "_Known") -> bool:
        """Return whether templates of another embedder came since."""
        if known.seq >= seq:
            return False
        with self._ground.store.reading() as work:
            head = work.template_changes.head(tenant_id)
            if head is None or known.seq < head.floor:
                return True
            return work.template_changes.has_others_after(tenant_id, known.seq, target)

    def _counted(self, tenant_id: str, target: str) -> frozenset[tuple[str, str]]:
        with self._ground.store.reading() as work:
            if not work.galleries.has_others(tenant_id, target):
                return frozenset()
        return uncovered(lineages(self._ground, tenant_id), target)


@dataclass(frozen=True, slots=True)
class _Known:
    """What was known of a gallery.

    Attributes:
        seq: At which change of a template.
        change: Of the embedder, that was under way.
        others: Embedders with templates that have no copy in the target, and where they are.
        at: When all templates were gone through.
    """

    seq: int
    change: Change | None
    others: frozenset[tuple[str, str]]
    at: datetime
