"""Adding somebody in one dialog: who they are, what they agreed to, and pictures of them."""

from nicegui import ui

from visavis.core.errors import VisavisError
from visavis.core.types import Source
from visavis.entry.web import people_fields, taking
from visavis.entry.web.copies import FACE_PX, copies_of
from visavis.entry.web.elements import html
from visavis.entry.web.handover import Handed, Handover
from visavis.entry.web.people_words import page_of
from visavis.entry.web.questions import Form, Question
from visavis.entry.web.visitor import Visit
from visavis.usecases.actor import Actor
from visavis.usecases.faces import Box

_MOST = 20
"""Pictures that may wait for somebody who is added."""


class Adding:
    """Asks who is added, and hands the pictures to their page.

    Args:
        visit: The open page.
        handover: Brings pictures to the page of a person.
    """

    def __init__(self, visit: Visit, handover: Handover) -> None:
        self._visit, self._handover = visit, handover
        self._waiting: list[Handed] = []
        self._thumbs: list[str] = []
        self._staged: ui.html | None = None
        self._collection = ""

    async def ask(self, collection: str = "") -> None:
        """Open the dialog.

        Args:
            collection: Id of the collection that they are added to; empty = none.
        """
        self._waiting, self._thumbs, self._collection = [], [], collection
        await self._open("Add somebody", may_take=True)

    async def ask_for(self, source: Source, box: Box, collection: str = "") -> None:
        """Open the dialog for a face on a picture that is there already."""
        self._waiting, self._thumbs, self._collection = [Handed(source, box)], [], collection
        await self._open("Enrol this face", may_take=False)

    async def take(self, source: Source) -> None:
        """Keep a picture until the dialog is answered; where none is open, leave it."""
        staged = self._staged
        if staged is None or staged.is_deleted or len(self._waiting) >= _MOST:
            return
        self._waiting.append(Handed(source))
        thumb = await self._visit.do(lambda _: _thumb(self._visit, source))
        self._thumbs.append(thumb)
        if not staged.is_deleted:
            names = [each.source.name for each in self._waiting]
            staged.set_content(people_fields.staged(names, self._thumbs))

    async def _open(self, title: str, *, may_take: bool) -> None:
        records = self._visit.records
        notices = await self._visit.do(lambda actor: people_fields.notices_of(records, actor))
        with self._visit.dialogs:
            Question(self._visit, title).ask(
                people_fields.fields(notices),
                "Add",
                self._add,
                more=self._pictures if may_take else None,
            )

    def _pictures(self) -> None:
        html("Pictures of them", "h3")
        html(taking.buttons(first=False))
        self._staged = html("")

    async def _add(self, form: Form) -> None:
        newcomer, records = people_fields.given(form), self._visit.records
        waiting, collection = tuple(self._waiting), self._collection

        def add(actor: Actor) -> str:
            known = people_fields.add(records, actor, newcomer, collection)
            self._handover.give(actor.user_id, known.id, waiting)
            return known.id

        subject_id = await self._visit.do(add)
        ui.navigate.to(f"/{page_of(subject_id)}")


def _thumb(visit: Visit, source: Source) -> str:
    options = visit.records.ground.settings.images
    try:
        return copies_of(source, options, longest=FACE_PX).view
    except VisavisError:  # the page of the person says why
        return ""
