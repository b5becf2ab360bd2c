"""The engines that are tested, and what is put into them."""

import os
import tempfile
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

import numpy as np

from tests.conftest import require_or_skip
from visavis.index.base import Index, Space
from visavis.index.exact import ExactIndex
from visavis.index.faiss_index import FaissIndex
from visavis.index.snapshots import Snapshots
from visavis.vault.sealing import Context, DataKey

TENANT, OTHER = "a" * 32, "b" * 32
WIDTH = 24
KEY = DataKey.of(1, bytes(range(32)))

LOCAL: dict[str, Callable[[Snapshots | None], Index]] = {
    "exact": ExactIndex,
    "faiss": lambda snapshots: FaissIndex(250_000, snapshots),
    "faiss by lists": lambda snapshots: FaissIndex(40, snapshots),
}
ENGINES = (*LOCAL, "milvus")
KINDS = ("plain", "protected")


def seal(space: Space, plain: bytes, key: DataKey = KEY) -> bytes:
    return key.seal(plain, _context(space))


def unseal(space: Space, data: bytes, key: DataKey = KEY) -> bytes:
    return key.unseal(data, _context(space))


def _context(space: Space) -> Context:
    return Context(space.tenant_id, "", ":".join(("index", *space.told[1:])))


def snapshots_in(folder: Path) -> Snapshots:
    return Snapshots(folder, seal, unseal)


def local(engine: str, folder: Path | None = None) -> Index:
    return LOCAL[engine](snapshots_in(folder) if folder else None)


@contextmanager
def milvus() -> Iterator[Index]:
    """Give an index in Milvus, or in a file of Milvus Lite; skip where there is neither."""
    with tempfile.TemporaryDirectory() as folder:
        url = os.environ.get("VISAVIS_TEST_MILVUS_URL", "") or _lite(Path(folder))
        from visavis.index.milvus import MilvusIndex

        index = MilvusIndex(url)
        try:
            yield index
        finally:
            index.close()


def _lite(folder: Path) -> str:
    """Return the file of a Milvus Lite that takes codes: from 3.0 on it has no binary vectors."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # 2.5 asks setuptools for what is on its way out
            import milvus_lite  # noqa: F401
            import pymilvus  # noqa: F401

        takes_codes = version("milvus-lite").startswith("2.")
    except ImportError:
        takes_codes = False
    if not takes_codes:
        require_or_skip(
            "milvus",
            "no Milvus: set VISAVIS_TEST_MILVUS_URL, or pip install pymilvus 'milvus-lite<3' "
            "'setuptools<81'",
        )
    return str(folder / "milvus.db")


def space_of(kind: str, tenant: str = TENANT, embedder: str = "e@1") -> Space:
    return Space(tenant, embedder, 1 if kind == "protected" else 0)


def drawn(kind: str, count: int, seed: int = 0):
    """Return so many entries of a kind."""
    chance = np.random.default_rng(seed)
    if kind == "protected":
        return chance.integers(0, 256, (count, 64), dtype=np.uint8)
    return chance.normal(size=(count, WIDTH)).astype(np.float32)


def ids_of(*numbers: int) -> list[str]:
    """Return ids that are like random ones, in no order of their numbers."""
    return [
        f"{(number + 1) * 0x9E3779B97F4A7C15F39CC0605CEDC835 % 2**128:032x}" for number in numbers
    ]
