"""What was found on one picture: the picture under its faces, and the list beside it."""

from collections.abc import Callable

from nicegui import ui

from visavis.entry.web import markup
from visavis.entry.web.desk import Picture
from visavis.entry.web.elements import html, plain_button
from visavis.entry.web.gallery import VIEW, url
from visavis.usecases.analysis import Analysis

_ADVICE = """
<p>Faces are found best when they</p>
<ul><li>are at least 20 pixels high,</li><li>are sharp and well lit,</li>
<li>are not covered by hands, masks or dark glasses.</li></ul>
<p>A larger copy of the same picture often helps.</p>
"""
_LAYERS = ((markup.BOXES, "Boxes"), (markup.POINTS, "Points"), (markup.MESH, "Mesh"))


def show(picture: Picture, layers: set[str], on_remove: Callable[[], None]) -> None:
    """Build the result of `picture` where the caller stands.

    Args:
        picture: One that has been looked at.
        layers: Which layers are drawn; the toggles change it, so that the next picture keeps them.
        on_remove: Called when the person wants this picture gone.
    """
    assert picture.look is not None  # noqa: S101  # the caller shows what is ready
    analysis = picture.look.analysis
    with ui.element("div").classes("vv-side-by-side"):
        with ui.element("div").classes("vv-left"):
            _stage(picture, analysis, layers)
        with ui.element("section").classes("vv-panel").props('aria-label="Faces"'):
            _panel(picture, analysis)
            plain_button("Remove this picture", on_remove).classes("vv-remove")


def _stage(picture: Picture, analysis: Analysis, layers: set[str]) -> None:
    """Build the picture, its overlay and the toggles."""
    ratio = f"--ratio:{analysis.width / analysis.height:.4f}"
    with ui.element("figure").classes("vv-stage").style(ratio):
        html(markup.picture(picture, analysis))
        overlay = html(markup.overlay(analysis, layers)).classes("vv-overlay")
    if not len(analysis.faces):
        return

    def toggle(layer: str, *, on: bool) -> None:
        (layers.add if on else layers.discard)(layer)
        overlay.set_content(markup.overlay(analysis, layers))

    with ui.element("div").classes("vv-toggles").props('role=group aria-label="Show"'):
        for layer, label in _LAYERS:
            ui.switch(
                label,
                value=layer in layers,
                on_change=lambda event, layer=layer: toggle(layer, on=event.value),
            )


def _panel(picture: Picture, analysis: Analysis) -> None:
    """Build the heading, the list of faces, or advice when there is none, and the downloads."""
    number = len(analysis.faces)
    html(markup.count(number).capitalize() if number else "No face found", "h2")
    facts = f"{analysis.width} × {analysis.height} px · {analysis.took_ms / 1000:.1f} s"
    ui.label(picture.name).classes("vv-name")
    ui.label(facts).classes("vv-facts")
    if number:
        html(markup.face_list(url(picture, VIEW), analysis), "ol").classes("vv-faces")
        if analysis.faces.heads:
            ui.label(markup.ESTIMATES).classes("vv-facts vv-estimates")
    else:
        html(_ADVICE).classes("vv-advice")
    html(markup.downloads(picture)).classes("vv-downloads")
