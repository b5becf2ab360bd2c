"""Real faces for comparisons with the original runtimes."""

import io
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

BOX = (60, 65, 190, 195)
"""Where the face is in the 250 px pictures of LFW, pixels."""


def crops(shared_data: Path, count: int, size: int) -> "np.ndarray[Any, np.dtype[np.uint8]]":
    """Return (count, size, size, 3) RGB crops of different people's faces."""
    with zipfile.ZipFile(shared_data / "lfw_dev" / "images.zip") as archive:
        names = sorted(name for name in archive.namelist() if name.endswith("_0001.jpg"))[:count]
        pictures = [Image.open(io.BytesIO(archive.read(name))).convert("RGB") for name in names]
    return np.stack([np.asarray(p.resize((size, size), box=BOX)) for p in pictures])
