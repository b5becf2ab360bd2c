"""What a local engine keeps of one space."""

from collections.abc import Mapping
from typing import Any, Protocol, TypeAlias

from numpy.typing import NDArray

from visavis.index.base import Entries, Hits
from visavis.index.ids import Ids

Arrays: TypeAlias = Mapping[str, NDArray[Any]]
"""A shelf as a snapshot keeps it: `ids` and `entries` row by row, and what the engine adds."""


class Shelf(Protocol):
    """The entries of one space, checked already.

    `search` may be called beside everything else; of the other methods one at a time.
    """

    @property
    def width(self) -> int:
        """Numbers or bytes of an entry."""
        ...

    def __len__(self) -> int: ...

    def add(self, ids: Ids, entries: Entries) -> int:
        """Add entries in place of those of the same ids; return how many there were."""
        ...

    def remove(self, ids: Ids) -> int:
        """Remove entries and return how many there were."""
        ...

    def search(self, probes: Entries, k: int) -> list[Hits]:
        """Return the at most `k` nearest entries to each probe; each sees one state."""
        ...

    def ids(self) -> Ids:
        """Return the ids of all entries."""
        ...

    def arrays(self) -> Arrays:
        """Return what is kept; whoever reads it does so before the next change."""
        ...
