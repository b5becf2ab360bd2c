"""Notices: what people are told before they consent; every version stays as it was read."""

from collections.abc import Sequence
from functools import partial
from html import escape

from visavis.core.purposes import Purpose
from visavis.credentials.roles import Permission
from visavis.entry.services import Records
from visavis.entry.web import shell
from visavis.entry.web.elements import html
from visavis.entry.web.fields import act, area, line, select
from visavis.entry.web.lists import Listing
from visavis.entry.web.privacy_choices import PURPOSES, notice_name
from visavis.entry.web.privacy_frame import NOTICES, part
from visavis.entry.web.questions import Form, Question, acting
from visavis.entry.web.visitor import Visit
from visavis.entry.web.words import day
from visavis.store.notices import Notice
from visavis.store.page import Page
from visavis.usecases.actor import Actor
from visavis.usecases.notices import LONGEST, LONGEST_TAG, SHORTEST

TITLE = "Notices – Privacy – Visavis"

_LEAD = (
    "<p class='vo-lead'>What people are told before they consent, word for word. A new version "
    "leaves the older ones as they are: each consent names the one that was read.</p>"
)
_EMPTY = (
    "<p class='vo-empty'>There is no notice yet. Without one nobody can consent to anything.</p>"
)
_HINT = "Who processes what, what for, for how long, and how to withdraw."


def install(records: Records) -> None:
    """Register the part."""
    shell.install(records, NOTICES, TITLE, _build)


async def _build(visit: Visit, actor: Actor) -> None:
    with part(NOTICES, actor) as main:
        shown = NoticesPart(visit, may_write=actor.may(Permission.PRIVACY_WRITE))
    acting(main, visit, {"write": shown.ask})
    await visit.handler(shown.show)()


class NoticesPart:
    """The notices on one open page.

    Args:
        visit: Who looks at them.
        may_write: Whether they may write some.
    """

    def __init__(self, visit: Visit, *, may_write: bool) -> None:
        self._visit = visit
        write = act("write", "Write a notice", kind="vv-button vv-primary") if may_write else ""
        html(f'<div class="vo-head"><h1>Notices</h1>{write}</div>{_LEAD}')
        self._list = Listing(visit, self._read, partial(drawn, may_write=may_write))

    async def show(self) -> None:
        """Show the notices as they are now."""
        await self._list.show()

    def _read(self, actor: Actor, cursor: str | None) -> Page[Notice]:
        return self._visit.records.notices.page(actor, cursor=cursor)

    async def ask(self, notice_id: str) -> None:
        """Ask for the next version of a notice, or for a first one.

        Args:
            notice_id: The notice to begin from; empty = none.
        """
        before = next((known for known in self._list.items if known.id == notice_id), None)
        title = "Write the next version" if before else "Write a notice"
        with self._visit.dialogs:
            question = Question(self._visit, title)
            question.ask(_fields(before), "Publish", self._add)

    async def _add(self, form: Form) -> None:
        purpose = form.choice("purpose", Purpose)
        language, text = form.text("language"), form.text("text")
        add = self._visit.records.notices.add
        notice = await self._visit.do(lambda actor: add(actor, purpose, language, text))
        self._visit.tell(
            f"{notice_name(notice)} is published. It can be named in consents from now on."
        )
        await self.show()


def drawn(notices: Sequence[Notice], *, may_write: bool) -> str:
    """Return the notices, each to be opened.

    Args:
        notices: Newest first.
        may_write: Whether who looks at them may write the next version.
    """
    newest: dict[tuple[str, str], str] = {}
    for notice in notices:
        newest.setdefault((notice.purpose, notice.language), notice.id)
    in_use = set(newest.values())
    items = (_item(notice, in_use=notice.id in in_use, may_write=may_write) for notice in notices)
    return "".join(items) or _EMPTY


def _item(notice: Notice, *, in_use: bool, may_write: bool) -> str:
    chip = '<span class="vo-chip">in use</span>' if in_use else ""
    again = act("write", "Write the next version", notice.id, notice_name(notice), "vv-button")
    return (
        f'<details class="vo-card" data-state="{"good" if in_use else "old"}"><summary>'
        f"<span><strong>{escape(notice_name(notice))}</strong>{chip}</span>"
        f"<small>since {day(notice.created_at)}</small></summary>"
        f'<div class="vo-text" lang="{escape(notice.language)}">{escape(notice.text)}</div>'
        f"{again if in_use and may_write else ''}</details>"
    )


def _fields(before: Notice | None) -> str:
    """Return what is to be filled in, beginning from what is said now."""
    offered = ((purpose.value, name) for purpose, name in PURPOSES.items())
    language = before.language if before else "en"
    return (
        select("purpose", "Purpose", offered, before.purpose if before else "")
        + line(
            "language",
            "Language",
            value=language,
            hint="A tag such as en, de or pt-BR.",
            longest=LONGEST_TAG,
            required=True,
        )
        + area(
            "text",
            "Text",
            value=before.text if before else "",
            hint=_HINT,
            longest=LONGEST,
            shortest=SHORTEST,
            rows=10,
            required=True,
        )
    )
