"""How entries and spaces look in Milvus."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from visavis.core.errors import Unavailable
from visavis.index.base import CODE_BYTES, Entries, Hits, Space
from visavis.index.finding import hits
from visavis.index.ids import packed
from visavis.index.likeness import Likeness, cosines

if TYPE_CHECKING:
    from pymilvus import MilvusClient

SPACES = "visavis_spaces"

Row = dict[str, Any]

_HASH_LENGTH = 32
_ID_LENGTH = 2 * _HASH_LENGTH
_LONGEST_TOLD = 1000


@contextmanager
def answering() -> Iterator[None]:
    """Turn what Milvus and the network raise into `Unavailable`."""
    import grpc
    from pymilvus.exceptions import MilvusException

    try:
        yield
    except (MilvusException, grpc.RpcError, OSError) as exc:
        raise Unavailable(
            f"the search index does not answer ({type(exc).__name__}); see whether Milvus runs at "
            "VISAVIS_INDEX__MILVUS_URL"
        ) from exc


def key(space: Space) -> str:
    """Return 32 characters that stand for a space."""
    return hashed("\n".join(space.told))


def hashed(text: str) -> str:
    """Return 32 lower-case hex characters, which can stand in a condition as they are."""
    return hashlib.sha256(text.encode()).hexdigest()[:_HASH_LENGTH]


def of_space(space: Space) -> str:
    """Return the condition under which an entry is of a space."""
    return f'space == "{key(space)}"'


def id_of(row: Row) -> str:
    """Return the id of the template of an entry."""
    return str(row["id"])[-_HASH_LENGTH:]


def sent(entry: Entries) -> bytes | Entries:
    """Return an entry as the client takes it."""
    return entry.tobytes() if entry.dtype == np.uint8 else entry


def collection_of(space: Space, width: int) -> str:
    """Return the name of the collection in which a space's entries lie."""
    kind = "codes" if space.is_protected else f"vectors{width}"
    return f"visavis_{kind}_{hashed(space.embedder)}"


def is_clear(found: list[Row], k: int, likeness: Likeness) -> bool:
    """Return whether what was found reaches beyond all equals of the k-th."""
    beyond = abs(found[-1]["distance"] - found[k - 1]["distance"])
    return bool(beyond > 2 * likeness.slack)


def hits_of(likeness: Likeness, probe: Entries, found: list[Row], k: int) -> Hits:
    """Return the nearest entries in the order that every engine answers in."""
    ids = packed([id_of(row) for row in found])
    if probe.dtype == np.uint8:
        similarities = cosines([int(row["distance"]) for row in found])
    else:
        entries = np.array([row["entity"]["entry"] for row in found], np.float32)
        similarities = likeness.similarities(probe, entries.reshape(-1, len(probe)))
    return hits(similarities, ids, k)


def make_spaces(client: "MilvusClient") -> None:
    """Make the collection of what is known of the spaces."""
    from pymilvus import DataType

    schema = client.create_schema(auto_id=False, enable_dynamic_field=False)
    schema.add_field("id", DataType.VARCHAR, max_length=_HASH_LENGTH, is_primary=True)
    schema.add_field("tenant", DataType.VARCHAR, max_length=_HASH_LENGTH)
    schema.add_field("told", DataType.VARCHAR, max_length=_LONGEST_TOLD)
    schema.add_field("nothing", DataType.FLOAT_VECTOR, dim=2)  # there has to be a vector
    index = client.prepare_index_params()
    index.add_index("nothing", index_type="FLAT", metric_type="L2")
    client.create_collection(SPACES, schema=schema, index_params=index, consistency_level="Strong")


def make_entries(
    client: "MilvusClient", name: str, width: int, *, codes: bool, parted: bool
) -> None:
    """Make a collection of entries, searched exactly; `parted` keeps spaces apart on disk too."""
    from pymilvus import DataType

    schema = client.create_schema(auto_id=False, enable_dynamic_field=False)
    schema.add_field("id", DataType.VARCHAR, max_length=_ID_LENGTH, is_primary=True)
    schema.add_field("space", DataType.VARCHAR, max_length=_HASH_LENGTH, is_partition_key=parted)
    index = client.prepare_index_params()
    if codes:
        schema.add_field("entry", DataType.BINARY_VECTOR, dim=8 * CODE_BYTES)
        index.add_index("entry", index_type="BIN_FLAT", metric_type="HAMMING")
    else:
        schema.add_field("entry", DataType.FLOAT_VECTOR, dim=width)
        index.add_index("entry", index_type="FLAT", metric_type="IP")
    client.create_collection(name, schema=schema, index_params=index, consistency_level="Strong")
