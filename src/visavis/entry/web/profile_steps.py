"""How the page about oneself does things: it asks, goes on to a next step, says what came of it."""

from collections.abc import Awaitable, Callable
from html import escape

from nicegui import ui

from visavis.core.errors import VisavisError
from visavis.entry.services import Records
from visavis.entry.web import profile_markup
from visavis.entry.web.elements import html, sentence
from visavis.entry.web.fields import line
from visavis.entry.web.questions import Answer, Form, Question, sending
from visavis.entry.web.visitor import Visit
from visavis.usecases.actor import Actor
from visavis.usecases.errors import LogInNeeded

Act = Callable[[str], Awaitable[None]]
"""Does what a button says, given the id of what it does it to."""

_PANEL_JS = """(e) => {
  const pressed = e.target.closest("[data-do]")?.dataset.do;
  if (pressed === "print") print();
  if (pressed !== "copy") return;
  const text = document.getElementById("va-once");
  getSelection().selectAllChildren(text);
  navigator.clipboard?.writeText(text.innerText).then(() => {
    document.getElementById("va-copied").textContent = "Copied";
  });
}"""
"""Where the browser lets nobody copy, which is so over plain http, the text is at least marked."""

_TO_PANEL_JS = """setTimeout(() => {
  const panel = document.getElementById("va-panel");
  panel.scrollIntoView({ block: "nearest" });
  panel.querySelector("input, pre")?.focus();
}, 400);"""
"""Once the dialog before it is gone, and has given the focus back."""


class Steps:
    """What one open page does, and the panel at its top.

    Args:
        records: The use cases.
        visit: The page.
        refresh: Shows how things are now.
    """

    def __init__(
        self, records: Records, visit: Visit, refresh: Callable[[], Awaitable[None]]
    ) -> None:
        self.records = records
        self.visit = visit
        self._refresh = refresh
        self._client = ui.context.client
        self._panel = ui.element("section").classes("va-panel").props("id=va-panel")
        self._panel.on("click", js_handler=_PANEL_JS)

    async def do(self, said: str, act: Callable[[Actor], object]) -> None:
        """Do something, say so, and show how things are then; raises as `Visit.do`."""
        await self.visit.do(act)
        if not self.visit.is_over:
            self.visit.tell(said)
            await self._refresh()

    def ask(
        self, title: str, fields: str, label: str, answer: Answer, *, grave: bool = False
    ) -> None:
        """Open a dialog; see `Question.ask`."""
        self.visit.hush()
        with self.visit.dialogs:
            Question(self.visit, title).ask(fields, label, answer, grave=grave)

    def show(self, content: str, label: str = "", answer: Answer | None = None) -> None:
        """Show the next step, or what is shown once, at the top of the page.

        Args:
            content: Our own HTML.
            label: What the button says that sends what is filled in.
            answer: Called with that; None = there is nothing to fill in.
        """
        self.visit.hush()
        self._panel.clear()
        with self._panel:
            if answer is None:
                html(content)
            else:
                self._form(content, label, answer)
        self._client.run_javascript(_TO_PANEL_JS)

    def _form(self, content: str, label: str, answer: Answer) -> None:
        """Put a form into the panel; what goes wrong is told above its button."""
        with ui.element("form").classes("vo-form") as form:
            html(content)
            fault = html("", "p").classes("vo-fault").props("role=alert")
            html(profile_markup.panel_acts(label))

        async def sent(filled: Form) -> None:
            fault.set_content("")
            try:
                await answer(filled)
            except LogInNeeded:
                raise
            except VisavisError as exc:
                if not self.visit.is_over:
                    fault.set_content(escape(sentence(str(exc))))

        sending(form, self.visit, sent)

    async def put_away(self, _of: str = "") -> None:
        """Take away what the panel shows."""
        self._panel.clear()


def own_password(label: str = "Your password") -> str:
    """Return the field for the password that somebody has, as HTML."""
    return line(
        "password",
        label,
        kind="password",
        longest=1000,
        required=True,
        more='autocomplete="current-password"',
    )
