"""Merging two people who are one, and splitting one who is two, on the page of a person."""

from collections.abc import Awaitable, Callable

from nicegui import ui

from visavis.core.errors import InvalidInput
from visavis.entry.web import people_person_markup as markup
from visavis.entry.web.people_person_markup import Person
from visavis.entry.web.people_words import page_of
from visavis.entry.web.privacy_profiles import called
from visavis.entry.web.questions import Form, Question
from visavis.entry.web.visitor import Visit
from visavis.usecases.actor import Actor
from visavis.usecases.merging import Merged

Act = Callable[[str], Awaitable[None]]


class Merging:
    """What the buttons to merge and to split do.

    Args:
        visit: The open page.
        read: Reads a person by id.
        show: Shows how things are now.
        note: Where it is said that two were merged.
    """

    def __init__(
        self,
        visit: Visit,
        read: Callable[[Actor, str], Person],
        show: Callable[[], Awaitable[None]],
        note: ui.html,
    ) -> None:
        self._visit, self._read, self._show, self._note = visit, read, show, note
        self._records = visit.records
        self._merged: Merged | None = None
        self._person: Callable[[], Person | None] = lambda: None

    def acts(self, person: Callable[[], Person | None]) -> dict[str, Act]:
        """Return what each button does; `person` tells who is shown."""
        self._person = person
        return {"merge": self._ask_other, "split": self._ask_split, "unmerge": self._unmerge}

    async def _ask_other(self, _: str) -> None:
        if (one := self._person()) is None:
            return
        with self._visit.dialogs:
            question = Question(self._visit, "Merge with whom?")
            question.ask(markup.merge_search(), "Show", lambda form: self._compare(one, form))

    async def _compare(self, one: Person, form: Form) -> None:
        """Show both side by side."""
        reference, subjects = form.text("other"), self._records.subjects

        def find(actor: Actor) -> Person:
            collection = one.known.collection
            found = subjects.find_by_reference(actor, reference, collection=collection)
            return self._read(actor, found.id)

        other = await self._visit.do(find)
        if other.known.id == one.known.id:
            raise InvalidInput("this is the same person; give the reference of the other one")
        with self._visit.dialogs:
            question = Question(self._visit, "Are these one person?")
            question.ask(
                markup.side_by_side(one, other),
                "Merge them",
                lambda chosen: self._merge(one, other, chosen),
                grave=True,
            )

    async def _merge(self, one: Person, other: Person, form: Form) -> None:
        left = form.text("left")
        gone = one if left == other.known.id else other
        left_id = other.known.id if gone is one else one.known.id
        merge = self._records.merging.merge
        merged = await self._visit.do(lambda actor: merge(actor, gone.known.id, left_id))
        if gone is one:
            ui.navigate.to(f"/{page_of(left_id)}")
            return
        self._merged = merged
        self._note.set_content(markup.merged(called(gone.known)) if merged.template_ids else "")
        await self._show()

    async def _unmerge(self, _: str) -> None:
        merged, undo = self._merged, self._records.merging.undo
        if merged is None:
            return
        made = await self._visit.do(lambda actor: undo(actor, merged))
        self._merged = None
        self._note.set_content(f"<p class='vp-line'>Split again: {markup.link(made)}.</p>")
        await self._show()

    async def _ask_split(self, _: str) -> None:
        if (one := self._person()) is None:
            return
        with self._visit.dialogs:
            question = Question(self._visit, "Split this person")
            question.ask(markup.split_fields(one), "Split", lambda form: self._split(one, form))

    async def _split(self, one: Person, form: Form) -> None:
        chosen, name = form.all("template"), form.text("name") or None
        if not chosen:
            raise InvalidInput("choose at least one template; the others stay here")
        split = self._records.merging.split
        made = await self._visit.do(lambda actor: split(actor, one.known.id, chosen, name=name))
        ui.navigate.to(f"/{page_of(made.id)}")
