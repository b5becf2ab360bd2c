"""FAISS on one machine: what serves when nothing else is set."""

import numpy as np

from visavis.index.base import Space
from visavis.index.layout import Layout
from visavis.index.likeness import likeness_of
from visavis.index.listed import ListedShelf
from visavis.index.lists import Lists
from visavis.index.local import LocalIndex
from visavis.index.shelf import Arrays
from visavis.index.snapshots import Snapshots


class FaissIndex(LocalIndex):
    """Scans with FAISS; see `Index`.

    Up to `lists_from` entries the search is exact. From there on one or two in a thousand of the
    nearest entries of people who are there are missed, and for a probe of nobody others that are
    about as far may be found; the time then grows more slowly than the number of entries.

    Args:
        lists_from: Entries of a space from which on only a part of them is scanned.
        snapshots: Where spaces are kept from one start to the next; None = nowhere.
    """

    def __init__(self, lists_from: int, snapshots: Snapshots | None = None) -> None:
        self._lists_from = lists_from
        super().__init__(self._shelf, snapshots)

    def nbytes(self, space: Space) -> int:
        """Return how much memory a space takes, bytes."""
        shelf = self.shelf(space)
        return shelf.nbytes if isinstance(shelf, ListedShelf) else 0

    def _shelf(self, space: Space, arrays: Arrays) -> ListedShelf:
        likeness = likeness_of(codes=space.is_protected)
        entries, ids = arrays["entries"], arrays["ids"]
        if "sizes" not in arrays:
            layout = Layout(entries, ids, np.array([len(ids)]))
            return ListedShelf(likeness, layout, self._lists_from)
        lists = Lists(likeness, arrays["middles"], arrays["groups"], arrays["firsts"])
        layout = Layout(entries, ids, arrays["sizes"])
        trained_at = int(arrays["trained_at"][0])
        return ListedShelf(likeness, layout, self._lists_from, lists, trained_at)
