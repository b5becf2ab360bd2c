"""Small additions to the toolkit's elements."""

from collections.abc import Callable

from nicegui import ui

CROSS = '<span aria-hidden="true">✕</span><span class="vv-hidden">Dismiss</span>'


def html(content: str, tag: str = "div") -> ui.html:
    """Put our own HTML on the page.

    It is not sanitised: what people bring in was escaped when the text was made, in `markup`.
    """
    return ui.html(content, sanitize=False, tag=tag)


def plain_button(label: str, on_click: Callable[[], None]) -> ui.html:
    """Put a quiet button on the page; `label` is our own HTML."""
    button = html(label, "button").classes("vv-plain").props("type=button")
    return button.on("click", lambda: on_click(), args=[])


def sentence(text: str) -> str:
    """Return what an error says as a sentence of its own."""
    said = text[:1].upper() + text[1:]
    return said if said.endswith((".", "?", ":")) else f"{said}."
