"""What may be added to a space and searched in it."""

from typing import cast

import numpy as np

from visavis.core.errors import InvalidInput
from visavis.core.types import Floats
from visavis.index.base import CODE_BYTES, Entries, Space
from visavis.index.ids import Ids

MOST_DIMENSIONS = 4096


def checked(space: Space, entries: Entries, width: int | None) -> Entries:
    """Return entries or probes as they are compared: codes, or vectors of length 1.

    Args:
        space: Where.
        entries: What somebody gave.
        width: Of what the space holds: numbers or bytes of an entry; None = it is empty.

    Raises:
        InvalidInput: kind or dimension is not that of the space, or a vector is 0 or not finite.
    """
    dtype, what = (np.uint8, "codes") if space.is_protected else (np.float32, "float32 vectors")
    if entries.ndim != 2 or entries.dtype != dtype:
        raise InvalidInput(f"a space of {space.embedder} holds {what}; give an (n, d) array")
    given = entries.shape[1]
    expected = CODE_BYTES if space.is_protected else width
    if expected not in (None, given) or not 1 <= given <= MOST_DIMENSIONS:
        raise InvalidInput(
            f"entries of {space.embedder} are {expected or f'1 to {MOST_DIMENSIONS}'} wide, not "
            f"{given}; embed the faces anew"
        )
    return cast("Entries", np.ascontiguousarray(entries)) if space.is_protected else _units(entries)


def check_count(k: int) -> None:
    """Refuse to look for no entries.

    Raises:
        InvalidInput: `k` is below 1.
    """
    if k < 1:
        raise InvalidInput(f"ask for 1 or more nearest entries, not {k}")


def check_pairs(ids: Ids, entries: Entries) -> None:
    """Refuse ids that are more or fewer than the entries.

    Raises:
        InvalidInput: they are.
    """
    if len(ids) != len(entries):
        raise InvalidInput(f"there are {len(ids)} ids for {len(entries)} entries; give one each")


def _units(vectors: Entries) -> Floats:
    """Return vectors scaled to length 1."""
    exact = vectors.astype(np.float64)  # squares of large float32 numbers overflow float32
    lengths = np.linalg.norm(exact, axis=1, keepdims=True)
    if not np.isfinite(lengths).all() or not lengths.all():
        raise InvalidInput("a vector holds finite numbers that are not all 0; embed the face anew")
    exact /= lengths
    return cast("Floats", exact.astype(np.float32))
