"""Galleries: whom a face shows, among everybody who is enrolled.

The index holds codes and knows no people. What it guesses is opened and compared exactly, so that a
wrong guess costs a little time and no more: similarities are always those of the templates, and
only of subjects whose consent holds.
"""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from functools import partial
from types import MappingProxyType
from typing import ClassVar

import numpy as np

from visavis.core.errors import InvalidInput
from visavis.core.purposes import Comparison, Purpose
from visavis.core.types import Floats
from visavis.credentials.roles import Permission
from visavis.index.base import Hits, Index, Space
from visavis.store.galleries import GalleryState
from visavis.store.tenants import Tenant
from visavis.usecases.actor import Actor
from visavis.usecases.consent import require_purpose
from visavis.usecases.errors import NotFound
from visavis.usecases.gallery_check import Checked, Checking
from visavis.usecases.gallery_codes import Codes
from visavis.usecases.gallery_filling import Part
from visavis.usecases.gallery_following import Following
from visavis.usecases.gallery_mixing import Mixing
from visavis.usecases.gallery_search import Candidate as Candidate
from visavis.usecases.gallery_search import Gate, best_likeness, ranked
from visavis.usecases.gallery_view import View
from visavis.usecases.ground import Ground
from visavis.usecases.privacy import rules_in
from visavis.usecases.templates import Templates

CANDIDATES = 64
"""Templates that are opened for one probe. Measured with `scripts.guess_counts`: rank 1 among 576
people of LFW loses 0.03 points, hits at an FPIR of 1 % nothing."""

MOST_CANDIDATES = 4096
"""Templates that are opened where too few of the first belong to people who agreed."""

MOST_FOUND = 1000
"""People that one search returns."""

AT_ONCE = 32
"""Probes whose templates are open at the same time; the others wait for them."""

_WIDER = 4


class Galleries:
    """Searches the templates of tenants; one in each process, safe to use from several threads.

    Args:
        ground: Of the deployment.
        index: Guesses what is near; it follows the rows by itself.
        protected: Whether the index holds codes under the tenant's secret; otherwise it holds the
            vectors themselves.
        centres: By embedder what all its vectors have in common; see `gallery_codes`.
        mixing: Lets templates of several embedders be searched together; None = only those of the
            embedder that made the probes are.
    """

    name: ClassVar[str] = "index"
    """What receipts of erasures call it."""

    def __init__(
        self,
        ground: Ground,
        index: Index,
        *,
        protected: bool = True,
        centres: Mapping[str, Floats] = MappingProxyType({}),
        mixing: Mixing | None = None,
    ) -> None:
        self._ground, self._index, self._mixing = ground, index, mixing
        codes = Codes(ground, centres)
        self._following = Following(ground, index, codes, is_protected=protected)
        self._checking = Checking(ground, index, self._following)

    def search(
        self,
        actor: Actor,
        probes: Floats,
        embedder: str,
        purpose: Purpose,
        k: int,
        *,
        collection: str = "",
        every: bool = False,
        without: AbstractSet[str] = frozenset(),
    ) -> list[tuple[Candidate, ...]]:
        """Return for each probe the people it may show, the nearest first.

        Whoever calls this writes it down in the audit log.

        Args:
            actor: Who wants to know.
            probes: (n, d) float32, finite, none of them 0.
            embedder: What made them; only templates of the same one are searched, and those that a
                map leads from.
            purpose: What for.
            k: Most people for each probe, 1..1000.
            collection: Only who is in this one; empty = in none.
            every: Whether each template counts by itself, not each subject by the best of theirs.
            without: Templates that do not count.

        Returns:
            At most `k` for each, of those alone who may be searched for now: subjects, each with
            the best of their templates, or templates.

        Raises:
            NotAllowed: the actor may not.
            ConsentMissing: mode or purposes do not allow it with anybody; the message says which.
            InvalidInput: a probe is none, or has another dimension than the templates.
            NoHarmonicMap: no map leads from some of the templates to what is searched.
            Unavailable: database or index do not answer.
        """
        actor.require(Permission.RECOGNISE)
        _check(probes, k)
        if len(probes) > AT_ONCE:
            ask = partial(self.search, collection=collection, every=every, without=without)
            blocks = np.split(probes, range(AT_ONCE, len(probes), AT_ONCE))
            return [one for some in blocks for one in ask(actor, some, embedder, purpose, k)]
        tenant, state = self._following.seen(actor.tenant_id)
        rules = rules_in(tenant)
        require_purpose(rules, purpose, Comparison.ONE_TO_MANY)
        view = self._view(tenant, state, embedder, collection)
        gate = Gate(rules, purpose)
        found: list[tuple[Candidate, ...]] = [()] * len(probes)
        waiting, wanted = list(range(len(probes))), max(CANDIDATES, 2 * k)
        while waiting:
            asked = probes[waiting]
            guesses = self._guesses(state, asked, view, collection, wanted)
            told = ranked(self._ground, view, asked, guesses, gate, every=every, without=without)
            for place, candidates in zip(waiting, told, strict=True):
                found[place] = candidates[:k]
            short = zip(waiting, told, guesses, strict=True)
            waiting = [at for at, near, ids in short if len(near) < k and len(ids) >= wanted]
            if wanted >= MOST_CANDIDATES:
                break
            wanted = min(wanted * _WIDER, MOST_CANDIDATES)
        return found

    def compare(
        self, actor: Actor, subject_id: str, probe: Floats, embedder: str, purpose: Purpose
    ) -> float | None:
        """Return how like a probe is to a subject: the cosine with the best of their templates.

        Args:
            actor: Who wants to know.
            subject_id: Whom somebody claims to be.
            probe: (d,) float32, finite, not 0.
            embedder: What made it.
            purpose: What for.

        Returns:
            −1..1; None = the subject has no template.

        Raises:
            NotFound: there is no such subject, or they were erased.
            ConsentMissing: a rule does not allow it; the message says which.
            InvalidInput: the probe is none, or has another dimension than the templates.
            NoHarmonicMap: no map leads from any of the templates to what is searched.
        """
        _check(probe[None], 1)
        told = Templates(self._ground).unseal(
            actor, subject_id, purpose=purpose, comparison=Comparison.ONE_TO_ONE
        )
        if self._mixing is None:
            return best_likeness(View(embedder, embedder), told, probe)
        return best_likeness(self._mixing.view_of_one(actor.tenant_id, embedder, told), told, probe)

    def size(self, actor: Actor, embedder: str, collection: str = "") -> int:
        """Return how many templates a search of a collection goes through.

        Raises:
            NoHarmonicMap: no map leads from some of the templates to what is searched.
        """
        actor.require(Permission.RECOGNISE)
        tenant, state = self._following.seen(actor.tenant_id)
        parts = self._view(tenant, state, embedder, collection).parts(collection)
        return sum(self._following.ask(state, part, self._index.count) for part in parts)

    def verify(self, tenant_id: str) -> tuple[Checked, ...]:
        """Compare the index with the database, repair it, and say what was wrong."""
        return self._checking.verify(tenant_id)

    def rebuild(self, tenant_id: str) -> int:
        """Build all spaces of a tenant anew; return how many templates went in."""
        return self._checking.rebuild(tenant_id)

    def renew(self, tenant_id: str) -> int:
        """Make the codes of a tenant anew under its newest secret; return how many.

        To be called after that key was rotated. Until it is done the older codes are searched.
        """
        return self._checking.renew(tenant_id)

    def shorten(self, tenant_id: str) -> int:
        """Forget old changes of a tenant's feed, for a schedule; return how many went."""
        return self._checking.shorten(tenant_id)

    def forget(self, tenant_id: str, subject_id: str) -> None:
        """Remove all about a subject who was erased, from what is kept on disks too."""
        self._checking.forget(tenant_id, subject_id)

    def holds(self, tenant_id: str, subject_id: str) -> int:
        """Return how many entries there still are of a subject who was erased."""
        return self._checking.holds(tenant_id, subject_id)

    def forget_collection(self, tenant_id: str, collection: str) -> None:
        """Remove all about a collection that nobody may search any more."""
        for space in self._index.spaces(tenant_id):
            if space.collection == collection:
                self._following.drop(space)

    def forget_tenant(self, tenant_id: str) -> None:
        """Remove all about a tenant that was deleted."""
        for space in self._index.spaces(tenant_id):
            self._following.drop(space)
        self._following.codes.forget(tenant_id)
        self._index.drop_tenant(tenant_id)

    def save(self) -> None:
        """Keep what lets the next start be quick, as the rows are now.

        Another process may have removed a template that is still in the memory of this one; its
        code must not come back to the disk. The same goes for collections that were removed, which
        nobody searches any more.
        """
        for tenant_id in self._following.tenants():
            self._checking.forget_collections(tenant_id)
        for space in self._index.unsaved():
            try:
                self._following.bring_up(space)
            except NotFound:  # the tenant was deleted
                self._index.drop_tenant(space.tenant_id)
        self._index.save()

    def close(self) -> None:
        """Let go of the index."""
        self._index.close()

    def _view(self, tenant: Tenant, state: GalleryState, embedder: str, collection: str) -> View:
        """Return which templates are searched, and in whose space they are compared."""
        if self._mixing is None:
            return View(embedder, embedder, tenant_id=tenant.id)
        return self._mixing.view(tenant, embedder, collection, state.seq)

    def _guesses(
        self, state: GalleryState, probes: Floats, view: View, collection: str, wanted: int
    ) -> list[tuple[str, ...]]:
        """Return the ids of the templates that seem nearest to each probe."""
        found: list[tuple[str, ...]] = [()] * len(probes)
        for part in view.parts(collection):
            guessed = self._guessed(state, view.bring(probes, part.embedder), part, wanted)
            found = [ids + more for ids, more in zip(found, guessed, strict=True)]
        return found

    def _guessed(
        self, state: GalleryState, probes: Floats, part: Part, wanted: int
    ) -> list[tuple[str, ...]]:
        codes = self._following.codes

        def nearest(space: Space) -> list[Hits]:
            return self._index.search(space, codes.entries(space, probes), wanted)

        return [hits.ids for hits in self._following.ask(state, part, nearest)]


def _check(probes: Floats, k: int) -> None:
    if not 1 <= k <= MOST_FOUND:
        raise InvalidInput(f"a search returns 1 to {MOST_FOUND} people, not {k}")
    if probes.dtype != np.float32 or probes.ndim != 2 or not probes.shape[1]:
        raise InvalidInput("probes are float32 vectors, one a row")
    if not np.isfinite(probes).all() or not probes.any(axis=1).all():
        raise InvalidInput("a probe holds finite numbers that are not all 0; embed the face anew")
