"""The rules of privacy: what may be done with faces, what for, and what may be said about them."""

from collections.abc import Mapping
from enum import StrEnum
from functools import partial
from html import escape
from typing import Any, TypeVar

from nicegui import ui

from visavis.core.attributes import Head
from visavis.core.purposes import Purpose
from visavis.credentials.roles import Permission
from visavis.entry.services import Records
from visavis.entry.web import privacy_choices, privacy_enrolling, shell
from visavis.entry.web.elements import html, sentence
from visavis.entry.web.privacy_frame import part
from visavis.entry.web.questions import Form, Question, sending
from visavis.entry.web.visitor import Visit
from visavis.store.kinds import Mode
from visavis.store.page import MOST
from visavis.usecases.actor import Actor
from visavis.usecases.policy import Policy
from visavis.usecases.privacy import NotConfirmed, Rules

TITLE = "Privacy – Visavis"

_Word = TypeVar("_Word", bound=StrEnum)

_HEAD = (
    "<h1>Privacy rules</h1><p class='vo-lead'>What this organisation allows itself to do with "
    "faces. Every change is written into the audit log.</p>"
)
_SAVE = (
    '<div class="vo-foot vv-actions"><button class="vv-button vv-primary">Save changes</button>'
    '<button type="reset" class="vv-plain">Discard</button></div>'
)
_READ_ONLY = '<p class="vo-note">Only admins and owners change these rules.</p>'


def install(records: Records) -> None:
    """Register the first part."""
    shell.install(records, shell.PRIVACY, TITLE, build)


async def build(visit: Visit, actor: Actor) -> None:
    """Build the part for somebody."""
    with part(shell.PRIVACY, actor):
        page = RulesPart(visit, fixed=not actor.may(Permission.PRIVACY_WRITE))
    await visit.handler(page.show)()


class RulesPart:
    """The rules on one open page.

    Args:
        visit: Who looks at them.
        fixed: Whether they may not change them.
    """

    def __init__(self, visit: Visit, *, fixed: bool) -> None:
        self._visit, self._fixed = visit, fixed
        self._policy = Policy.of(visit.records.ground.settings.policy)
        self._rules = Rules()
        html(_HEAD)
        with ui.element("form").classes("vo-rules") as form:
            self._fields = html("")
            html(_READ_ONLY if fixed else _SAVE)
        sending(form, visit, self._save)

    async def show(self) -> None:
        """Show the rules as they are now."""
        privacy = self._visit.records.privacy
        notices = self._visit.records.notices
        self._rules, sealed, told = await self._visit.do(
            lambda actor: (
                privacy.rules(actor),
                privacy.templates(actor),
                notices.page(actor, MOST).items,
            )
        )
        if not self._visit.is_over:
            shown = privacy_choices.fields(self._rules, sealed, self._policy, fixed=self._fixed)
            shown += privacy_enrolling.fields(self._rules, told, fixed=self._fixed)
            self._fields.set_content(shown)

    async def _save(self, form: Form) -> None:
        """Change the rules; where templates would lie unused, ask first."""
        given = _given(form, self._rules)
        if not given:
            self._visit.tell("Nothing was changed, so there is nothing to save.")
            return
        try:
            await self._change(given)
        except NotConfirmed as exc:
            with self._visit.dialogs:
                question = Question(self._visit, "Leave templates unused?")
                told = f"<p>{escape(sentence(str(exc)))}</p>"
                question.ask(told, "Yes, change the mode", partial(self._save_anyway, given))

    async def _save_anyway(self, given: Mapping[str, Any], _: Form) -> None:
        await self._change(given, confirm=True)

    async def _change(self, given: Mapping[str, Any], *, confirm: bool = False) -> None:
        change = self._visit.records.privacy.change
        await self._visit.do(lambda actor: change(actor, **given, confirm=confirm))
        self._visit.tell("The rules are saved and hold from now on.")
        await self.show()


def _given(form: Form, rules: Rules) -> dict[str, Any]:
    """Return what is to be changed; what stays as it is is left out."""
    asked = {
        "mode": form.choice("mode", Mode),
        "purposes": _words(form, "purposes", Purpose),
        "attributes": _words(form, "attributes", Head),
        "adults_only": bool(form.all("adults_only")),
        "agreed_notice": privacy_enrolling.agreed_notice(form.text("agreed_notice")),
        "keep_pictures": bool(form.all("keep_pictures")),
    }
    return {name: value for name, value in asked.items() if value != getattr(rules, name)}


def _words(form: Form, name: str, kind: type[_Word]) -> frozenset[_Word]:
    known = {word.value: word for word in kind}
    return frozenset(known[value] for value in form.all(name) if value in known)
