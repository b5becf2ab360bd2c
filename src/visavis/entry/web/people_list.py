"""The people who are known: a card for each, found by reference, added in one dialog."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from nicegui import ui
from nicegui.events import GenericEventArguments

from visavis.core.purposes import Comparison
from visavis.credentials.roles import Permission
from visavis.entry.services import Records
from visavis.entry.web import shell, taking
from visavis.entry.web.elements import html
from visavis.entry.web.fields import act, select
from visavis.entry.web.handover import Handover
from visavis.entry.web.lists import Listing
from visavis.entry.web.people_adding import Adding
from visavis.entry.web.people_words import avatar, obstacle, page_of
from visavis.entry.web.privacy_profiles import called
from visavis.entry.web.questions import Form, acting, sending
from visavis.entry.web.visitor import Visit
from visavis.entry.web.words import count
from visavis.store.collections import Collection
from visavis.store.page import MOST, Page
from visavis.usecases.actor import Actor
from visavis.usecases.subject_profiles import LONGEST_REFERENCE, Known
from visavis.usecases.templates import Kept

TITLE = "People – Visavis"

_SEARCH = (
    '<label for="sought" class="vv-hidden">Reference</label><input id="sought" '
    f'name="sought" type="search" maxlength="{LONGEST_REFERENCE}" required autocomplete="off" '
    'placeholder="Reference, word for word"><button class="vv-button">Find</button>'
)
_EMPTY = (
    "<p class='vo-empty'>Nobody is known here yet. Add somebody with a picture or two, and "
    "they can be recognised on others.</p>"
)


@dataclass(frozen=True, slots=True)
class Card:
    """Somebody in the list.

    Attributes:
        known: Who.
        templates: What is known of their face, oldest first.
    """

    known: Known
    templates: Sequence[Kept]

    @property
    def portrait(self) -> str | None:
        """Id of the newest template whose picture is kept; None = there is none."""
        kept = [each.id for each in self.templates if each.has_picture]
        return kept[-1] if kept else None


def install(records: Records, handover: Handover) -> None:
    """Register the page."""

    async def build(visit: Visit, actor: Actor) -> None:
        await PeoplePage(visit, actor, handover).show()

    shell.install(records, shell.PEOPLE, TITLE, build)


class PeoplePage:
    """One open page.

    Args:
        visit: Who looks at it.
        actor: The same, as they were when it was opened.
        handover: Brings pictures to the page of a person.
    """

    def __init__(self, visit: Visit, actor: Actor, handover: Handover) -> None:
        self._visit, self._records, self._actor = visit, visit.records, actor
        self._collection, self._offered = "", frozenset({""})
        self._adding = Adding(visit, handover)
        self._may_add = actor.may(Permission.PEOPLE_WRITE) and actor.may(Permission.PRIVACY_READ)
        if self._may_add:
            taking.Taking(visit, self._adding.take)
        with ui.element("main").classes("vv-main vo-main") as main:
            add = act("add", "Add somebody", kind="vv-button vv-primary") if self._may_add else ""
            html(f'<div class="vo-head"><h1>People</h1>{add}</div>')
            self._note = html("")
            with ui.element("div").classes("vp-tools"):
                with ui.element("form").classes("vo-form vo-search").props("role=search") as search:
                    html(_SEARCH)
                self._chooser = html("")
            self._list = Listing(visit, self._read, drawn)
        self._chooser.on(
            "change", visit.handler(self._choose), js_handler="(e) => emit(e.target.value)"
        )
        sending(search, visit, self._find)
        acting(main, visit, {"add": self._add})

    async def show(self) -> None:
        """Show who is there now."""
        await self._visit.handler(self._show)()

    async def _show(self) -> None:
        records = self._records
        found, why = await self._visit.do(
            lambda actor: (
                records.collections.page(actor, MOST).items,
                obstacle(records, actor, Comparison.ONE_TO_ONE),
            )
        )
        self._offered = frozenset({"", *(each.id for each in found)})
        self._chooser.set_content(_chooser(found))
        self._note.set_content(f'<div class="vp-note">{why}</div>' if why else "")
        await self._list.show()

    def _read(self, actor: Actor, cursor: str | None) -> Page[Card]:
        page = self._records.subjects.page(actor, cursor=cursor, collection=self._collection)
        faces = self._records.templates.of_many(actor, [known.id for known in page.items])
        return Page(tuple(Card(known, faces[known.id]) for known in page.items), page.next)

    async def _choose(self, event: GenericEventArguments) -> None:
        if (chosen := str(event.args)) not in self._offered:
            return
        self._collection = chosen
        self._list.items = []
        await self._list.show()

    async def _find(self, form: Form) -> None:
        reference, collection = form.text("sought"), self._collection
        found = await self._visit.do(
            lambda actor: self._records.subjects.find_by_reference(
                actor, reference, collection=collection
            )
        )
        ui.navigate.to(f"/{page_of(found.id)}")

    async def _add(self, _of: str) -> None:
        await self._adding.ask(self._collection)


def _chooser(collections: Sequence[Collection]) -> str:
    """Return the list of collections to choose from; nothing where there is none."""
    if not collections:
        return ""
    options = [("", "Your own people"), *((each.id, each.name) for each in collections)]
    return f'<div class="vo-form vp-chooser">{select("collection", "Collection", options)}</div>'


def drawn(cards: Sequence[Card]) -> str:
    """Return the cards."""
    items = "".join(
        f'<li><a href="{page_of(card.known.id)}">{avatar(card.known, card.portrait)}'
        f"<strong>{escape(called(card.known))}</strong>"
        f"<small>{_about(card)}</small></a></li>"
        for card in cards
    )
    return f'<ul class="vp-people">{items}</ul>' if items else _EMPTY


def _about(card: Card) -> str:
    known = card.known
    reference = f"{escape(known.reference)} · " if known.reference and known.name else ""
    return reference + count(len(card.templates), "template")
