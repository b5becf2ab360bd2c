"""The same face seen otherwise: EXIF orientations, quarter turns, faces that fill the frame."""

import io
from collections.abc import Iterator, Mapping
from typing import Any

import cv2
import numpy as np
from PIL import Image

from scripts.bench.figures import Figure, spread
from scripts.bench.ground import Ground
from visavis.core.types import Floats, Pixels
from visavis.vision.images import decode
from visavis.vision.stages.suppress import overlaps

ORIENTATION = 274
"""The EXIF tag."""

STORED = {
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}
"""How an upright picture is laid down for each orientation that turns it up again."""

STORED_AS: Mapping[str, Mapping[str, Any]] = {"PNG": {}, "JPEG": {"quality": 95}}
"""Without loss the upright pixels are the same; JPEG's blocks lie otherwise in each orientation."""

MOST_SHIFT_PX = 2.0
LEAST_TURNED = 0.95
LEAST_FILLING = 0.98
SAME = 0.5
PORTRAITS = 12
MOST_APART = 4.0
"""Mean difference of pixels: pictures turned wrongly differ by more than ten times this."""


def orientations(ground: Ground) -> Iterator[Figure]:
    """Compare the boxes of portraits in all orientations, and the pixels of a camera's set."""
    images = [image for image, _ in spread(ground.portraits, PORTRAITS)]
    for kind, options in STORED_AS.items():
        shifts = [
            _largest_shift(ground, [_laid_down(image, how, kind, options) for how in STORED])
            for image in images
        ]
        yield Figure(
            f"the same picture in 8 EXIF orientations, {len(images)} portraits as {kind}: "
            "largest shift of a box",
            f"≤ {MOST_SHIFT_PX:g} px",
            f"{max(shifts):.2f} px (median portrait {np.median(shifts):.2f} px)",
            max(shifts) <= MOST_SHIFT_PX,
            {"shift_px": shifts},
        )
    camera = sorted(ground.path("robust", "exif").glob("*.jpg"))
    upright = [decode(path.read_bytes(), ground.settings.images) for path in camera]
    alike = {image.shape for image in upright} == {upright[0].shape}
    apart = max(float(cv2.absdiff(image, upright[0]).mean()) for image in upright) if alike else 255
    yield Figure(
        f"a landscape in {len(camera)} EXIF orientations: mean difference of pixels, decoded "
        "(each carries its own lettering)",
        f"< {MOST_APART:g} of 255",
        f"{apart:.1f}",
        apart < MOST_APART,
        {"mean_difference": apart},
    )


def turned(ground: Ground) -> Iterator[Figure]:
    """Turn portraits by 90, 180 and 270° without saying so."""
    hits: dict[int, list[bool]] = {turns: [] for turns in (1, 2, 3)}
    for image, faces in ground.portraits:
        height, width = image.shape[:2]
        for turns, found in hits.items():
            box = _turn_box(faces.boxes[0], turns, height, width)
            found.append(_finds(ground, np.ascontiguousarray(np.rot90(image, turns)), box))
    share = float(np.mean([hit for found in hits.values() for hit in found]))
    each = {f"{90 * turns}°": float(np.mean(found)) for turns, found in hits.items()}
    yield Figure(
        f"{len(ground.portraits)} portraits turned by 90, 180, 270° without EXIF: found",
        f"≥ {LEAST_TURNED}",
        f"{share:.4f} ({', '.join(f'{name} {s:.3f}' for name, s in each.items())})",
        share >= LEAST_TURNED,
        {"found": share, "by_turn": each},
    )


def filling(ground: Ground) -> Iterator[Figure]:
    """Crop portraits so that the face is 80 to 100 % as high as the frame, at three sizes."""
    hits: dict[str, list[bool]] = {}
    for image, faces in ground.portraits:
        for share in (0.8, 0.9, 1.0):
            crop, box = _close_up(image, faces.boxes[0], share)
            for side in (240, 720, 1440):
                factor = side / crop.shape[0]
                scaled = cv2.resize(crop, None, fx=factor, fy=factor).astype(np.uint8)
                found = _finds(ground, scaled, (box * factor).astype(np.float32))
                hits.setdefault(f"{share:.0%} of {side} px", []).append(found)
    each = {name: float(np.mean(found)) for name, found in hits.items()}
    total = float(np.mean([hit for found in hits.values() for hit in found]))
    name, worst = min(each.items(), key=lambda item: item[1])
    yield Figure(
        "faces scaled to fill 80–100 % of the frame (london), frames of 240 to 1440 px: found",
        f"≥ {LEAST_FILLING}",
        f"{total:.4f} (worst {name}: {worst:.3f})",
        total >= LEAST_FILLING,
        {"found": total, "by_size": each},
    )


def _laid_down(image: Pixels, orientation: int, kind: str, options: Mapping[str, Any]) -> bytes:
    """Encode an upright picture as a camera held otherwise would."""
    picture, transpose = Image.fromarray(image), STORED[orientation]
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    buffer = io.BytesIO()
    stored = picture.transpose(transpose) if transpose is not None else picture
    stored.save(buffer, kind, exif=exif, **options)
    return buffer.getvalue()


def _largest_shift(ground: Ground, pictures: list[bytes]) -> float:
    """Return the largest difference of a box edge; infinite when the number of faces differs."""
    images = [decode(data, ground.settings.images) for data in pictures]
    boxes = [ground.analyzer.detect(image).boxes for image in images]
    if not len(boxes[0]) or len({len(each) for each in boxes}) != 1:
        return float("inf")
    ordered = [each[overlaps(boxes[0], each).argmax(axis=1)] for each in boxes]
    return float(max(np.abs(each - boxes[0]).max() for each in ordered))


def _finds(ground: Ground, image: Pixels, box: Floats) -> bool:
    found = ground.analyzer.detect(image).boxes
    return bool(len(found) and overlaps(box[None], found).max() >= SAME)


def _turn_box(box: Floats, turns: int, height: int, width: int) -> Floats:
    """Map a box into the picture turned counter-clockwise by quarter turns."""
    x1, y1, x2, y2 = box
    for _ in range(turns):
        x1, y1, x2, y2 = y1, width - x2, y2, width - x1
        height, width = width, height
    return np.array([x1, y1, x2, y2], np.float32)


def _close_up(image: Pixels, box: Floats, share: float) -> tuple[Pixels, Floats]:
    """Crop a square around a face so that the face is `share` of its height.

    What lies beyond the picture repeats its edge.
    """
    side = round(float(box[3] - box[1]) / share)
    left, top = np.round((box[:2] + box[2:]) / 2 - side / 2).astype(int)
    margin = side
    padded = cv2.copyMakeBorder(image, margin, margin, margin, margin, cv2.BORDER_REPLICATE)
    crop = padded[top + margin : top + margin + side, left + margin : left + margin + side]
    return np.ascontiguousarray(crop, np.uint8), box - np.array([left, top, left, top], np.float32)
