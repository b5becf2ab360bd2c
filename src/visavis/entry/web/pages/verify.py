"""The page that tells whether two pictures, or a picture and a person, are the same."""

from dataclasses import dataclass, field

from nicegui import ui
from nicegui.events import GenericEventArguments

from visavis.core.errors import VisavisError
from visavis.core.purposes import Comparison
from visavis.core.types import Source
from visavis.credentials.roles import Permission
from visavis.entry.services import People, Records
from visavis.entry.web import shell, taking
from visavis.entry.web import verify_markup as markup
from visavis.entry.web.copies import Copies, copies_of
from visavis.entry.web.elements import html, sentence
from visavis.entry.web.people_words import blocked, obstacle
from visavis.entry.web.privacy_profiles import called
from visavis.entry.web.questions import Form, Question, acting
from visavis.entry.web.verify_markup import FIRST, SECOND
from visavis.entry.web.visitor import Visit
from visavis.usecases.actor import Actor
from visavis.usecases.errors import LogInNeeded
from visavis.usecases.recognised import Verification
from visavis.usecases.subject_profiles import Known

TITLE = "Verify – Visavis"
HEADING = "Is it the same person?"
_LEAD = "Two pictures, or a picture and somebody who is enrolled. Nothing of the pictures is kept."
_VIEW_PX = 900


@dataclass(frozen=True, slots=True)
class _Picture:
    """A picture in one of the two places."""

    source: Source = field(repr=False)
    copies: Copies = field(repr=False)


@dataclass(frozen=True, slots=True)
class _Person:
    """Somebody in the second place, and the template whose picture is kept."""

    known: Known
    template_id: str | None


def install(records: Records, people: People) -> None:
    """Register the page."""

    async def build(visit: Visit, actor: Actor) -> None:
        why = await visit.do(lambda now: obstacle(records, now, Comparison.ONE_TO_ONE))
        if why:
            html(blocked(HEADING, why), "main").classes("vv-main vo-main")
            return
        VerifyPage(visit, actor, people)

    shell.install(records, shell.VERIFY, TITLE, build)


class VerifyPage:
    """One open page.

    Args:
        visit: Who looks at it.
        actor: The same, as they were when it was opened.
        people: Compares faces.
    """

    def __init__(self, visit: Visit, actor: Actor, people: People) -> None:
        self._visit, self._records, self._people = visit, visit.records, people
        self._may_choose = actor.may(Permission.PEOPLE_READ)
        self._places: dict[str, _Picture | _Person | None] = {FIRST: None, SECOND: None}
        self._wanted = ""
        self._target = "0.0001"
        with ui.element("main").classes("vv-main vo-main") as main:
            html(f'<div class="vo-head"><h1>{HEADING}</h1></div><p class="vo-lead">{_LEAD}</p>')
            choices = html(markup.choices(self._target)).classes("vp-choices vo-form")
            self._verdict = html("").props("role=status")
            with ui.element("div").classes("vp-two"):
                self._shown = {slot: html("") for slot in (FIRST, SECOND)}
        taking.Taking(visit, self._take)
        choose = visit.handler(self._choose_target)
        choices.on("change", choose, js_handler="(e) => emit(e.target.value)")
        acting(
            main,
            visit,
            {
                "choose": self._want,
                "camera": self._want,
                "clear": self._clear,
                "person": self._ask_person,
            },
        )
        self._draw()

    async def _want(self, slot: str) -> None:
        self._wanted = slot

    async def _take(self, source: Source) -> None:
        """Put a picture where it was asked for, else where nothing is yet."""
        slot = self._wanted if self._wanted in self._places else self._free()
        self._wanted = ""
        options = self._records.ground.settings.images
        copies = await self._visit.do(lambda _: copies_of(source, options, longest=_VIEW_PX))
        self._places[slot] = _Picture(source, copies)
        await self._compare()

    def _free(self) -> str:
        return next((slot for slot, what in self._places.items() if what is None), SECOND)

    async def _clear(self, slot: str) -> None:
        if slot in self._places:
            self._places[slot] = None
            await self._compare()

    async def _choose_target(self, event: GenericEventArguments) -> None:
        if str(event.args) in markup.TARGETS:
            self._target = str(event.args)
            await self._compare()

    async def _ask_person(self, _: str) -> None:
        with self._visit.dialogs:
            question = Question(self._visit, "Compare with whom?")
            question.ask(markup.search(), "Choose", self._person)

    async def _person(self, form: Form) -> None:
        reference = form.text("reference")

        def find(actor: Actor) -> _Person:
            known = self._records.subjects.find_by_reference(actor, reference)
            kept = self._records.templates.page(actor, known.id)
            pictures = [each.id for each in kept if each.has_picture]
            return _Person(known, pictures[-1] if pictures else None)

        self._places[SECOND] = await self._visit.do(find)
        await self._compare()

    async def _compare(self) -> None:
        """Compare what is there, and show it."""
        first, second = self._places[FIRST], self._places[SECOND]
        self._draw()
        self._verdict.set_content("")
        if not isinstance(first, _Picture) or second is None:
            return
        self._verdict.set_content('<p class="vp-line">Looking at the faces…</p>')
        target = float(self._target)
        try:
            answer = await self._visit.do(
                lambda actor: self._answer(actor, first.source, second, target)
            )
        except LogInNeeded:
            raise
        except VisavisError as exc:
            self._verdict.set_content(markup.fault(sentence(str(exc))))
            return
        name = called(second.known) if isinstance(second, _Person) else ""
        if not self._visit.is_over:
            self._verdict.set_content(markup.verdict(answer, name))
            self._draw(answer)

    def _answer(
        self, actor: Actor, source: Source, other: _Picture | _Person, target: float
    ) -> Verification:
        recognition = self._people.recognition
        if isinstance(other, _Person):
            return recognition.verify(actor, other.known.id, source, target_fmr=target)
        return recognition.compare(actor, source, other.source, target_fmr=target)

    def _draw(self, answer: Verification | None = None) -> None:
        faces = {FIRST: answer and answer.face.box, SECOND: answer and answer.other}
        for slot, what in self._places.items():
            if isinstance(what, _Picture):
                face = faces[slot]
                place = face if isinstance(face, tuple) else face.box if face else None
                content = markup.shown(slot, what.copies, place)
            elif isinstance(what, _Person):
                content = markup.person(what.known, what.template_id)
            else:
                may_choose = self._may_choose and slot == SECOND
                content = markup.empty(slot, may_choose=may_choose)
            if self._shown[slot].content != content:
                self._shown[slot].set_content(content)
