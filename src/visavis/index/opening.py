"""The search index that this deployment uses."""

import importlib.util
from pathlib import Path

from visavis.core.errors import InvalidSettings
from visavis.core.settings import IndexOptions
from visavis.index.base import Index
from visavis.index.exact import ExactIndex
from visavis.index.faiss_index import FaissIndex
from visavis.index.snapshots import Seal, Snapshots


def open_index(options: IndexOptions, folder: Path, seal: Seal, unseal: Seal) -> Index:
    """Return the index.

    Args:
        options: The group `index` of the settings.
        folder: Where an index on this machine keeps its spaces.
        seal: Seals bytes for a space.
        unseal: Opens them; raises `VisavisError` or `ValueError` for bytes it did not seal.

    Raises:
        InvalidSettings: Milvus is chosen, but its address or its client is missing.
        Unavailable: Milvus does not answer.
    """
    if options.engine == "milvus":
        return _milvus(options)
    snapshots = Snapshots(folder, seal, unseal)
    if options.engine == "exact":
        return ExactIndex(snapshots)
    return FaissIndex(options.lists_from, snapshots)


def _milvus(options: IndexOptions) -> Index:
    if not options.milvus_url:
        raise InvalidSettings(
            "VISAVIS_INDEX__ENGINE is milvus but VISAVIS_INDEX__MILVUS_URL is empty: set it to "
            "http://HOST:19530, or set the engine to faiss"
        )
    if importlib.util.find_spec("pymilvus") is None:
        raise InvalidSettings(
            "VISAVIS_INDEX__ENGINE is milvus but pymilvus is not installed: pip install "
            "'visavis[milvus]', or set it to faiss"
        )
    from visavis.index.milvus import MilvusIndex

    return MilvusIndex(options.milvus_url, options.milvus_token.get_secret_value())
