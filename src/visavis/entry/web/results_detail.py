"""One result: the picture under its faces, looked at closely, and the list of them beside it."""

from nicegui import ui

from visavis.core.errors import InvalidInput
from visavis.entry.services import Records
from visavis.entry.web import markup, results_search, shell, taking
from visavis.entry.web import results_markup as own
from visavis.entry.web.elements import html
from visavis.entry.web.questions import Form, Question, acting
from visavis.entry.web.visitor import Visit
from visavis.store.results import Result
from visavis.usecases import results_json
from visavis.usecases.actor import Actor
from visavis.usecases.analysis import Analysis
from visavis.usecases.errors import NotFound
from visavis.usecases.results_analysis import read
from visavis.usecases.results_sealing import Part

TITLE = "Result – Visavis"

LABELS = "labels"

LABELLED = 6
"""With more faces the labels hide too much to begin with."""

_LAYERS = (
    (markup.BOXES, "Boxes"),
    (markup.POINTS, "Points"),
    (markup.MESH, "Mesh"),
    (LABELS, "Labels"),
)
_ZOOM = """
<div class="vr-zoom" role="group" aria-label="Zoom">
<button type="button" class="vv-button" data-zoom="out" aria-label="Smaller">−</button>
<button type="button" class="vv-button" data-zoom="fit">Fit</button>
<button type="button" class="vv-button" data-zoom="in" aria-label="Larger">+</button>
</div>
"""
_ABOUT_REMOVAL = (
    "<p>The picture, the annotated picture and all that was found are removed. This cannot be "
    "undone; the picture can be analysed again.</p>"
)


def install(records: Records) -> None:
    """Register the page."""

    async def build(visit: Visit, actor: Actor) -> None:
        await visit.handler(ResultPage(visit, actor).show)()

    shell.install(records, shell.RESULT, TITLE, build)


class ResultPage:
    """One open page.

    Args:
        visit: Who looks at it.
        actor: The same, as they were when it was opened.
    """

    def __init__(self, visit: Visit, actor: Actor) -> None:
        self._visit, self._results, self._actor = visit, visit.records.results, actor
        self._name = str(ui.context.client.request.path_params["result"])
        self._sought = results_search.asked(visit)
        self._layers = {markup.BOXES}
        taking.add_scripts(("faces", "results"))
        with ui.element("main").classes("vv-main vo-main vr-main") as main:
            self._steps = html("").classes("vr-top")
            self._inside = ui.element("div")
        acting(main, visit, {"remove": self._ask})

    async def show(self) -> None:
        """Show the result."""
        try:
            result, analysis, beside = await self._visit.do(self._read)
        except (NotFound, InvalidInput):  # the name is none of ours, or no name at all
            self._inside.clear()
            with self._inside:
                html(own.gone())
            return
        self._steps.set_content(own.steps(self._sought, *beside))
        with self._inside:
            self._build(result, analysis)

    def _read(self, actor: Actor) -> tuple[Result, Analysis, tuple[str | None, str | None]]:
        result, data = self._results.open(actor, self._name, Part.DOCUMENT)
        beside = self._results.beside(actor, self._name, self._sought)
        return result, read(results_json.unpack(data)), beside

    def _build(self, result: Result, analysis: Analysis) -> None:
        if result.faces <= LABELLED:
            self._layers.add(LABELS)
        with ui.element("div").classes("vv-side-by-side"):
            with ui.element("div").classes("vv-left"):
                self._stage(result, analysis)
            with ui.element("section").classes("vv-panel").props('aria-label="Faces"'):
                self._panel(result, analysis)

    def _stage(self, result: Result, analysis: Analysis) -> None:
        """Build the picture, its overlay, and what changes how both are seen."""
        ratio = f"--ratio:{result.width / result.height:.4f}"
        with (
            ui.element("figure").classes("vv-stage vr-stage").style(ratio),
            ui.element("div").classes("vr-zoomed"),
        ):
            html(own.picture(result, analysis))
            overlay = html(self._drawn(analysis)).classes("vv-overlay")
        with ui.element("div").classes("vr-tools"):
            if result.faces:
                self._toggles(analysis, overlay)
            html(_ZOOM)

    def _toggles(self, analysis: Analysis, overlay: ui.html) -> None:
        def toggle(layer: str, *, on: bool) -> None:
            (self._layers.add if on else self._layers.discard)(layer)
            overlay.set_content(self._drawn(analysis))

        with ui.element("div").classes("vv-toggles").props('role=group aria-label="Show"'):
            for layer, label in _LAYERS:
                ui.switch(
                    label,
                    value=layer in self._layers,
                    on_change=lambda event, layer=layer: toggle(layer, on=event.value),
                )

    def _drawn(self, analysis: Analysis) -> str:
        labels = own.labels(analysis) if LABELS in self._layers else ""
        return markup.overlay(analysis, self._layers) + labels

    def _panel(self, result: Result, analysis: Analysis) -> None:
        """Build the heading, the list of faces, the downloads, and the way to remove it all."""
        html(markup.count(result.faces).capitalize(), "h1").classes("vr-title")
        html(own.about(result, analysis))
        if result.faces:
            html(markup.face_list(own.view(result), analysis), "ol").classes("vv-faces")
            if analysis.faces.heads:
                ui.label(markup.ESTIMATES).classes("vv-facts vv-estimates")
        html(own.downloads(result, analysis)).classes("vv-downloads vr-downloads")
        html(own.remove(self._actor))

    async def _ask(self, _of: str) -> None:
        with self._visit.dialogs:
            question = Question(self._visit, "Remove this result?")
            question.ask(_ABOUT_REMOVAL, "Remove it", self._remove, grave=True)

    async def _remove(self, _form: Form) -> None:
        await self._visit.do(lambda actor: self._results.remove(actor, [self._name]))
        ui.navigate.to(f"/{shell.RESULTS.path}{results_search.query(self._sought)}")
