"""Questions asked before another file serves: what would change, and why it shall."""

from collections.abc import Awaitable, Callable, Sequence
from html import escape

from nicegui import ui

from visavis.core.attributes import Head
from visavis.entry.web.elements import html, plain_button
from visavis.entry.web.heads_compare import verdict
from visavis.lab.heads.gate import Verdict
from visavis.lab.heads.history import Event, to_undo

Act = Callable[[str], Awaitable[str]]
"""Does it, for the reason given; returns why it could not be done, empty when it was."""

NO_REASON = "Say in a few words why; it is written into the history."
LONGEST_REASON = 500
_FOCUS = """() => {
  if (document.activeElement === document.body) document.querySelector(".vv-told button")?.focus();
}"""
"""The button that opened the dialog may be gone with what it changed: go on at what came of it."""


def promote(
    version: str, verdicts: Sequence[Verdict], act: Callable[[list[Head], str], Awaitable[str]]
) -> None:
    """Ask whether a file shall serve, for those heads for which it passes the gate.

    Args:
        version: The file.
        verdicts: What the gate says of each head that it does not answer yet.
        act: Lets it answer the heads, for the reason given.
    """
    passed = [found.head for found in verdicts if found.passed]
    question = Question(f"Let {version} serve?")
    with question.body:
        for found in verdicts:
            passes = "passes the gate" if found.passed else "does not pass the gate"
            html(f"{found.head.value.capitalize()} {passes}", "h3")
            html(verdict(found))
    if not passed:
        question.refuse(
            "It does not pass the gate, so it cannot be let serve from here. Train a better file, "
            "or measure both on the same faces with <code>visavis models promote</code>."
        )
        return
    boxes = _boxes(question, passed) if len(verdicts) > 1 else {}

    async def go(reason: str) -> str:
        heads = [head for head in passed if head not in boxes or boxes[head].value]
        if not heads:
            return "Choose at least one question that it shall answer."
        return await act(heads, reason)

    question.ask("Yes, let it answer", go)


def _boxes(question: "Question", heads: Sequence[Head]) -> dict[Head, ui.checkbox]:
    """Offer each head for which the file passes."""
    with (
        question.body,
        ui.element("div").props('role=group aria-label="What it shall answer"'),
    ):
        return {head: ui.checkbox(f"Answer {head}", value=True) for head in heads}


def roll_back(events: Sequence[Event], act: Callable[[Head | None, str], Awaitable[str]]) -> None:
    """Ask which promotion shall be undone: the last one, or the last of one head.

    Args:
        events: The history, oldest first; at least one promotion stands.
        act: Rolls back one head, or with None what was promoted last, for the reason given.
    """
    by_label: dict[str, Head | None] = {}
    for head in (None, *Head):
        if found := to_undo(events, head):
            by_label.setdefault(_undoing(*found), head)
    question = Question("Roll back?")
    with question.body:
        which = ui.radio(list(by_label), value=next(iter(by_label)))
        which.props('aria-label="What to roll back"')

    async def go(reason: str) -> str:
        return await act(by_label[which.value], reason)

    question.ask("Yes, roll back", go)


def _undoing(undone: Event, heads: Sequence[Head]) -> str:
    """Say what undoing a promotion changes: `gender goes back to portrait-1`."""
    told = []
    for head in heads:
        before = undone.before[head]
        told.append(
            f"{head} goes back to {before}" if before else f"nobody answers {head} any more"
        )
    return "; ".join(told).capitalize()


class Question:
    """A dialog; it is open as soon as it is made, and gone when it is closed.

    Args:
        title: What is asked.
    """

    def __init__(self, title: str) -> None:
        self._dialog = ui.dialog().props('aria-labelledby="vh-asked"')
        self._dialog.on("hide", self._dialog.delete, args=[])
        self._dialog.on("hide", js_handler=_FOCUS)
        with self._dialog, ui.element("div").classes("vh-dialog"):
            html(escape(title), "h2").props("id=vh-asked")
            self.body = ui.element("div")
            self._foot = ui.element("div")
        self._dialog.open()

    def refuse(self, why: str) -> None:
        """Say why it cannot be done, and offer nothing else."""
        with self._foot:
            html(f"<p>{why}</p>").classes("vv-notice").props("role=alert")
            with ui.element("div").classes("vv-actions"):
                plain_button("Close", self._close)

    def ask(self, label: str, act: Act) -> None:
        """Ask for a reason and offer to do it."""
        with self._foot:
            reason = ui.textarea("Why?").props(f"outlined autogrow maxlength={LONGEST_REASON}")
            fault = html("", "p").classes("vh-fault").props("role=alert")
            with ui.element("div").classes("vv-actions"):
                button = html(escape(label), "button").classes("vv-button vv-primary")
                plain_button("Cancel", self._close)

        async def go() -> None:
            if not reason.value.strip():
                fault.set_content(NO_REASON)
                return
            button.props("disabled")
            said = await act(reason.value.strip())
            if said:
                fault.set_content(escape(said))
                button.props(remove="disabled")
            else:
                self._dialog.close()

        button.props("type=button").on("click", go, args=[])

    def _close(self) -> None:
        self._dialog.close()
