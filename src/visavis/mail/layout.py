"""How a letter looks: paragraphs, a code or a link among them, and a foot; as text and as HTML.

Everything is escaped, nothing is loaded from anywhere, nothing tells us that it was read.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape
from typing import TypeAlias
from urllib.parse import urlsplit

from visavis.mail.errors import InvalidMail
from visavis.mail.message import Message


@dataclass(frozen=True, slots=True)
class Code:
    """A code on a line of its own, without anything that a copy would take along."""

    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Link:
    """An address to open, shown in full so that everybody sees where it leads.

    Raises:
        InvalidMail: it is no http or https address.
    """

    url: str = field(repr=False)

    def __post_init__(self) -> None:
        if not _leads_somewhere(self.url):
            raise InvalidMail("a link in a mail has to be an http or https address in ASCII")


@dataclass(frozen=True, slots=True)
class Foot:
    """What stands below every letter.

    Attributes:
        site: Address of this deployment, such as `https://faces.firm.com`.
        ask: Whom to ask, such as `Ann Lee, ann@firm.com`; empty = whoever runs it.
    """

    site: str
    ask: str = ""


Part: TypeAlias = str | Code | Link

_BODY = "font:16px/1.5 sans-serif;color:#222;max-width:36em;margin:2em auto;padding:0 1em"
_CODE = "font:bold 32px monospace;letter-spacing:4px;user-select:all"
_FOOT = "color:#666;font-size:14px;border-top:1px solid #ddd;padding-top:1em"


def letter(to: str, subject: str, foot: Foot, *parts: Part) -> Message:
    """Return a letter.

    Args:
        to: Address of the reader.
        subject: One line.
        foot: What stands below.
        parts: Paragraphs, codes and links, from top to bottom.

    Raises:
        InvalidMail: it cannot be sent.
    """
    ask = foot.ask or "the person who runs this Visavis server"
    below = (
        f"Visavis at {foot.site} sent this automatically; answers to it are not read. "
        f"If you have a question, ask {ask}."
    )
    text = "\n\n".join([*map(_as_text, parts), f"-- \n{below}"]) + "\n"
    return Message(to, subject, text, _page(subject, parts, below))


def _leads_somewhere(url: str) -> bool:
    """Return whether it is a web address that stays one piece in a text."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    plain = url.isascii() and url.isprintable() and " " not in url
    return plain and parts.scheme in ("http", "https") and bool(parts.hostname)


def _as_text(part: Part) -> str:
    match part:
        case Code():
            return f"    {part.text}"
        case Link():
            return part.url
        case _:
            return part


def _as_html(part: Part) -> str:
    match part:
        case Code():
            return f'<p style="{_CODE}">{escape(part.text)}</p>'
        case Link():
            return f'<p><a href="{escape(part.url)}">{escape(part.url)}</a></p>'
        case _:
            return f"<p>{escape(part)}</p>"


def _page(subject: str, parts: Sequence[Part], below: str) -> str:
    body = "\n".join(map(_as_html, parts))
    return (
        '<!doctype html>\n<html lang="en">\n<head><meta charset="utf-8">'
        f'<title>{escape(subject)}</title></head>\n<body style="{_BODY}">\n{body}\n'
        f'<p style="{_FOOT}">{escape(below)}</p>\n</body>\n</html>\n'
    )
