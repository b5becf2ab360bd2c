"""The search bar of the page Results: what is looked for, filled in and read back."""

from datetime import UTC, datetime, timedelta
from html import escape
from urllib.parse import urlencode

from nicegui import ui

from visavis.core.attributes import CLASSES, UNKNOWN, Head
from visavis.core.errors import InvalidInput
from visavis.entry.web.elements import sentence
from visavis.entry.web.fields import line, select
from visavis.entry.web.questions import Form
from visavis.entry.web.visitor import Visit
from visavis.entry.web.words import date_of, day
from visavis.store.results import EVERYTHING, Sought
from visavis.usecases.results_sought import MOST_FACES, OLDEST, from_words, to_words, utc

TOGGLE_JS = """(e) => {
  const button = e.target.closest(".vr-toggle");
  if (!button) return;
  const open = button.getAttribute("aria-expanded") !== "true";
  button.setAttribute("aria-expanded", String(open));
  button.closest(".vr-search").classList.toggle("is-open", open);
}"""
"""Opens and closes the search bar in the browser alone."""

_DAY = timedelta(days=1)
_ANY = ("", "any")
_SMILES = (_ANY, ("true", "smiling"), ("false", "not smiling"))
_NUMBERS = ("least_faces", "most_faces", "youngest", "oldest")
_WORDS = ("gender", "emotion", "smile", "job_id", "batch_id")


def query(sought: Sought) -> str:
    """Return the part of an address that says what is looked for, with its question mark."""
    words = to_words(sought)
    return f"?{urlencode(words)}" if words else ""


def asked(visit: Visit) -> Sought:
    """Return what the address of an open page says; it is told where that cannot be used."""
    try:
        return from_words(ui.context.client.request.query_params)
    except InvalidInput as exc:
        visit.tell(sentence(str(exc)))
        return EVERYTHING


def toggle(sought: Sought) -> str:
    """Return the button that opens the search bar where there is no room for it."""
    told = summary(sought)
    return (
        '<button type="button" class="vv-button vr-toggle" aria-expanded="false">Filter'
        f"{f'<small>{told}</small>' if told else ''}</button>"
    )


def given(form: Form) -> Sought:
    """Return what was filled in; the last day counts whole.

    Raises:
        InvalidInput: a value cannot be used.
    """
    since, last = date_of(form.text("since")), date_of(form.text("until"))
    words = {name: form.text(name) for name in (*_NUMBERS, *_WORDS)}
    words["from"] = since.isoformat() if since else ""
    words["to"] = (utc(last) + _DAY).isoformat() if last else ""
    return from_words(words)


def fields(sought: Sought, *, emotion: bool) -> str:
    """Return the search bar.

    Args:
        sought: What is looked for now.
        emotion: Whether emotions may be told here at all.
    """
    face = [
        _range("Age", "youngest", "oldest", (sought.youngest, sought.oldest), OLDEST),
        _choice("gender", "Gender", Head.GENDER, sought.gender),
        select("smile", "Smile", _SMILES, _yes(sought)),
    ]
    if emotion:
        face.append(_choice("emotion", "Emotion", Head.EMOTION, sought.emotion))
    groups = (
        *_dates(sought),
        _range("Faces", "least_faces", "most_faces", _faces(sought), MOST_FACES),
        *face,
        _job(sought),
    )
    drawn = "".join(f'<div class="vr-field">{group}</div>' for group in groups)
    return (
        f'<div class="vr-fields">{drawn}</div><div class="vv-actions">'
        '<button class="vv-button vv-primary">Search</button>'
        f"{_clear(sought)}</div>"
    )


def summary(sought: Sought) -> str:
    """Say in a few words what is looked for; empty where it is everything."""
    told = (
        _between(sought),
        _span("faces", sought.least_faces, sought.most_faces),
        _span("years", sought.youngest, sought.oldest),
        sought.gender,
        sought.emotion,
        dict(_SMILES)[_yes(sought)] if sought.smile is not None else "",
        f"job {sought.job_id[:8]}" if sought.job_id else "",
        f"batch {sought.batch_id[:8]}" if sought.batch_id else "",
    )
    return escape(" · ".join(filter(None, told)))


def _dates(sought: Sought) -> tuple[str, str]:
    last = sought.until - _DAY if sought.until else None
    return (
        line("since", "From", kind="date", value=_iso(sought.since)),
        line("until", "To", kind="date", value=_iso(last)),
    )


def _range(
    label: str, least: str, most: str, values: tuple[int | None, int | None], limit: int
) -> str:
    """Return two numbers side by side, under one name."""
    first, last = ("" if value is None else str(value) for value in values)
    marks = f'type="number" min="0" max="{limit}" inputmode="numeric"'
    return (
        f'<fieldset class="vr-range"><legend>{label}</legend><div>'
        f'<input name="{least}" aria-label="{label}, at least" {marks} value="{first}" '
        'placeholder="any"><span aria-hidden="true">–</span>'
        f'<input name="{most}" aria-label="{label}, at most" {marks} value="{last}" '
        'placeholder="any"></div></fieldset>'
    )


def _choice(name: str, label: str, head: Head, chosen: str) -> str:
    options = [_ANY, *((each, each) for each in (*CLASSES[head], UNKNOWN))]
    return select(name, label, options, chosen)


def _job(sought: Sought) -> str:
    """Return where a job is named; a batch that an address names stays named."""
    more = 'autocomplete="off" spellcheck="false" placeholder="its id"'
    named = line("job_id", "Job", value=sought.job_id, longest=32, more=more)
    return named + f'<input type="hidden" name="batch_id" value="{escape(sought.batch_id)}">'


def _clear(sought: Sought) -> str:
    return "" if sought == EVERYTHING else '<a class="vv-button" href="results">Show all</a>'


def _faces(sought: Sought) -> tuple[int | None, int | None]:
    return sought.least_faces, sought.most_faces


def _yes(sought: Sought) -> str:
    return "" if sought.smile is None else str(sought.smile).lower()


def _iso(at: datetime | None) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d}" if at else ""


def _between(sought: Sought) -> str:
    last = day(sought.until - _DAY) if sought.until else ""
    first = day(sought.since) if sought.since else ""
    if first and last:
        return first if first == last else f"{first} to {last}"
    return f"from {first}" if first else f"until {last}" if last else ""


def _span(unit: str, least: int | None, most: int | None) -> str:
    if least is None and most is None:
        return ""
    if least is None:
        return f"at most {most} {unit}"
    if most is None:
        return f"at least {least} {unit}"
    return f"{least} {unit}" if least == most else f"{least} to {most} {unit}"
