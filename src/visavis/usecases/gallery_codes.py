"""What the index is given of a template: its code under the tenant's secret, or itself.

Vectors of some embedders all point nearly the same way: what they have in common says nothing about
anybody, and takes most of the bits. A centre, known for each embedder and the same for everybody,
is taken away before the code is made, so that fewer guesses of the index hold the right one.
"""

import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from visavis.core.types import Floats
from visavis.index.base import Entries, Space
from visavis.store.work import Work
from visavis.usecases.errors import NotFound
from visavis.usecases.ground import Ground
from visavis.vault.protected_codes import CodeMaker

CODES = "codes"
"""Purpose of the tenant's key from which the rotations of codes come."""

MOST_KEPT = 32
"""Rotations kept in memory: 256 KiB each for 128 dimensions, 1 MiB for 512."""

_Of = tuple[Space, int]


class Codes:
    """Makes the entries of spaces; safe to use from several threads.

    Args:
        ground: Of the deployment.
        centres: By embedder the mean of its vectors of length 1, (d,) float32; one that is not
            named has none. Where it changes, all codes have to be made anew.
    """

    def __init__(self, ground: Ground, centres: Mapping[str, Floats]) -> None:
        self._ground, self._centres = ground, dict(centres)
        self._lock = threading.Lock()
        self._makers: OrderedDict[_Of, CodeMaker] = OrderedDict()

    def entries(self, space: Space, vectors: Floats) -> Entries:
        """Return what a space holds of vectors, or is searched for with.

        Args:
            space: Which.
            vectors: (n, d) float32, of any length > 0.

        Raises:
            KeyDestroyed: the tenant has no such secret any more.
        """
        if not space.is_protected:
            return vectors
        return self._maker(space, vectors.shape[1]).codes(self._centred(space.embedder, vectors))

    def first(self, tenant_id: str) -> int:
        """Make a tenant's first secret, unless somebody has; return the newest version.

        Raises:
            NotFound: there is no such tenant.
        """

        def make(work: Work) -> int:
            if not work.tenants.hold(tenant_id):  # two that make it make it once
                raise NotFound("organisation")
            ring, now = self._ground.keyring, self._ground.clock()
            return ring.tenant_secret(work.keys, tenant_id, CODES, now)[0]

        return self._ground.store.run(make)

    def forget(self, tenant_id: str) -> None:
        """Drop a tenant's rotations from memory."""
        with self._lock:
            for place in [place for place in self._makers if place[0].tenant_id == tenant_id]:
                del self._makers[place]

    def _centred(self, embedder: str, vectors: Floats) -> Floats:
        """Return vectors of length 1 without what all of the embedder have in common."""
        unit: Floats = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
        centre = self._centres.get(embedder)
        return unit if centre is None or len(centre) != unit.shape[1] else unit - centre

    def _maker(self, space: Space, dimensions: int) -> CodeMaker:
        place = replace(space, collection=""), dimensions  # all collections turn the same way
        with self._lock:
            if kept := self._makers.get(place):
                self._makers.move_to_end(place)
                return kept
        with self._ground.store.reading() as work:
            told = work.keys, space.tenant_id, CODES, space.version
            secret = self._ground.keyring.tenant_version(*told)
        maker = CodeMaker(secret, space.embedder, dimensions)
        with self._lock:
            self._makers[place] = maker
            while len(self._makers) > MOST_KEPT:
                self._makers.popitem(last=False)
        return maker
