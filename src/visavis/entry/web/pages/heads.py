"""The page about models: which files answer, how well, whether they still fit, and the others."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from html import escape

from nicegui import run, ui

from visavis.core.attributes import Head
from visavis.core.errors import VisavisError
from visavis.core.types import Feature
from visavis.credentials.roles import Permission
from visavis.entry.services import Records, Services
from visavis.entry.web import (
    heads_compare,
    heads_dialogs,
    heads_drift,
    heads_markup,
    heads_packs,
    shell,
)
from visavis.entry.web.elements import html
from visavis.entry.web.heads_state import State, read
from visavis.entry.web.visitor import Visit
from visavis.lab.heads.history import Event, to_undo
from visavis.lab.heads.registry import HeadVersion
from visavis.usecases.actor import Actor
from visavis.usecases.drift import QUALITY, Reading
from visavis.usecases.errors import LogInNeeded
from visavis.vision.weights.shelf import WeightShelf

TITLE = "Models – Visavis"
LOOK_EVERY_S = 1.5
"""How often an open page looks at what serves and at the drift: both lie in memory."""
FILES_EVERY = 4
"""At every which look the folder is read, too, unless what serves has changed."""


def install(services: Services, records: Records) -> None:
    """Register the page."""

    async def build(visit: Visit, actor: Actor) -> None:
        shown = HeadsPage(services, visit, actor)
        await shown.refresh(files=True)

    shell.install(records, shell.MODELS, TITLE, build)


class HeadsPage:
    """One open page, kept up to date while it is open."""

    def __init__(self, services: Services, visit: Visit, actor: Actor) -> None:
        self._services = services
        self._registry = services.heads
        self._visit = visit
        self._me = actor.id
        self._may_change = actor.may(Permission.MODELS_WRITE)
        self._state: State | None = None
        self._looks = 0
        self._one_at_a_time = asyncio.Lock()
        self._drift: dict[str, tuple[ui.html, ui.html]] | None = None
        self._rows: dict[str, ui.html] = {}
        self._build()
        ui.timer(LOOK_EVERY_S, self._look, immediate=False)

    def _build(self) -> None:
        with ui.element("main").classes("vv-main vh-main-column"):
            html("Models", "h1")
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
        if self._visit.is_over:
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
        if self._visit.is_over:
            return
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
                html(heads_markup.ONLY_ADMINS, "p").classes("vh-quiet")

    def _show_history(self, events: Sequence[Event]) -> None:
        shown = heads_markup.history(events, self._me) or f"<li>{heads_markup.NO_HISTORY}</li>"
        if self._history.content == shown:
            return
        self._history.set_content(shown)
        self._undo.clear()
        if to_undo(events, None):
            with self._undo:
                self._offer("Roll back…", self._ask_roll_back)
                if not self._may_change:
                    html(heads_markup.ONLY_ADMINS, "p").classes("vh-quiet")

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
            self._visit.tell(str(exc))
            return
        if verdicts is not None and not self._visit.is_over:
            with self._dialogs:
                heads_dialogs.promote(version, verdicts, partial(self._promote, version))

    async def _promote(self, version: str, heads: Sequence[Head], reason: str) -> str:
        return await self._change(
            lambda by: self._registry.promote(version, heads, reason=reason, by=by)
        )

    async def _ask_roll_back(self) -> None:
        """Show what can be undone, and ask."""
        if self._state and to_undo(self._state.events, None):
            with self._dialogs:
                heads_dialogs.roll_back(self._state.events, self._roll_back)

    async def _roll_back(self, head: Head | None, reason: str) -> str:
        return await self._change(lambda by: self._registry.rollback(head, reason=reason, by=by))

    async def _change(self, act: Callable[[str], Event]) -> str:
        """Change what serves and say so; return why not, empty when it is done.

        Args:
            act: Does it, given the id of who does it.
        """

        def change(actor: Actor) -> Event:
            actor.require(Permission.MODELS_WRITE)
            return act(actor.id)

        try:
            event = await self._visit.do(change)
        except LogInNeeded as exc:
            self._visit.leave()
            return str(exc)
        except VisavisError as exc:
            return str(exc)
        if not self._visit.is_over:
            self._visit.tell(heads_markup.change_said(event))
            await self.refresh(files=True)
        return ""


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
