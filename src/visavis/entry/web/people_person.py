"""One person: their face in templates, enrolled from more pictures, merged, split, erased."""

from nicegui import ui

from visavis.core.errors import InvalidInput
from visavis.core.types import Source
from visavis.credentials.roles import Permission
from visavis.entry.services import People, Records, Services
from visavis.entry.web import people_person_markup as markup
from visavis.entry.web import privacy_person_markup, shell, taking, tray
from visavis.entry.web.elements import html
from visavis.entry.web.handover import Handover
from visavis.entry.web.people_merging import Merging
from visavis.entry.web.people_person_markup import Person
from visavis.entry.web.privacy_frame import RECEIPT, RECEIPTS
from visavis.entry.web.privacy_profiles import called, profile_fields, profile_given
from visavis.entry.web.questions import Form, Question, acting
from visavis.entry.web.tray import Item, Tray
from visavis.entry.web.visitor import Visit
from visavis.store.page import MOST
from visavis.usecases.actor import Actor
from visavis.usecases.erasure import Reason
from visavis.usecases.errors import NotFound

TITLE = "Person – Visavis"


def install(services: Services, records: Records, people: People, handover: Handover) -> None:
    """Register the page."""

    async def build(visit: Visit, actor: Actor) -> None:
        page = PersonPage(visit, actor, services, people)
        await visit.handler(page.show)()
        await page.begin(handover)

    shell.install(records, shell.PERSON, TITLE, build)


class PersonPage:
    """One open page.

    Args:
        visit: Who looks at it.
        actor: The same, as they were when it was opened: what is offered hangs on it.
        services: Knows what makes vectors.
        people: Enrols faces.
    """

    def __init__(self, visit: Visit, actor: Actor, services: Services, people: People) -> None:
        self._visit, self._records, self._actor = visit, visit.records, actor
        self._id = str(ui.context.client.request.path_params["person"])
        self._embedder = services.analyses.embedder
        self._tray = Tray(self._records.ground, services.analyses, people.enrolment)
        self._person: Person | None = None
        with ui.element("main").classes("vv-main vo-main vp-main") as main:
            self._head, self._note, self._pictures = html(markup.BACK), html(""), html("")
            self._shown_tray = html("").props("role=status")
            self._templates, self._rest = html(""), html("")
        self._merging = Merging(visit, self.read, self.show, self._note)
        if actor.may(Permission.PEOPLE_WRITE):
            taking.Taking(visit, self._take)
        own = {"change": self._ask_change, "remove": self._ask_remove, "erase": self._ask_erase}
        of_tray = {"insist": self._insist, "face": self._choose_face, "drop": self._drop}
        acting(main, visit, own | of_tray | self._merging.acts(lambda: self._person))

    async def begin(self, handover: Handover) -> None:
        """Enrol the person from what another page has handed over."""
        for handed in handover.take(self._actor.user_id, self._id):
            await self._enrol(self._tray.add(handed.source, handed.box))

    async def show(self) -> None:
        """Show how things are now."""
        try:
            person = await self._visit.do(lambda actor: self.read(actor, self._id))
        except (NotFound, InvalidInput):  # the id is none of ours, or no id at all
            self._draw(None)
            return
        self._draw(person)

    def read(self, actor: Actor, subject_id: str) -> Person:
        """Return a person as they are now.

        Raises:
            NotFound: there is none of this id, or they were erased.
        """
        records = self._records
        known = records.subjects.find(actor, subject_id)
        consents = None
        if actor.may(Permission.PRIVACY_READ):
            consents = records.consents.records(actor, MOST, subject_id=known.id).items
        return Person(known, records.templates.page(actor, known.id), consents, self._embedder)

    def _draw(self, person: Person | None) -> None:
        self._person = person
        if self._visit.is_over:
            return
        drawn = (
            (markup.NOBODY, "", "", "")
            if person is None
            else tuple(
                draw(person, self._actor)
                for draw in (markup.head, markup.pictures, markup.templates, markup.acts)
            )
        )
        places = self._head, self._pictures, self._templates, self._rest
        for place, content in zip(places, drawn, strict=True):
            if place.content != content:
                place.set_content(content)

    async def _take(self, source: Source) -> None:
        await self._enrol(self._tray.add(source))

    async def _enrol(self, item: Item) -> None:
        """Enrol a picture; the list shows it while that goes on."""
        self._show_tray()
        await self._visit.do(lambda actor: self._tray.enrol(actor, self._id, item))
        if not self._visit.is_over:
            self._show_tray()
            await self.show()

    def _show_tray(self) -> None:
        self._shown_tray.set_content(tray.drawn(self._tray))

    async def _insist(self, number: str) -> None:
        if item := self._tray.find(number):
            self._tray.insist(item)
            await self._enrol(item)

    async def _choose_face(self, of: str) -> None:
        number, _, place = of.partition(":")
        if item := self._tray.find(number):
            self._tray.choose(item, place)
            await self._enrol(item)

    async def _drop(self, number: str) -> None:
        if item := self._tray.find(number):
            self._tray.drop(item)
            self._show_tray()

    async def _ask_change(self, _: str) -> None:
        if self._person is None:
            return
        with self._visit.dialogs:
            question = Question(self._visit, "Change what is said of them")
            question.ask(profile_fields(self._person.known), "Save", self._change)

    async def _change(self, form: Form) -> None:
        given, change = profile_given(form), self._records.subjects.change
        await self._visit.do(lambda actor: change(actor, self._id, **given))
        self._visit.tell("Saved.")
        await self.show()

    async def _ask_remove(self, template_id: str) -> None:
        async def remove(_form: Form) -> None:
            gone = self._records.templates.remove
            await self._visit.do(lambda actor: gone(actor, template_id, self._id))
            self._visit.tell("The template is removed.")
            await self.show()

        about = "<p>It cannot be brought back; the person can be enrolled from another picture.</p>"
        with self._visit.dialogs:
            Question(self._visit, "Remove this template?").ask(
                about, "Remove it", remove, grave=True
            )

    async def _ask_erase(self, _: str) -> None:
        if self._person is None:
            return
        with self._visit.dialogs:
            question = Question(self._visit, f"Erase {called(self._person.known)}?")
            fields = privacy_person_markup.erase_fields()
            question.ask(fields, "Yes, erase", self._erase, grave=True)

    async def _erase(self, form: Form) -> None:
        reason, erase = form.choice("reason", Reason), self._records.erasure.erase
        receipt = await self._visit.do(lambda actor: erase(actor, self._id, reason=reason))
        ui.navigate.to(f"/{RECEIPTS.path}?{RECEIPT}={receipt.id}")
