"""Plain pages with a form, for whoever is not logged in: no web socket, and hardly a script.

Everything a person brings in goes through `escape`; all else is ours.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from html import escape
from http import HTTPStatus

from fastapi import Response

from visavis import __version__
from visavis.core.errors import InvalidInput, NotAllowed, VisavisError
from visavis.entry.web.elements import sentence
from visavis.throttle.errors import TooManyRequests
from visavis.usecases.errors import LogInNeeded, NotFound

_SOURCES = {
    "default-src": "'none'",
    "style-src": "'self'",
    "img-src": "'self'",
    "form-action": "'self'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
}
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "; ".join(f"{kind} {source}" for kind, source in _SOURCES.items()),
    # Without any referrer browsers call the sender of a form `null`, and that may be anybody.
    "Referrer-Policy": "same-origin",
}
"""Of every page here: nothing runs in them but what `page` is told, and nobody keeps them."""

_STATUS = (  # the first that fits wins
    (TooManyRequests, HTTPStatus.TOO_MANY_REQUESTS),
    (LogInNeeded, HTTPStatus.UNAUTHORIZED),
    (NotAllowed, HTTPStatus.FORBIDDEN),
    (NotFound, HTTPStatus.NOT_FOUND),
    (InvalidInput, HTTPStatus.UNPROCESSABLE_ENTITY),
)
_FRAME = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>{title} – Visavis</title>
<link rel="icon" href="favicon.ico">
<link rel="stylesheet" href="assets/theme.css?v={version}">
<link rel="stylesheet" href="assets/forms.css?v={version}">
{scripts}</head>
<body>
<header class="vf-top">
  <a class="vv-mark" href="." aria-label="Visavis, start page">
    <svg viewBox="0 0 32 32" aria-hidden="true">
      <circle cx="12" cy="16" r="9"/><circle cx="20" cy="16" r="9"/></svg>
    Visavis</a>
</header>
<main class="vf-card">
<h1>{heading}</h1>
{body}
</main>
</body>
</html>
"""


@dataclass(frozen=True, slots=True)
class Field:
    """One line to fill in.

    Attributes:
        name: What it is sent as.
        label: What it asks for.
        kind: The type of the input.
        complete: What a password manager or a phone may put there.
        value: What stands there already; passwords are never put back.
        hint: A sentence below the label.
        digits: Whether a phone shows its digits.
        longest: Most characters.
        required: Whether it may not be left empty.
        fixed: Whether it cannot be changed.
    """

    name: str
    label: str
    kind: str = "text"
    complete: str = "off"
    value: str = ""
    hint: str = ""
    digits: bool = False
    longest: int = 300
    required: bool = True
    fixed: bool = False


EMAIL = Field("email", "E-mail", "email", "username", longest=254)
NAME = Field("full_name", "Full name", complete="name", longest=200)
PASSWORD = Field("password", "Password", "password", "current-password", longest=1000)
CODE = Field("code", "Code", complete="one-time-code", digits=True, longest=40)


def new_password(least: int) -> Field:
    """Return the field for a password that somebody chooses.

    Args:
        least: Fewest characters.
    """
    hint = f"At least {least} characters. Several words in a row are easy to remember."
    return replace(PASSWORD, label="New password", complete="new-password", hint=hint)


def filled(field: Field, form: Mapping[str, str]) -> Field:
    """Return a field with what was typed before, unless it is a secret."""
    secret = field.kind == "password" or field.complete == "one-time-code"
    return field if secret else replace(field, value=form.get(field.name, field.value))


def form(
    fields: Sequence[Field],
    button: str,
    *,
    error: VisavisError | None = None,
    hidden: Mapping[str, str] | None = None,
    before: str = "",
    second: str = "",
    files_to: str = "",
) -> str:
    """Return a form that is sent to the page it stands on.

    Args:
        fields: What it asks for, from the top.
        button: What the button says.
        error: Why what was sent came to nothing; shown above the fields.
        hidden: Sent along.
        before: Our own HTML above the fields.
        second: Our own HTML for another button, after the first one.
        files_to: Where it is sent, with files; empty = to its own page, without any.
    """
    first = next((f for f in fields if not f.value and not f.fixed), fields[-1])
    told = fault(error) if error else ""
    kept = "".join(
        f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">'
        for name, value in (hidden or {}).items()
    )
    drawn = "".join(_drawn(f, first=f is first, fault=bool(told)) for f in fields)
    sent = f' action="{files_to.strip("/")}" enctype="multipart/form-data"' if files_to else ""
    return (
        f'{told}<form method="post"{sent}>{kept}{before}{drawn}<div class="vf-acts">'
        f'<button class="vv-button vv-primary" id="vf-go">{escape(button)}</button>{second}'
        "</div></form>"
    )


def _drawn(field: Field, *, first: bool, fault: bool) -> str:
    """Return a label, its hint and its input; the first one to fill in is where the person is."""
    name = field.name
    told = ["fault"] if first and fault else []
    told += [f"{name}-hint"] if field.hint else []
    marks = {
        "id": name,
        "name": name,
        "type": field.kind,
        "autocomplete": field.complete,
        "maxlength": str(field.longest),
        "value": field.value,
        "aria-describedby": " ".join(told),
        "inputmode": "numeric" if field.digits else "",
    }
    flags = {"required": field.required, "readonly": field.fixed, "autofocus": first}
    flags["autocapitalize=none spellcheck=false"] = field.kind == "email"
    drawn = " ".join(f'{mark}="{escape(value)}"' for mark, value in marks.items() if value)
    drawn += "".join(f" {flag}" for flag, given in flags.items() if given)
    optional = "" if field.required else ' <span class="vf-optional">(optional)</span>'
    hint = f'<p class="vf-hint" id="{name}-hint">{escape(field.hint)}</p>' if field.hint else ""
    return f'<label for="{name}">{escape(field.label)}{optional}</label>{hint}<input {drawn}>'


def page(
    heading: str,
    *parts: str,
    error: VisavisError | None = None,
    scripts: Sequence[str] = (),
) -> Response:
    """Return a page.

    Args:
        heading: What it is about.
        parts: Our own HTML, from the top.
        error: Why what was sent came to nothing: the status says so, and the title, for who does
            not see the page.
        scripts: Names of our own scripts that run in it.
    """
    body = _FRAME.format(
        title=escape(f"Error: {heading}" if error else heading),
        heading=escape(heading),
        body="\n".join(parts),
        version=__version__,
        scripts="".join(
            f'<script defer src="assets/{name}.js?v={__version__}"></script>' for name in scripts
        ),
    )
    headers = dict(HEADERS)
    if scripts:
        headers["Content-Security-Policy"] += "; script-src 'self'; media-src 'self' blob:"
    if isinstance(error, TooManyRequests):
        headers["Retry-After"] = str(error.retry_after_s)
    return Response(body, _status_of(error), headers, "text/html")


def onward(to: str, *cookies: str) -> Response:
    """Send the browser on to a path of this server.

    Args:
        to: The path.
        cookies: Headers that put or take something, see `cookies`.
    """
    answer = Response(None, HTTPStatus.SEE_OTHER, HEADERS | {"Location": to})
    for cookie in cookies:
        answer.headers.append("Set-Cookie", cookie)
    return answer


def _status_of(error: VisavisError | None) -> HTTPStatus:
    if error is None:
        return HTTPStatus.OK
    return next(
        (status for kind, status in _STATUS if isinstance(error, kind)),
        HTTPStatus.SERVICE_UNAVAILABLE,
    )


def fault(error: VisavisError) -> str:
    """Return what an error says, as an alert."""
    return f'<p class="vf-fault" role="alert" id="fault">{escape(sentence(str(error)))}</p>'


def says(text: str, kind: str = "text") -> str:
    """Return a paragraph of text that is escaped here; `done` and `quiet` are other kinds."""
    return f'<p class="vf-{kind}"{" role=status" if kind == "done" else ""}>{escape(text)}</p>'


def links(*pairs: tuple[str, str]) -> str:
    """Return links below a form: where to, and what they say."""
    drawn = "".join(f'<li><a href="{escape(to)}">{escape(text)}</a></li>' for to, text in pairs)
    return f'<ul class="vf-links">{drawn}</ul>' if drawn else ""
