"""The people whose faces are known: found by reference, listed, added."""

from collections.abc import Sequence
from html import escape

from nicegui import ui

from visavis.credentials.roles import Permission
from visavis.entry.services import Records
from visavis.entry.web import privacy_person, shell
from visavis.entry.web.elements import html
from visavis.entry.web.fields import act
from visavis.entry.web.lists import Listing
from visavis.entry.web.privacy_frame import PEOPLE, PERSON, part
from visavis.entry.web.privacy_profiles import (
    AGES,
    address,
    called,
    profile_fields,
    profile_given,
)
from visavis.entry.web.questions import Form, Question, acting, sending
from visavis.entry.web.visitor import Visit
from visavis.entry.web.words import day
from visavis.store.page import Page
from visavis.usecases.actor import Actor
from visavis.usecases.subject_profiles import LONGEST_REFERENCE, Known

TITLE = "People – Privacy – Visavis"

_LEAD = (
    "<p class='vo-lead'>Everybody who is known here, with what they agreed to. What they are "
    "called is sealed under a key of their own.</p>"
)
_SEARCH = (
    '<label for="sought" class="vv-hidden">Reference</label><input id="sought" '
    f'name="sought" type="search" maxlength="{LONGEST_REFERENCE}" required autocomplete="off" '
    'placeholder="Reference, word for word"><button class="vv-button">Find</button>'
)
_EMPTY = "<p class='vo-empty'>Nobody is known here yet.</p>"


def install(records: Records) -> None:
    """Register the part."""
    shell.install(records, PEOPLE, TITLE, _build)


async def _build(visit: Visit, actor: Actor) -> None:
    person = ui.context.client.request.query_params.get(PERSON, "")
    with part(PEOPLE, actor) as main:
        shown = (
            privacy_person.PersonPart(visit, actor, person) if person else PeoplePart(visit, actor)
        )
    acting(main, visit, shown.acts)
    await visit.handler(shown.show)()


class PeoplePart:
    """The list of people on one open page.

    Args:
        visit: Who looks at it.
        actor: The same, as they were when it was opened.
    """

    def __init__(self, visit: Visit, actor: Actor) -> None:
        self._visit, self._subjects = visit, visit.records.subjects
        self.acts = {"add": self._ask_add}
        may_add = actor.may(Permission.PEOPLE_WRITE)
        add = act("add", "Add somebody", kind="vv-button vv-primary") if may_add else ""
        html(f'<div class="vo-head"><h1>People</h1>{add}</div>{_LEAD}')
        with ui.element("form").classes("vo-form vo-search").props("role=search") as search:
            html(_SEARCH)
        sending(search, visit, self._find)
        self._list = Listing(visit, self._read, drawn)

    async def show(self) -> None:
        """Show the people as they are now."""
        await self._list.show()

    def _read(self, actor: Actor, cursor: str | None) -> Page[Known]:
        return self._subjects.page(actor, cursor=cursor)

    async def _find(self, form: Form) -> None:
        reference = form.text("sought")
        found = await self._visit.do(
            lambda actor: self._subjects.find_by_reference(actor, reference)
        )
        ui.navigate.to(f"/{address(found.id)}")

    async def _ask_add(self, _: str) -> None:
        with self._visit.dialogs:
            Question(self._visit, "Add somebody").ask(profile_fields(None), "Add", self._add)

    async def _add(self, form: Form) -> None:
        given = profile_given(form)
        made = await self._visit.do(lambda actor: self._subjects.create(actor, **given))
        ui.navigate.to(f"/{address(made.id)}")


def drawn(people: Sequence[Known]) -> str:
    """Return the list of people."""
    rows = "".join(
        f'<tr><th scope="row"><a href="{address(known.id)}">{escape(called(known))}</a></th>'
        f'<td data-label="Reference">{escape(known.reference or "–")}</td>'
        f'<td data-label="Age">{AGES[known.adult]}</td>'
        f'<td data-label="Known since">{day(known.created_at)}</td></tr>'
        for known in people
    )
    heads = "".join(
        f'<th scope="col">{name}</th>' for name in ("Name", "Reference", "Age", "Known since")
    )
    return (
        '<table class="vo-table"><caption class="vv-hidden">People, the newest first</caption>'
        f"<thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>"
        if people
        else _EMPTY
    )
