"""Things painted over faces."""

import numpy as np
from PIL import Image, ImageDraw

from visavis.core.types import Faces, Pixels

JAW = (234, 93, 132, 58, 172, 136, 150, 149, 176, 148, 152, 377, 400, 378, 379, 365, 397, 288)
EYES = ((33, 133, 159, 145), (362, 263, 386, 374))


def with_mask(
    image: Pixels, faces: Faces, colour: tuple[int, int, int] = (120, 170, 210)
) -> Pixels:
    """Paint a medical mask from the nose to the jaw."""
    points = _mesh(faces)[[*JAW, 361, 323, 454, 330, 4, 101]]
    return _painted(image, [points], colour)


def with_sunglasses(image: Pixels, faces: Faces) -> Pixels:
    """Paint dark lenses over the eyes."""
    mesh, lenses = _mesh(faces), []
    apart = np.linalg.norm(mesh[263] - mesh[33])
    round_ = np.linspace(0, 2 * np.pi, 30)
    for eye in EYES:
        ring = np.stack([0.27 * np.cos(round_), 0.2 * np.sin(round_)], axis=1)
        lenses.append(mesh[list(eye)].mean(axis=0) + apart * ring)
    return _painted(image, lenses, (22, 20, 24))


def with_hair(image: Pixels, faces: Faces) -> Pixels:
    """Paint dark strands over one side of the face."""
    mesh, dice = _mesh(faces), np.random.default_rng(3)
    apart = float(np.linalg.norm(mesh[263] - mesh[33]))
    canvas = Image.fromarray(image)
    draw = ImageDraw.Draw(canvas)
    for _ in range(80):
        start = mesh[332] + dice.normal(0, 0.18 * apart, 2)
        end = mesh[[346, 386, 425, 168][dice.integers(4)]] + dice.normal(0, 0.1 * apart, 2)
        shade = int(dice.normal(0, 10))
        colour = (45 + shade, 32 + shade, 24 + shade)
        draw.line([*start.tolist(), *end.tolist()], colour, max(1, int(0.035 * apart)))
    return np.asarray(canvas)


def with_eyes(image: Pixels, faces: Faces, aside: float) -> Pixels:
    """Paint eyes that look aside: −1 to the picture's left, 0 ahead, 1 to its right."""
    mesh, canvas = _mesh(faces), Image.fromarray(image)
    draw = ImageDraw.Draw(canvas)
    for left, right, upper, lower in EYES:
        corners = mesh[[left, upper, right, lower]]
        draw.polygon([tuple(corner) for corner in corners.tolist()], (225, 220, 215))
        width = float(np.linalg.norm(mesh[right] - mesh[left]))
        x, y = (mesh[left] + mesh[right]) / 2 + [0.2 * aside * width, 0]
        iris = 0.16 * width
        draw.ellipse([x - iris, y - iris, x + iris, y + iris], (40, 25, 20))
    return np.asarray(canvas)


def _mesh(faces: Faces) -> np.ndarray:
    assert faces.mesh is not None
    return faces.mesh[0, :, :2].astype(float)


def _painted(image: Pixels, shapes: list[np.ndarray], colour: tuple[int, int, int]) -> Pixels:
    canvas = Image.fromarray(image)
    for shape in shapes:
        ImageDraw.Draw(canvas).polygon([tuple(point) for point in shape.tolist()], colour)
    return np.asarray(canvas)
