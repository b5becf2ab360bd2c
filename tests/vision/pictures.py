"""Pictures the vision tests look at."""

import io
from pathlib import Path

import numpy as np
from PIL import Image

from visavis.core.types import Faces, Pixels


def portrait(shared_data: Path, person: str = "005", look: str = "neutral") -> Pixels:
    """Return one portrait of the London set, (h, w, 3) RGB."""
    with Image.open(shared_data / "london" / person / f"{look}.jpg") as picture:
        return np.asarray(picture.convert("RGB"))


def jpeg(image: Pixels) -> bytes:
    """Return JPEG bytes."""
    out = io.BytesIO()
    Image.fromarray(image).save(out, "JPEG", quality=92)
    return out.getvalue()


def around(image: Pixels, faces: Faces, share: float, enlarge: int = 1) -> Pixels:
    """Cut out the first face so that its box is `share` of the cut's height."""
    x1, y1, x2, y2 = faces.boxes[0]
    half = (y2 - y1) / share / 2
    x, y = (x1 + x2) / 2, (y1 + y2) / 2
    rows = slice(max(0, int(y - half)), int(y + half))
    columns = slice(max(0, int(x - half)), int(x + half))
    cut = Image.fromarray(np.ascontiguousarray(image[rows, columns]))
    return np.asarray(cut.resize((cut.width * enlarge, cut.height * enlarge)))
