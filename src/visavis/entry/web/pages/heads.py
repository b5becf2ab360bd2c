"""The page about models: which files answer, how well, whether they still fit, and the others."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from html import escape

from nicegui import run, ui

from visavis import __version__
from visavis.core.attributes import Head
from visavis.core.errors import VisavisError
from visavis.core.types import Feature
from visavis.entry.services import Services
from visavis.entry.web import (
    heads_compare,
    heads_dialogs,
    heads_drift,
    heads_markup,
    heads_packs,
    markup,
)
from visavis.entry.web.elements import html, plain_button
from visavis.entry.web.heads_state import State, may_change, read
from visavis.entry.web.markup import CROSS
from visavis.entry.web.pages.analysis import ACCENT
from visavis.lab.heads.history import Event, to_undo
from visavis.lab.heads.registry import HeadRegistry, HeadVersion
from visavis.usecases.drift import QUALITY, Reading
from visavis.vision.weights.shelf import WeightShelf

TITLE = "Models – Visavis"
LOOK_EVERY_S = 1.5
"""How often an open page looks at what serves and at the drift: both lie in memory."""
FILES_EVERY = 4
"""At every which look the folder is read, too, unless what serves has changed."""
FIRST_LOOK_WITHIN_S = 30.0
"""The first page of a process may have to load the heads."""
BY = "page"
"""Who changed something here, for the history: there are no accounts."""


def install(services: Services, registry: HeadRegistry) -> None:
    """Register the page."""

    @ui.page("/models", title=TITLE, response_timeout=FIRST_LOOK_WITHIN_S)
    async def page() -> None:
        shown = HeadsPage(services, registry)
        await shown.refresh(files=True)


class HeadsPage:
    """One open page, kept up to date while it is open."""

    def __init__(self, services: Services, registry: HeadRegistry) -> None:
        self._services = services
        self._registry = registry
        self._client = ui.context.client
        self._may_change = may_change(services.settings.server.host, self._client.request)
        self._state: State | None = None
        self._looks = 0
        self._one_at_a_time = asyncio.Lock()
        self._drift: dict[str, tuple[ui.html, ui.html]] | None = None
        self._rows: dict[str, ui.html] = {}
        for sheet in ("theme", "heads"):
            ui.add_head_html(f'<link rel="stylesheet" href="assets/{sheet}.css?v={__version__}">')
        ui.colors(primary=ACCENT)
        self._build()
        ui.timer(LOOK_EVERY_S, self._look, immediate=False)

    def _build(self) -> None:
        html(markup.header(markup.ANALYSE), "header")
        with ui.element("main").classes("vv-main vh-main-column"):
            html("Models", "h1")
            self._told = ui.element("div").classes("vh-told").props("role=status")
            self._fault = html("").classes("vh-trouble").props("role=alert")
            with _section("What answers"), ui.element("div").classes("vh-cards"):
                self._answers = {head: html("", "article").classes("vh-card") for head in Head}
            with _section("Drift"):
                html(heads_markup.DRIFT, "p").classes("vh-quiet")
                self._lines = ui.element("div").classes("vh-folds")
            with _section("Challengers"):
                self._challengers = ui.element("div").classes("vh-rows")
            with _section("History"):
                self._history = html("", "ol").classes("vh-history")
                self._undo = ui.element("div")
            with _section("Packs"):
                html(heads_markup.PACKS, "p").classes("vh-quiet")
                self._packs = html("").classes("vh-folds")
            self._dialogs = ui.element("div")

    async def refresh(self, *, files: bool) -> None:
        """Show how things are now.

        Args:
            files: Whether to read the folder, too.
        """
        async with self._one_at_a_time:  # else an older state could be shown after a newer one
            readings = await run.io_bound(self._services.drift.readings)
            state = await self._read() if files else None
        if self._client.is_deleted:
            return
        if readings is not None:
            self._show_drift(readings)
        if state is not None:
            self._state = state
            self._show(state)

    async def _read(self) -> State | None:
        """Look at the files; where that fails the page says why, and shows what it knew."""
        try:
            state = await run.io_bound(read, self._services, self._registry)
        except VisavisError as exc:
            _put(self._fault, f"<p>{escape(str(exc))}</p>")
            return None
        _put(self._fault, "")
        return state

    async def _look(self) -> None:
        """Look again; nothing that stays as it is is sent to the browser."""
        self._looks += 1
        known = self._state
        changed = known is None or known.serving != await run.io_bound(self._services.drift.cards)
        await self.refresh(files=changed or self._looks % FILES_EVERY == 0)

    def _show(self, state: State) -> None:
        for head, card in self._answers.items():
            _put(card, heads_markup.answer(state, head, off=self._is_off(head)))
        self._show_challengers(state)
        self._show_history(state.events)
        settings = self._services.settings
        _put(self._packs, heads_packs.packs(WeightShelf(settings.cache), settings.pack))

    def _is_off(self, head: Head) -> bool:
        return self._services.policy.purpose(Feature(head)) is None

    def _show_drift(self, readings: Sequence[Reading]) -> None:
        """Show a line a subject; lines stay in place, so that what is open stays open."""
        if self._drift is None or list(self._drift) != [reading.subject for reading in readings]:
            self._drift = self._built_drift(readings)
        for reading in readings:
            line, shares = self._drift[reading.subject]
            off = reading.subject != QUALITY and self._is_off(Head(reading.subject))
            _put(line, heads_drift.off_line(reading) if off else heads_drift.line(reading))
            _put(shares, heads_drift.shares(reading))

    def _built_drift(self, readings: Sequence[Reading]) -> dict[str, tuple[ui.html, ui.html]]:
        self._lines.clear()
        built = {}
        with self._lines:
            if not readings:
                html(heads_markup.NO_DRIFT, "p")
            for reading in readings:
                with ui.element("details").classes("vh-fold"):
                    line = html("", "summary").classes("vh-line")
                    built[reading.subject] = line, html("")
        return built

    def _show_challengers(self, state: State) -> None:
        """Show the files that wait; rows stay in place while the files are the same."""
        waiting = state.waiting
        if list(self._rows) != [file.version for file in waiting] or not waiting:
            self._build_challengers(waiting)
        for file in waiting:
            _put(self._rows[file.version], heads_compare.challenger(file, state))

    def _build_challengers(self, waiting: Sequence[HeadVersion]) -> None:
        self._challengers.clear()
        self._rows = {}
        with self._challengers:
            if not waiting:
                html(heads_markup.NO_CHALLENGERS, "p")
            for file in waiting:
                with ui.element("article").classes("vh-card"):
                    self._rows[file.version] = html("")
                    name = f'Let it serve…<span class="vv-hidden"> ({escape(file.version)})</span>'
                    self._offer(name, partial(self._ask_promote, file.version))
            if waiting and not self._may_change:
                html(heads_markup.ONLY_AT_THE_MACHINE, "p").classes("vh-quiet")

    def _show_history(self, events: Sequence[Event]) -> None:
        shown = heads_markup.history(events) or f"<li>{heads_markup.NO_HISTORY}</li>"
        if self._history.content == shown:
            return
        self._history.set_content(shown)
        self._undo.clear()
        if to_undo(events, None):
            with self._undo:
                self._offer("Roll back…", self._ask_roll_back)
                if not self._may_change:
                    html(heads_markup.ONLY_AT_THE_MACHINE, "p").classes("vh-quiet")

    def _offer(self, label: str, act: Callable[[], object]) -> None:
        """Put a button there, where whoever looks may change what serves."""
        if self._may_change:
            button = html(label, "button").classes("vv-button").props("type=button")
            button.on("click", act, args=[])

    async def _ask_promote(self, version: str) -> None:
        """Show what the gate says of a file, and ask."""
        try:
            verdicts = await run.io_bound(self._registry.judge, version)
        except VisavisError as exc:
            self._tell(str(exc))
            return
        if verdicts is not None and not self._client.is_deleted:
            with self._dialogs:
                heads_dialogs.promote(version, verdicts, partial(self._promote, version))

    async def _promote(self, version: str, heads: Sequence[Head], reason: str) -> str:
        return await self._change(
            partial(self._registry.promote, version, heads, reason=reason, by=BY)
        )

    async def _ask_roll_back(self) -> None:
        """Show what can be undone, and ask."""
        if self._state and to_undo(self._state.events, None):
            with self._dialogs:
                heads_dialogs.roll_back(self._state.events, self._roll_back)

    async def _roll_back(self, head: Head | None, reason: str) -> str:
        return await self._change(partial(self._registry.rollback, head, reason=reason, by=BY))

    async def _change(self, act: Callable[[], Event]) -> str:
        """Change what serves and say so; return why not, empty when it is done."""
        if not self._may_change:
            return heads_markup.NOT_FROM_HERE
        try:
            event = await run.io_bound(act)
        except VisavisError as exc:
            return str(exc)
        if event is not None and not self._client.is_deleted:
            self._tell(heads_markup.change_said(event))
            await self.refresh(files=True)
        return ""

    def _tell(self, sentence: str) -> None:
        """Say what came of something, until the person puts it away."""
        self._told.clear()
        with self._told:
            html(escape(sentence), "p")
            plain_button(CROSS, self._put_away)

    def _put_away(self) -> None:
        self._told.clear()


@contextmanager
def _section(title: str) -> Iterator[None]:
    """Put a section with a heading on the page."""
    name = f"vh-{title.split()[-1].lower()}"
    with ui.element("section").classes("vh-section").props(f"aria-labelledby={name}"):
        html(title, "h2").props(f"id={name}")
        yield


def _put(element: ui.html, content: str) -> None:
    """Show something else, unless it is what is shown."""
    if element.content != content:
        element.set_content(content)
