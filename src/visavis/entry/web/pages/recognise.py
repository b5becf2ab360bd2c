"""The page that tells who is on a picture; nothing of the picture is kept."""

from nicegui import ui
from nicegui.events import GenericEventArguments

from visavis.core.purposes import Comparison
from visavis.core.types import Source
from visavis.credentials.roles import Permission
from visavis.entry.services import People, Records
from visavis.entry.web import recognise_markup as markup
from visavis.entry.web import shell, taking
from visavis.entry.web.copies import copies_of
from visavis.entry.web.elements import html
from visavis.entry.web.handover import Handover
from visavis.entry.web.people_adding import Adding
from visavis.entry.web.people_words import blocked, obstacle
from visavis.entry.web.questions import acting
from visavis.entry.web.recognise_markup import Seen
from visavis.entry.web.visitor import Visit
from visavis.store.collections import Collection
from visavis.store.page import MOST
from visavis.usecases.actor import Actor

TITLE = "Recognise – Visavis"
HEADING = "Who is on a picture?"

_DROP = taking.drop_zone(
    HEADING,
    "Drop a picture here, or choose one from this device.",
    "It is compared with the people who are enrolled, and nothing of it is kept.",
)


def install(records: Records, people: People, handover: Handover) -> None:
    """Register the page."""

    async def build(visit: Visit, actor: Actor) -> None:
        why = await visit.do(lambda now: obstacle(records, now, Comparison.ONE_TO_MANY))
        if why:
            html(blocked(HEADING, why), "main").classes("vv-main vo-main")
            return
        await RecognisePage(visit, actor, people, handover).begin()

    shell.install(records, shell.RECOGNISE, TITLE, build)


class RecognisePage:
    """One open page.

    Args:
        visit: Who looks at it.
        actor: The same, as they were when it was opened.
        people: Tells who somebody is.
        handover: Brings pictures to the page of a person.
    """

    def __init__(self, visit: Visit, actor: Actor, people: People, handover: Handover) -> None:
        self._visit, self._records, self._people = visit, visit.records, people
        self._may_add = actor.may(Permission.PEOPLE_WRITE)
        self._source: Source | None = None
        self._seen: Seen | None = None
        self._target, self._collection = "0.001", ""
        self._offered = frozenset({""})
        self._adding = Adding(visit, handover)
        with ui.element("main").classes("vv-main is-empty") as self._main:
            with ui.element("section").classes("vv-drop").props('aria-label="Add a picture"'):
                html(_DROP).classes("vv-drop-inner")
            self._choices = html("").classes("vp-choices vo-form")
            self._progress = html("").classes("vv-progress").props("role=status")
            self._result = ui.element("div").classes("vv-result")
        taking.Taking(visit, self._take)
        choose = visit.handler(self._choose)
        self._choices.on(
            "change", choose, js_handler="(e) => emit([e.target.name, e.target.value])"
        )
        acting(self._main, visit, {"enrol": self._enrol})

    async def begin(self) -> None:
        """Show what can be chosen."""
        found = await self._visit.do(self._collections)
        self._offered = frozenset({"", *(each.id for each in found)})
        self._choices.set_content(markup.choices(found, self._target, self._collection))

    def _collections(self, actor: Actor) -> tuple[Collection, ...]:
        if not actor.may(Permission.PEOPLE_READ):
            return ()
        return self._records.collections.page(actor, MOST).items

    async def _take(self, source: Source) -> None:
        self._source = source
        await self._recognise()

    async def _choose(self, event: GenericEventArguments) -> None:
        name, value = (str(each) for each in event.args)
        if name == "target" and value in markup.TARGETS:
            self._target = value
        if name == "collection" and value in self._offered:
            self._collection = value
        await self._recognise()

    async def _recognise(self) -> None:
        """Tell who is on the picture that was brought last."""
        source = self._source
        if source is None:
            return
        self._progress.set_content("Looking at the picture…")
        try:
            self._seen = await self._visit.do(lambda actor: self._look(actor, source))
        finally:
            if not self._visit.is_over:
                self._progress.set_content("")
        if not self._visit.is_over:
            self._show(self._seen)

    def _look(self, actor: Actor, source: Source) -> Seen:
        found = self._people.recognition.recognize(
            actor, source, target_fpir=float(self._target), collection=self._collection
        )
        told = {match.subject_id for face in found.faces for match in face.candidates}
        known = self._records.subjects.some(actor, told) if actor.may(_SEE) else {}
        boxes = tuple(face.face.box for face in found.faces)
        copies = copies_of(source, self._records.ground.settings.images, boxes)
        return Seen(found, copies, known, self._may_add)

    def _show(self, seen: Seen) -> None:
        self._main.classes(remove="is-empty")
        self._result.clear()
        with self._result, ui.element("div").classes("vv-side-by-side"):
            ratio = f"--ratio:{seen.copies.width / seen.copies.height:.4f}"
            with ui.element("div").classes("vv-left"):
                html(markup.stage(seen), "figure").classes("vv-stage").style(ratio)
            with ui.element("section").classes("vv-panel").props('aria-label="People"'):
                html(markup.heading(seen), "h2")
                html(markup.faces(seen), "ol").classes("vv-faces")
                html(markup.facts(seen))

    async def _enrol(self, index: str) -> None:
        if self._source is None or self._seen is None or not index.isdecimal():
            return
        faces = self._seen.found.faces
        if int(index) < len(faces):
            face = faces[int(index)].face
            await self._adding.ask_for(self._source, face.box, self._collection)


_SEE = Permission.PEOPLE_READ
