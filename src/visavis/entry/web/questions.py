"""Dialogs of the pages: a question with a form, answered or cancelled."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from enum import StrEnum
from html import escape
from typing import Any, TypeVar

from nicegui import ui
from nicegui.events import GenericEventArguments

from visavis.core.errors import InvalidInput, VisavisError
from visavis.entry.web.elements import html, plain_button, sentence
from visavis.entry.web.visitor import Visit
from visavis.usecases.errors import LogInNeeded

_Word = TypeVar("_Word", bound=StrEnum)

FIELDS_JS = "(e) => { e.preventDefault(); emit([...new FormData(e.target)]); }"
"""Sends what is filled in, once, when a form is sent."""

ACT_JS = """(e) => {
  const button = e.target.closest("[data-do]");
  if (button) emit([button.dataset.do, button.dataset.of ?? ""]);
}"""
"""Sends which button of a list was pressed."""

_FOCUS = """() => {
  if (document.activeElement === document.body) document.querySelector(".vv-told button")?.focus();
}"""
"""The button that opened the dialog may be gone with what it changed: go on at what came of it."""


class Form:
    """What was filled in.

    Args:
        pairs: Names and values, as they came.
    """

    def __init__(self, pairs: Sequence[Sequence[Any]]) -> None:
        self._pairs = [(str(name), str(value)) for name, value in pairs]

    def text(self, name: str) -> str:
        """Return a value without blanks around it; empty where nothing was sent."""
        return self.secret(name).strip()

    def secret(self, name: str) -> str:
        """Return a value exactly as it was typed; empty where nothing was sent."""
        return next(iter(self.all(name)), "")

    def choice(self, name: str, kind: type[_Word]) -> _Word:
        """Return which of a few words was chosen.

        Raises:
            InvalidInput: none of them.
        """
        try:
            return kind(self.text(name))
        except ValueError:
            raise InvalidInput(f"choose one of: {', '.join(kind)}") from None

    def all(self, name: str) -> list[str]:
        """Return every value of a name: of boxes, those that are ticked."""
        return [value for known, value in self._pairs if known == name]


Answer = Callable[[Form], Awaitable[None]]
"""Does what is asked for; what it raises is told in the dialog, which then stays open."""


class Question:
    """A dialog; it is open as soon as it is made, and gone when it is closed.

    Args:
        visit: The page it belongs to.
        title: What is asked.
    """

    def __init__(self, visit: Visit, title: str) -> None:
        self._visit = visit
        self._busy = False
        self._dialog = ui.dialog()
        named = f"vo-asked-{self._dialog.id}"
        self._dialog.props(f'aria-labelledby="{named}"')
        self._dialog.on("hide", self._dialog.delete, args=[])
        self._dialog.on("hide", js_handler=_FOCUS)
        with self._dialog, ui.element("div").classes("vo-dialog"):
            html(escape(title), "h2").props(f"id={named}")
            self._inside = ui.element("div")
        self._dialog.open()

    def show(self, content: str, close: str = "Close") -> None:
        """Show something to be read.

        Args:
            content: Our own HTML.
            close: What the button says.
        """
        with self._inside:
            html(content)
            with ui.element("div").classes("vv-actions"):
                plain_button(close, self.close)

    def ask(
        self,
        fields: str,
        label: str,
        answer: Answer,
        *,
        grave: bool = False,
        more: Callable[[], object] | None = None,
    ) -> None:
        """Ask.

        Args:
            fields: Our own HTML, what is to be filled in and read before.
            label: What the button says.
            answer: Called with what is filled in; the dialog closes when it is done.
            grave: Whether it cannot be undone.
            more: Builds what stands below the fields and changes while the dialog is open.
        """
        kind = "vo-grave" if grave else "vv-primary"
        with self._inside, ui.element("form") as form:
            html(fields)
            if more is not None:
                more()
            fault = html("", "p").classes("vo-fault").props("role=alert")
            with ui.element("div").classes("vv-actions"):
                button = html(escape(label), "button").classes(f"vv-button {kind}")
                plain_button("Cancel", self.close)

        async def go(event: GenericEventArguments) -> None:
            if self._busy:
                return
            self._busy = True
            button.props("disabled")
            try:
                await self._answered(answer, Form(event.args), fault)
            finally:
                self._busy = False
                button.props(remove="disabled")

        form.on("submit", go, js_handler=FIELDS_JS)

    def offer(self, label: str, about: str, act: Callable[[], Awaitable[None]]) -> None:
        """Offer something else that can be done; the dialog closes.

        Args:
            label: What the button says.
            about: What it does; text.
            act: Does it; what it raises is told on the page.
        """

        async def go() -> None:
            self.close()
            await self._visit.handler(act)()

        with self._inside, ui.element("div").classes("vo-also"):
            html(escape(about), "p")
            button = html(escape(label), "button").classes("vv-button").props("type=button")
            button.on("click", go, args=[])

    async def _answered(self, answer: Answer, form: Form, fault: ui.html) -> None:
        fault.set_content("")
        try:
            await answer(form)
        except LogInNeeded:
            self._visit.leave()
        except VisavisError as exc:
            if not self._visit.is_over:
                fault.set_content(escape(sentence(str(exc))))
        else:
            self.close()

    def close(self) -> None:
        """Close it, unless it is closed."""
        if not self._visit.is_over:
            self._dialog.close()


def acting(
    place: ui.element, visit: Visit, acts: Mapping[str, Callable[[str], Awaitable[None]]]
) -> None:
    """Do what the buttons below an element say; see `fields.act`.

    Args:
        place: Where the buttons are.
        visit: The page.
        acts: What to do with the id of a row, by the button's name.
    """

    async def heard(event: GenericEventArguments) -> None:
        do, of = event.args
        if do in acts:
            await acts[do](str(of))

    place.on("click", visit.handler(heard), js_handler=ACT_JS)


def sending(place: ui.element, visit: Visit, answer: Answer) -> None:
    """Call `answer` with what is filled in when the form `place` is sent."""

    async def sent(event: GenericEventArguments) -> None:
        await answer(Form(event.args))

    place.on("submit", visit.handler(sent), js_handler=FIELDS_JS)
