"""The page about logs: what the processes wrote, filtered, with new lines as they come."""

from collections.abc import Sequence

from nicegui import ui

from visavis.core.log_lines import LogLine
from visavis.entry.services import Records
from visavis.entry.web import logs_filter, logs_markup, shell
from visavis.entry.web.elements import html
from visavis.entry.web.lists import Listing
from visavis.entry.web.logs_filter import Filter
from visavis.entry.web.questions import Form, acting, sending
from visavis.entry.web.visitor import Visit
from visavis.store.page import DEFAULT, Page
from visavis.usecases.actor import Actor

TITLE = "Logs – Visavis"
LOOK_EVERY_S = 2.0
"""How often new lines are looked for while somebody wants to see them come."""

_LEAD = (
    "<p class='vo-lead'>What the services wrote about their work: ids and counts, never pictures, "
    "vectors, secrets or names. {whose}</p>"
)
_WHOSE = "You see the lines about your organisation."
_ALL = "You see the lines of the whole deployment."


def install(records: Records) -> None:
    """Register the page."""
    shell.install(records, shell.LOGS, TITLE, _build)


async def _build(visit: Visit, actor: Actor) -> None:
    said = ui.context.client.request.query_params
    page = LogsPage(visit, actor, logs_filter.read(lambda name: said.get(name, "")))
    await visit.handler(page.show)()


class LogsPage:
    """One open page.

    Args:
        visit: Who looks at it.
        actor: The same, as they were when it was opened.
        shown: What its address asks for.
    """

    def __init__(self, visit: Visit, actor: Actor, shown: Filter) -> None:
        self._visit, self._logs = visit, visit.records.logs
        self._shown = shown
        self._opened: set[str] = set()
        options = visit.records.ground.settings.logs
        self._kept = options.collect or bool(options.url)
        with ui.element("main").classes("vv-main vo-main") as main:
            with ui.element("div").classes("vo-head"):
                html("Logs", "h1")
                self._switch = html(_switch(on=False))
            html(_LEAD.format(whose=_ALL if actor.is_host else _WHOSE))
            with ui.element("form").classes("vo-form vl-filter").props("role=search") as form:
                html(logs_filter.drawn(shown)).classes("vl-fields")
            self._list = Listing(visit, self._read, self._drawn)
        self._timer = ui.timer(LOOK_EVERY_S, visit.handler(self._look), active=False)
        sending(form, visit, self._filter)
        acting(main, visit, {"live": self._turn, "open": self._open})

    async def show(self) -> None:
        """Show the newest lines."""
        await self._list.show()

    def _read(self, actor: Actor, cursor: str | None) -> Page[LogLine]:
        now = self._visit.records.ground.clock()
        return self._logs.page(actor, self._shown.wanted(now), DEFAULT, cursor)

    def _drawn(self, lines: Sequence[LogLine]) -> str:
        return logs_markup.drawn(lines, self._opened, kept=self._kept)

    async def _filter(self, form: Form) -> None:
        """Show what is filled in now, and let the address of the page say the same."""
        shown = logs_filter.read(form.text)
        shown.wanted(self._visit.records.ground.clock())  # refuses before anything changes
        self._shown, self._list.items = shown, []
        self._opened.clear()
        ui.navigate.history.replace(shown.address())
        await self._list.show()

    async def _turn(self, _: str) -> None:
        """Begin or stop to look for new lines."""
        on = not self._timer.active
        self._timer.active = on
        self._switch.set_content(_switch(on=on))
        if on:
            await self._look()

    async def _look(self) -> None:
        """Show new lines, if there are any: what did not change is left alone."""
        newest = await self._visit.do(lambda actor: self._read(actor, None))
        before = [line.id for line in self._list.items[: len(newest.items)]]
        if [line.id for line in newest.items] != before and not self._visit.is_over:
            await self._list.show()

    async def _open(self, line_id: str) -> None:
        """Remember which lines are open: they stay so when the list is drawn anew."""
        self._opened ^= {line_id}


def _switch(*, on: bool) -> str:
    word = "Stop" if on else "Follow"
    return (
        f'<button type="button" class="vv-button vl-live" data-do="live" aria-pressed="'
        f'{"true" if on else "false"}"><i aria-hidden="true"></i>{word}'
        f"{'' if on else ' new lines'}</button>"
    )
