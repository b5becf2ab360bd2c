"""The page's own HTML: the drop zone, the faces over the picture, the list beside it.

Everything a person or a file brings in goes through `escape`; all else is ours or a number.
"""

from collections.abc import Collection
from html import escape

import numpy as np

from visavis.core.types import Floats
from visavis.entry.web import facts
from visavis.entry.web.desk import Notice, Picture
from visavis.entry.web.gallery import ANNOTATED, JSON, THUMB, VIEW, file_name, url
from visavis.usecases.analysis import Analysis

BOXES, POINTS, MESH = "boxes", "points", "mesh"
CROP_MARGIN = 1.35
"""Side of a face's thumbnail over the longer side of its box."""
LABEL_PERCENT = 6
"""A box that starts higher than this, percent of the picture, has its number inside."""

DROP_ZONE = """
<h1>Find the faces in a picture</h1>
<p class="vv-lead">Drop pictures here, or choose them from this device.</p>
<p class="vv-more">Drop more pictures anywhere.</p>
<div class="vv-actions">
  <button type="button" class="vv-button vv-primary" data-do="choose">
    <span class="vv-first">Choose pictures</span><span class="vv-again">Add pictures</span></button>
  <button type="button" class="vv-button" data-do="camera" aria-label="Use the camera">
    <span class="vv-long">Use the camera</span><span class="vv-short">Camera</span></button>
</div>
<p class="vv-small">Pictures are looked at on this server, kept in its memory while this page is
open, and never saved.</p>
<input type="file" id="vv-input" multiple hidden tabindex="-1" aria-label="Pictures"
  accept="image/*,.heic,.heif,.avif,.tif,.tiff,.webp,.bmp">
"""

CAMERA = """
<dialog id="vv-camera" aria-labelledby="vv-camera-title">
  <h2 id="vv-camera-title">Take a picture</h2>
  <div class="vv-viewfinder">
    <video id="vv-video" autoplay playsinline muted aria-label="What the camera sees"></video>
    <p id="vv-camera-note" role="status">Waiting for the camera…</p>
  </div>
  <div class="vv-actions">
    <button type="button" class="vv-button vv-primary" data-do="snap" disabled>
      Take the picture</button>
    <button type="button" class="vv-button" data-do="close-camera">Cancel</button>
  </div>
</dialog>
"""


def picture(shown: Picture, analysis: Analysis) -> str:
    """Return the picture itself, in its proportions."""
    alt = escape(f"{shown.name}, {count(len(analysis.faces))}", quote=True)
    return (
        f'<img src="{url(shown, VIEW)}" alt="{alt}" '
        f'width="{analysis.width}" height="{analysis.height}">'
    )


def overlay(analysis: Analysis, layers: Collection[str]) -> str:
    """Return the chosen layers of faces, to lie over the picture."""
    drawn = "".join(_dotted(analysis, i, layers) for i in range(len(analysis.faces)))
    sized = f'viewBox="0 0 {analysis.width} {analysis.height}" preserveAspectRatio="none"'
    boxes = _boxes(analysis) if BOXES in layers else ""
    return f'<svg {sized} aria-hidden="true">{drawn}</svg>{boxes}'


def face_list(view: str, analysis: Analysis) -> str:
    """Return the list of faces, each a button that points at its box and opens what is known.

    Args:
        view: Where the browser finds the picture.
        analysis: What was found on it.
    """
    return "".join(_face(view, analysis, i) for i in range(len(analysis.faces)))


def downloads(shown: Picture) -> str:
    """Return the links that save what was found."""
    links = (
        (ANNOTATED, "Picture", "Save the picture with the faces drawn in"),
        (JSON, "JSON", "Save the results as JSON"),
    )
    return "".join(
        f'<a class="vv-button" href="{url(shown, part)}" '
        f'download="{escape(file_name(shown.name, part), quote=True)}" '
        f'aria-label="{says}" title="{says}"><span aria-hidden="true">↓</span> {label}</a>'
        for part, label, says in links
    )


def thumb(shown: Picture) -> str:
    """Return a picture's place in the strip: its thumbnail and how many faces it has."""
    name = escape(shown.name)
    if shown.look is None:
        words = f'<span class="vv-hidden">{name}, being looked at</span>'
        return f'<span class="vv-spinner"></span>{words}'
    number = len(shown.look.analysis.faces)
    return (
        f'<img src="{url(shown, THUMB)}" alt="">'
        f'<span class="vv-badge" aria-hidden="true">{number}</span>'
        f'<span class="vv-hidden">{name}, {count(number)}</span>'
    )


def notice(shown: Notice) -> str:
    """Return what went wrong with which file."""
    return f"<strong>{escape(shown.subject)}</strong> {escape(shown.sentence)}"


ESTIMATES = "These are a machine's estimates. They can be wrong."


def count(faces: int) -> str:
    """Return `1 face`, `2 faces`, `no face`."""
    return {0: "no face", 1: "1 face"}.get(faces, f"{faces} faces")


def _dotted(analysis: Analysis, i: int, layers: Collection[str]) -> str:
    """Return the points and the mesh of one face; dots grow with the face, up to a limit."""
    faces, drawn = analysis.faces, ""
    x1, _, x2, _ = faces.boxes[i].tolist()
    unit = min(x2 - x1, analysis.width / 4, analysis.height / 4)
    if MESH in layers and faces.mesh is not None:
        drawn += _dots(faces.mesh[i, :, :2], "vv-mesh", 0.011 * unit)
    if POINTS in layers:
        drawn += _dots(faces.points[i], "vv-points-edge", 0.045 * unit)
        drawn += _dots(faces.points[i], "vv-points", 0.028 * unit)
    return f'<g data-face="{i}">{drawn}</g>'


def _boxes(analysis: Analysis) -> str:
    """Return one frame a face, in percent of the picture so that it follows any size."""
    scale = 100 / np.array([analysis.width, analysis.height] * 2, np.float32)
    return "".join(
        f'<button type="button" tabindex="-1" aria-hidden="true" data-face="{i}" '
        f'class="vv-box{" vv-box-top" if y1 < LABEL_PERCENT else ""}" '
        f'style="left:{x1:.3f}%;top:{y1:.3f}%;width:{x2 - x1:.3f}%;height:{y2 - y1:.3f}%">'
        f"<span>{i + 1}</span></button>"
        for i, (x1, y1, x2, y2) in enumerate((analysis.faces.boxes * scale).tolist())
    )


def _face(view: str, analysis: Analysis, i: int) -> str:
    """Return one face: a button with the gist, and below it what the button shows and hides.

    A face that is alone is shown open: there is nothing to choose from.
    """
    alone = len(analysis.faces) == 1
    return (
        f'<li><button type="button" class="vv-face" data-face="{i}" '
        f'aria-expanded="{str(alone).lower()}" aria-controls="vv-about-{i}">'
        f"{_crop(view, analysis, i)}"
        f"<span><strong>Face {i + 1}</strong>{facts.gist(analysis.faces, i)}</span>"
        '<span class="vv-chevron" aria-hidden="true"></span></button>'
        f'<dl class="vv-about" id="vv-about-{i}"{"" if alone else " hidden"}>'
        f"{facts.about(analysis.faces, i, analysis.reasons_of(i))}</dl></li>"
    )


def _crop(view: str, analysis: Analysis, i: int) -> str:
    """Return a square cut-out of the picture around one face; the browser does the cutting."""
    x1, y1, x2, y2 = analysis.faces.boxes[i].tolist()
    side = CROP_MARGIN * max(x2 - x1, y2 - y1)
    left, top = (x1 + x2 - side) / 2, (y1 + y2 - side) / 2
    cut = f"{left:.1f} {top:.1f} {side:.1f} {side:.1f}"
    return (
        f'<svg class="vv-crop" viewBox="{cut}" aria-hidden="true">'
        f'<image href="{view}" width="{analysis.width}" height="{analysis.height}" '
        'preserveAspectRatio="none"/></svg>'
    )


def _dots(points: Floats, kind: str, size: float) -> str:
    """Return points (k, 2), pixels, as zero-length strokes that round ends turn into dots."""
    known = points[np.isfinite(points).all(axis=1)].tolist()
    path = "".join(f"M{x:.1f} {y:.1f}h0" for x, y in known)
    return f'<path class="{kind}" stroke-width="{size:.2f}" d="{path}"/>'
