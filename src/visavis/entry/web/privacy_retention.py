"""Retention: for how many days what is kept; what is older goes by itself."""

from collections.abc import Mapping, Sequence
from functools import partial
from html import escape

from nicegui import ui

from visavis.core.errors import InvalidInput
from visavis.credentials.roles import Permission
from visavis.entry.services import Records
from visavis.entry.web import shell
from visavis.entry.web.elements import html
from visavis.entry.web.privacy_frame import RETENTION, part
from visavis.entry.web.questions import Form, Question, sending
from visavis.entry.web.visitor import Visit
from visavis.entry.web.words import count
from visavis.usecases.actor import Actor
from visavis.usecases.retention_rules import FOR_GOOD, Rule, What

TITLE = "Retention – Privacy – Visavis"

NAMES: Mapping[What, str] = {
    What.TEMPLATES: "Templates",
    What.TEMPLATES_UNUSED: "Unused templates",
    What.PEOPLE_WITHOUT_CONSENT: "People without consent",
    What.FILES_UNUSED: "Unused files",
    What.LOGINS_ENDED: "Ended logins",
    What.RECEIPTS: "Receipts",
    What.RESULTS: "Results",
}

Changes = Mapping[What, int | None]
"""What shall be kept for how many days from now on; None = for good."""

_HEAD = (
    "<h1>Retention</h1><p class='vo-lead'>For how many days what is kept. What is older goes by "
    "itself. The audit log is kept for good: an entry that could be removed would prove "
    "nothing.</p>"
)
_SAVE = (
    '<div class="vo-foot vv-actions"><button class="vv-button vv-primary">Save changes</button>'
    '<button type="reset" class="vv-plain">Discard</button></div>'
)
_READ_ONLY = '<p class="vo-note">Only admins and owners change this.</p>'


def install(records: Records) -> None:
    """Register the part."""
    shell.install(records, RETENTION, TITLE, _build)


async def _build(visit: Visit, actor: Actor) -> None:
    with part(RETENTION, actor):
        shown = RetentionPart(visit, fixed=not actor.may(Permission.PRIVACY_WRITE))
    await visit.handler(shown.show)()


class RetentionPart:
    """The schedule on one open page.

    Args:
        visit: Who looks at it.
        fixed: Whether they may not change it.
    """

    def __init__(self, visit: Visit, *, fixed: bool) -> None:
        self._visit, self._fixed = visit, fixed
        self._retention = visit.records.retention
        self._rules: Sequence[Rule] = ()
        html(_HEAD)
        with ui.element("form").classes("vo-form") as form:
            self._fields = html("")
            html(_READ_ONLY if fixed else _SAVE)
        sending(form, visit, self._save)

    async def show(self) -> None:
        """Show the schedule as it is now."""
        self._rules = await self._visit.do(self._retention.rules)
        if not self._visit.is_over:
            rows = "".join(_row(rule, fixed=self._fixed) for rule in self._rules)
            self._fields.set_content(f'<div class="vo-days">{rows}</div>')

    async def _save(self, form: Form) -> None:
        """Change what differs; where something is kept for a shorter time, ask first."""
        changes = _changes(form, self._rules)
        shorter = [rule.what for rule in self._rules if _is_shorter(rule, changes)]
        if not changes:
            self._visit.tell("Nothing was changed, so there is nothing to save.")
        elif shorter:
            with self._visit.dialogs:
                question = Question(self._visit, "Keep less?")
                question.ask(
                    _goes(shorter, changes), "Yes, save", partial(self._set, changes), grave=True
                )
        else:
            await self._set(changes, form)

    async def _set(self, changes: Changes, _: Form) -> None:
        def set_all(actor: Actor) -> None:
            for what, days in changes.items():
                self._retention.set(actor, what, days)

        await self._visit.do(set_all)
        self._visit.tell("The schedule is saved and holds from now on.")
        await self.show()


def _row(rule: Rule, *, fixed: bool) -> str:
    name = rule.what.value
    usual = count(rule.what.default, "day") if rule.what.default else "for good"
    value = "" if rule.days is None else str(rule.days)
    return (
        f'<div><label for="{name}">{NAMES[rule.what]}</label>'
        f'<p class="vo-hint" id="{name}-hint">{escape(rule.what.meaning)} Usual: {usual}.</p>'
        f'<span><input id="{name}" name="{name}" type="number" min="1" max="{FOR_GOOD - 1}" '
        f'step="1" inputmode="numeric" placeholder="for good" value="{value}" '
        f'aria-describedby="{name}-hint"{" disabled" if fixed else ""}> days</span></div>'
    )


def _changes(form: Form, rules: Sequence[Rule]) -> dict[What, int | None]:
    """Return what was filled in anew.

    Raises:
        InvalidInput: something is no number of days.
    """
    asked = {rule.what: _days(form.text(rule.what.value)) for rule in rules}
    return {rule.what: asked[rule.what] for rule in rules if asked[rule.what] != rule.days}


def _days(text: str) -> int | None:
    if not text:
        return None
    if not (text.isascii() and text.isdecimal() and len(text) <= len(str(FOR_GOOD))):
        raise InvalidInput("give a whole number of days, or leave it empty to keep it for good")
    return int(text)


def _is_shorter(rule: Rule, changes: Changes) -> bool:
    days = changes.get(rule.what, rule.days)
    return days is not None and (rule.days is None or days < rule.days)


def _goes(shorter: Sequence[What], changes: Changes) -> str:
    told = "".join(
        f"<li>{NAMES[what]}: whatever is older than {count(changes[what] or 0, 'day')}</li>"
        for what in shorter
    )
    return f"<p>With the next run this goes for good:</p><ul>{told}</ul>"
