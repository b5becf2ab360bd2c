"""What all vectors of an embedder have in common: it says nothing about anybody.

The mean of its vectors, over faces of many different people. Taken away before a protected code is
made, it leaves the bits to what tells people apart: of 11,000 people 64 guesses then miss the best
one in 0.2 % of searches instead of 3.2 %. It may never change for an embedder id, as all codes
would have to be made anew; from a thousand faces on its direction hardly depends on which they are.
"""

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType

import numpy as np

from visavis.core.types import Floats

BUNDLED = Path(__file__).parent / "centres"


@lru_cache(maxsize=1)
def bundled_centres() -> Mapping[str, Floats]:
    """Return the centres that ship, (d,) float32 each, by the id of the embedder."""
    files = sorted(BUNDLED.glob("*.npy"))
    return MappingProxyType({file.stem: np.load(file, allow_pickle=False) for file in files})
