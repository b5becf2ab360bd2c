"""The page of results: all of them in a grid, found by date, faces and attributes."""

from collections.abc import Sequence
from contextlib import suppress

from nicegui import ui

from visavis.core.attributes import Head
from visavis.core.errors import Unavailable
from visavis.entry.services import Records
from visavis.entry.web import results_detail, results_pictures, results_search, shell
from visavis.entry.web import results_markup as markup
from visavis.entry.web.elements import html
from visavis.entry.web.lists import Listing
from visavis.entry.web.questions import Form, sending
from visavis.entry.web.visitor import Visit
from visavis.store.page import Page
from visavis.store.results import EVERYTHING, Result
from visavis.usecases.actor import Actor

TITLE = "Results – Visavis"

LOOK_EVERY_S = 3.0
"""How often an open page looks whether results have come."""


def install(records: Records) -> None:
    """Register the page, that of a single result, and the pictures of both."""

    async def build(visit: Visit, actor: Actor) -> None:
        await visit.handler(ResultsPage(visit, actor).begin)()

    shell.install(records, shell.RESULTS, TITLE, build)
    results_detail.install(records)
    results_pictures.install(records)


class ResultsPage:
    """One open page.

    Args:
        visit: Who looks at it.
        actor: The same, as they were when it was opened.
    """

    def __init__(self, visit: Visit, actor: Actor) -> None:
        self._visit, self._results, self._actor = visit, visit.records.results, actor
        self._sought, self._opened_at = results_search.asked(visit), visit.records.ground.clock()
        self._kept = True
        emotion = Head.EMOTION in visit.records.privacy.possible_attributes
        with ui.element("main").classes("vv-main vo-main vr-main"):
            self._head, self._note = html(""), html("")
            with ui.element("div").classes("vr-search") as self._search:
                html(results_search.toggle(self._sought))
                with ui.element("form").classes("vo-form").props("role=search") as form:
                    html(results_search.fields(self._sought, emotion=emotion))
            self._list = Listing(visit, self._read, self._drawn)
        self._search.on("click", js_handler=results_search.TOGGLE_JS)
        sending(form, visit, self._find)

    async def begin(self) -> None:
        """Show what is there, and go on looking."""
        await self._show()
        ui.timer(LOOK_EVERY_S, self._visit.handler(self._look), immediate=False)

    async def _show(self) -> None:
        results, sought = self._results, self._sought
        number, self._kept = await self._visit.do(
            lambda actor: (results.count(actor, sought), results.are_kept(actor))
        )
        await self._list.show()
        if not self._visit.is_over:
            self._head.set_content(markup.head(number, sought))
            self._note.set_content(markup.note(self._actor) if number and not self._kept else "")
            self._search.set_visibility(bool(number) or sought != EVERYTHING)

    async def _look(self) -> None:
        """Show results that have come, and no longer those that have gone."""
        with suppress(Unavailable):  # the database is away for a moment, say: look again
            page = await self._visit.do(lambda actor: self._read(actor, None))
            shown = self._list.items[: len(page.items) if page.next else None]
            if [each.id for each in page.items] != [each.id for each in shown]:
                await self._show()

    def _read(self, actor: Actor, cursor: str | None) -> Page[Result]:
        return self._results.page(actor, self._sought, cursor=cursor)

    def _drawn(self, results: Sequence[Result]) -> str:
        if not results:
            return markup.nothing(self._sought, self._actor, kept=self._kept)
        fresh = {each.id for each in results if each.created_at > self._opened_at}
        return markup.tiles(results, self._sought, fresh)

    async def _find(self, form: Form) -> None:
        sought = results_search.given(form)
        ui.navigate.to(f"/{shell.RESULTS.path}{results_search.query(sought)}")
