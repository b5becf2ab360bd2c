"""What every search index promises; one suite of tests holds for all of them.

An index is a cache of what the database knows: templates are only comparable within a `Space`, and
each space knows up to which change of the database it is. It never holds a template itself where
codes are searched: see `visavis.vault.protected_codes`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from visavis.core.types import Floats

CODE_BYTES = 64
"""Bytes of a protected code: 512 bits."""

Entries: TypeAlias = NDArray[np.float32] | NDArray[np.uint8]
"""What is searched: (n, d) float32 vectors, or (n, 64) uint8 codes in a protected space."""


@dataclass(frozen=True, slots=True, order=True)
class Space:
    """Templates that can be compared with each other.

    Attributes:
        tenant_id: Whose.
        embedder: What made the vectors, such as `dlib_resnet@1`.
        version: Of the tenant's secret that the codes are made with, 1, 2, …; 0 = plain vectors.
        collection: Part of the tenant's people that is searched on its own, in letters, digits, `-`
            and `_`; empty = those in none.
    """

    tenant_id: str
    embedder: str
    version: int = 0
    collection: str = ""

    @property
    def is_protected(self) -> bool:
        """Whether it holds codes."""
        return self.version > 0

    @property
    def told(self) -> tuple[str, ...]:
        """All that it is, in words that name no other space; a collection only where there is one.

        What is kept of spaces is called by these words: they stay as they are.
        """
        of_all = (self.tenant_id, self.embedder, str(self.version))
        return (*of_all, self.collection) if self.collection else of_all


@dataclass(frozen=True, slots=True, eq=False)
class Hits:
    """The nearest entries to one probe, the nearest first.

    Attributes:
        ids: Of templates, 32 lower-case hex characters each.
        similarities: (n,) float32 cosines, −1..1, falling; of codes, what their distance stands
            for on average.
    """

    ids: tuple[str, ...]
    similarities: Floats


class Index(Protocol):
    """Entries by space; safe to use from several threads, readers beside writers.

    What one call has done every later one sees. A space that was never added to is empty.
    """

    def add(self, space: Space, ids: Sequence[str], entries: Entries) -> None:
        """Add entries, each under its id; what had the same id is replaced.

        Args:
            space: Where.
            ids: Of templates, 32 lower-case hex characters each, none twice.
            entries: (n, d) float32, scaled to length 1 here, or (n, 64) uint8 codes.

        Raises:
            InvalidInput: kind or dimension is not that of the space, or a vector is 0 or not
                finite; nothing was added.
            Unavailable: the index does not answer.
        """
        ...

    def remove(self, space: Space, ids: Sequence[str]) -> int:
        """Remove entries and return how many there were; unknown ids are no error."""
        ...

    def search(self, space: Space, probes: Entries, k: int) -> list[Hits]:
        """Return the at most `k` nearest entries to each probe; equals go by id.

        Raises:
            InvalidInput: kind or dimension is not that of the space, or `k` is below 1.
            Unavailable: the index does not answer.
        """
        ...

    def count(self, space: Space) -> int:
        """Return how many entries there are."""
        ...

    def ids(self, space: Space) -> frozenset[str]:
        """Return the ids of all entries, to be compared with the database."""
        ...

    def spaces(self, tenant_id: str) -> tuple[Space, ...]:
        """Return a tenant's spaces that hold something, in order."""
        ...

    def mark(self, space: Space) -> int:
        """Return up to which change of the database the space is; 0 = none."""
        ...

    def set_mark(self, space: Space, mark: int) -> None:
        """Note up to which change the space is now."""
        ...

    def drop(self, space: Space) -> None:
        """Remove a space with all that is kept of it."""
        ...

    def drop_tenant(self, tenant_id: str) -> None:
        """Remove all spaces of a tenant, those too that cannot be opened any more.

        Raises:
            Unavailable: something of it cannot be removed.
        """
        ...

    def unsaved(self) -> tuple[Space, ...]:
        """Return the spaces that `save` would write.

        Bring them up to the database first: another process may have removed what is in them.
        """
        ...

    def save(self) -> None:
        """Keep what a restart needs to be quick; nothing is lost without it."""
        ...

    def close(self) -> None:
        """Let go of everything; what was not saved is built again from the database."""
        ...
