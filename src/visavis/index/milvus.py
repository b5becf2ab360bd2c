"""Milvus: one index for many processes and machines.

A collection for each embedder and kind of entry; a field says of which space an entry is, and every
question asks for one space. What the index knows of the spaces themselves lies in a collection of
its own. All is written and read with the consistency level `Strong`, so that what one call has done
every later one sees, in whichever process.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import orjson

from visavis.index.base import Entries, Hits, Space
from visavis.index.entries import check_count, check_pairs, checked
from visavis.index.ids import check_unlike, packed, written
from visavis.index.likeness import likeness_of
from visavis.index.milvus_rows import (
    SPACES,
    Row,
    answering,
    collection_of,
    hashed,
    hits_of,
    id_of,
    is_clear,
    key,
    make_entries,
    make_spaces,
    of_space,
    sent,
)

MOST_HITS = 16_384
"""More Milvus does not give for one probe."""

TIMEOUT_S = 15.0
"""Longest wait for one answer; the client asks again meanwhile."""

_AT_ONCE = 1000
"""Rows in one message, of which gRPC takes 4 to 64 MB."""
_SPARE = 16
_STRONG = "Strong"


@dataclass(frozen=True, slots=True)
class _Known:
    """What is known of a space.

    Attributes:
        width: Numbers or bytes of an entry.
        mark: Up to which change of the database it is.
    """

    width: int = 0
    mark: int = 0


class MilvusIndex:
    """Keeps spaces in Milvus; see `Index` for what each method promises.

    Args:
        url: `http://HOST:19530`, or the file of Milvus Lite.
        token: `USER:PASSWORD` or an API key; empty = none.

    Raises:
        Unavailable: it does not answer.
    """

    def __init__(self, url: str, token: str = "") -> None:
        from pymilvus import MilvusClient

        self._parts = "://" in url  # Milvus Lite does not search by a partition key
        with answering():
            self._client = MilvusClient(url, token=token, timeout=TIMEOUT_S)
            if not self._client.has_collection(SPACES, timeout=TIMEOUT_S):
                make_spaces(self._client)

    def add(self, space: Space, ids: Sequence[str], entries: Entries) -> None:
        """Add entries, each under its id; what had the same id is replaced."""
        known = self._known(space)
        ready = checked(space, entries, known.width or None)
        rows = packed(ids)
        check_pairs(rows, ready)
        check_unlike(rows)
        if not len(rows):
            return
        name, own = self._collection(space, ready.shape[1]), key(space)
        if not known.width:
            self._note(space, _Known(ready.shape[1], known.mark))
        given = [
            {"id": own + each, "space": own, "entry": sent(entry)}
            for each, entry in zip(written(rows), ready, strict=True)
        ]
        with answering():
            for start in range(0, len(given), _AT_ONCE):
                self._client.upsert(name, given[start : start + _AT_ONCE], timeout=TIMEOUT_S)

    def remove(self, space: Space, ids: Sequence[str]) -> int:
        """Remove entries and return how many there were."""
        rows, width = packed(ids), self._known(space).width
        if not width:
            return 0
        name, own = collection_of(space, width), key(space)
        wanted, before = [own + each for each in sorted(set(written(rows)))], self.count(space)
        with answering():
            for start in range(0, len(wanted), _AT_ONCE):
                self._client.delete(name, ids=wanted[start : start + _AT_ONCE], timeout=TIMEOUT_S)
        return before - self.count(space)

    def search(self, space: Space, probes: Entries, k: int) -> list[Hits]:
        """Return the at most `k` nearest entries to each probe, 16,384 at most."""
        check_count(k)
        width = self._known(space).width
        ready = checked(space, probes, width or None)
        if not width or not len(ready):
            return [Hits((), np.zeros(0, np.float32)) for _ in ready]
        return [self._search(space, probe, min(k, MOST_HITS)) for probe in ready]

    def count(self, space: Space) -> int:
        """Return how many entries there are."""
        width = self._known(space).width
        if not width:
            return 0
        found = self._query(collection_of(space, width), of_space(space), ["count(*)"])
        return int(found[0]["count(*)"])

    def ids(self, space: Space) -> frozenset[str]:
        """Return the ids of all entries."""
        width = self._known(space).width
        return frozenset(self._ids(space, width)) if width else frozenset()

    def spaces(self, tenant_id: str) -> tuple[Space, ...]:
        """Return a tenant's spaces that hold something, in order."""
        found = self._query(SPACES, f'tenant == "{hashed(tenant_id)}"', ["told"])
        told = (orjson.loads(row["told"]) for row in found)
        spaces = (
            Space(tenant_id, each["embedder"], each["version"], each.get("collection", ""))
            for each in told
        )
        return tuple(sorted(space for space in spaces if self.count(space)))

    def mark(self, space: Space) -> int:
        """Return up to which change of the database the space is; 0 = none."""
        return self._known(space).mark

    def set_mark(self, space: Space, mark: int) -> None:
        """Note up to which change the space is now."""
        self._note(space, _Known(self._known(space).width, mark))

    def drop(self, space: Space) -> None:
        """Remove a space with all that is kept of it."""
        width = self._known(space).width
        with answering():
            if width:
                self._client.delete(
                    collection_of(space, width), filter=of_space(space), timeout=TIMEOUT_S
                )
            self._client.delete(SPACES, ids=[key(space)], timeout=TIMEOUT_S)

    def drop_tenant(self, tenant_id: str) -> None:
        """Remove all spaces of a tenant."""
        for space in self.spaces(tenant_id):
            self.drop(space)

    def unsaved(self) -> tuple[Space, ...]:
        """Return nothing: Milvus keeps what it was given."""
        return ()

    def save(self) -> None:
        """Do nothing: Milvus keeps what it was given."""

    def close(self) -> None:
        """Let go of the connection."""
        with answering():
            self._client.close()

    def _search(self, space: Space, probe: Entries, k: int) -> Hits:
        """Ask for more until those at the edge are seen with all their equals."""
        likeness = likeness_of(codes=space.is_protected)
        wanted = min(k + _SPARE, MOST_HITS)
        while True:
            found = self._nearest(space, probe, wanted)
            if len(found) < wanted or wanted == MOST_HITS or is_clear(found, k, likeness):
                return hits_of(likeness, probe, found, k)
            wanted = min(4 * wanted, MOST_HITS)

    def _nearest(self, space: Space, probe: Entries, limit: int) -> list[Row]:
        with answering():
            found: list[list[Row]] = self._client.search(
                collection_of(space, len(probe)),
                [sent(probe)],
                filter=of_space(space),
                limit=limit,
                output_fields=["id"] if space.is_protected else ["entry"],
                consistency_level=_STRONG,
                timeout=TIMEOUT_S,
            )
        return list(found[0])

    def _ids(self, space: Space, width: int) -> Iterator[str]:
        with answering():
            pages = self._client.query_iterator(
                collection_of(space, width),
                batch_size=_AT_ONCE,
                filter=of_space(space),
                output_fields=["id"],
                consistency_level=_STRONG,
                timeout=TIMEOUT_S,
            )
            while page := pages.next():
                yield from map(id_of, page)
            pages.close()

    def _known(self, space: Space) -> _Known:
        found = self._query(SPACES, f'id == "{key(space)}"', ["told"])
        told = orjson.loads(found[0]["told"]) if found else {}
        return _Known(told.get("width", 0), told.get("mark", 0))

    def _note(self, space: Space, known: _Known) -> None:
        told = {
            "embedder": space.embedder,
            "version": space.version,
            "collection": space.collection,
            "width": known.width,
            "mark": known.mark,
        }
        row = {
            "id": key(space),
            "tenant": hashed(space.tenant_id),
            "told": orjson.dumps(told).decode(),
            "nothing": [0.0, 0.0],
        }
        with answering():
            self._client.upsert(SPACES, [row], timeout=TIMEOUT_S)

    def _query(self, name: str, condition: str, fields: list[str]) -> list[Row]:
        with answering():
            return list(
                self._client.query(
                    name,
                    filter=condition,
                    output_fields=fields,
                    consistency_level=_STRONG,
                    timeout=TIMEOUT_S,
                )
            )

    def _collection(self, space: Space, width: int) -> str:
        """Return the name of the collection of a space; it is made if there is none."""
        name = collection_of(space, width)
        with answering():
            if not self._client.has_collection(name, timeout=TIMEOUT_S):
                make_entries(
                    self._client, name, width, codes=space.is_protected, parted=self._parts
                )
        return name
