"""Results as HTML: the grid, one result beside its faces, and what to do where there is none.

Everything a person or a file brings in goes through `escape`; all else is ours or a number.
"""

from collections.abc import Collection, Sequence
from html import escape

from visavis.core.attributes import Head
from visavis.credentials.roles import Permission
from visavis.entry.web import results_pictures as pictures
from visavis.entry.web import shell
from visavis.entry.web.fields import act
from visavis.entry.web.markup import count as faces_in_words
from visavis.entry.web.results_search import query
from visavis.entry.web.words import count, moment
from visavis.store.results import EVERYTHING, Result, Sought
from visavis.usecases.actor import Actor
from visavis.usecases.analysis import Analysis
from visavis.usecases.attributes import age_of, verdict

API = "api/v1/results"
"""Where results are downloaded from, relative to the root."""

FAR_RIGHT, LOWEST = 72, 95
"""Percent of the picture: a label that begins further right would not fit, nor one so far down."""

_SAID = (Head.GENDER, Head.EMOTION)
_GONE = (
    '<p class="vo-back"><a href="results">Results</a></p><h1>This result is not here</h1>'
    '<p class="vo-lead">It was removed, or its time was over.</p>'
)
_NOWHERE = (
    (
        "<h2>No results yet</h2><p>Pictures that are analysed by a job are kept here, sealed, with "
        "what was found on them.</p>"
    ),
    "jobs",
    "Analyse pictures in a job",
    Permission.JOBS_WRITE,
)
_NOT_HERE = (
    (
        "<h2>Results are not kept</h2><p>In the privacy mode of your organisation no picture is "
        "kept, unless the rules say so.</p>"
    ),
    shell.PRIVACY.path,
    "Open the privacy rules",
    Permission.PRIVACY_READ,
)
_NOT_KEPT = (
    "Results are not kept in the privacy mode of your organisation; those that are here were made "
    "before."
)


def page_of(sha256: str, sought: Sought = EVERYTHING) -> str:
    """Return where the page of a result is; going on there stays with what is looked for."""
    return f"results/{sha256}{query(sought)}"


def head(number: int, sought: Sought) -> str:
    """Return the heading, how many there are, and the table of them."""
    export = (
        f'<a class="vv-button" href="{API}.csv{escape(query(sought))}" '
        'download="visavis-results.csv" title="Save the faces of these results as a table">'
        '<span aria-hidden="true">↓</span> CSV</a>'
        if number
        else ""
    )
    told = count(number, "result") if number else ""
    return (
        f'<div class="vo-head"><div><h1>Results</h1><p class="vr-count" role="status">{told}</p>'
        f"</div>{export}</div>"
    )


def note(actor: Actor) -> str:
    """Say that results are not kept, and where that is decided."""
    link = (
        f' <a href="{shell.PRIVACY.path}">Privacy rules</a>'
        if actor.may(Permission.PRIVACY_READ)
        else ""
    )
    return f'<p class="vr-note">{_NOT_KEPT}{link}</p>'


def tiles(results: Sequence[Result], sought: Sought, fresh: Collection[str] = ()) -> str:
    """Return the grid.

    Args:
        results: Newest first.
        sought: What is looked for.
        fresh: Ids of those that came while the page was open.
    """
    items = "".join(_tile(result, sought, is_new=result.id in fresh) for result in results)
    return f'<ul class="vr-grid">{items}</ul>'


def _tile(result: Result, sought: Sought, *, is_new: bool) -> str:
    told = faces_in_words(result.faces)
    dot = '<span class="vr-new">New</span>' if is_new else ""
    return (
        f'<li><a href="{escape(page_of(result.sha256, sought))}">'
        f'<img src="{pictures.address(result, pictures.THUMB)}" alt="" loading="lazy" '
        f'width="{result.width}" height="{result.height}">{dot}'
        f'<span class="vr-words"><strong>{told.capitalize()}</strong>'
        f"<small>{moment(result.created_at)}</small></span></a></li>"
    )


def nothing(sought: Sought, actor: Actor, *, kept: bool) -> str:
    """Return what stands in the place of an empty grid, with the one thing to do.

    Args:
        sought: What is looked for.
        actor: Who looks.
        kept: Whether results are kept now.
    """
    if sought != EVERYTHING:
        return (
            '<div class="vr-none"><h2>No result matches</h2><p>Ask for less, or for other days.</p>'
            '<a class="vv-button vv-primary" href="results">Show all results</a></div>'
        )
    said, path, label, needed = _NOWHERE if kept else _NOT_HERE
    link = f'<a class="vv-button vv-primary" href="{path}">{label}</a>'
    return f'<div class="vr-none">{said}{link if actor.may(needed) else ""}</div>'


def gone() -> str:
    """Return what stands in the place of a result that is not there."""
    return _GONE


def steps(sought: Sought, newer: str | None, older: str | None) -> str:
    """Return the way back and to the neighbours.

    Args:
        sought: What is looked for.
        newer: Name of the next newer result; None = there is none.
        older: Of the next older one.
    """
    ways = (("newer", "Newer", "←", newer), ("older", "Older", "→", older))
    drawn = "".join(_step(sought, *way) for way in ways)
    return (
        f'<p class="vo-back"><a href="results{escape(query(sought))}">Results</a></p>'
        f'<nav class="vr-steps" aria-label="Neighbours">{drawn}</nav>'
    )


def _step(sought: Sought, kind: str, label: str, arrow: str, name: str | None) -> str:
    words = f'<span aria-hidden="true">{arrow}</span><span class="vv-hidden">{label} result</span>'
    if name is None:
        return f'<span class="vv-button" aria-hidden="true" data-off>{arrow}</span>'
    href = escape(page_of(name, sought))
    return (
        f'<a class="vv-button" href="{href}" data-step="{kind}" title="{label} result">{words}</a>'
    )


def view(result: Result) -> str:
    """Return where the browser finds the picture."""
    return pictures.address(result, pictures.VIEW)


def picture(result: Result, analysis: Analysis) -> str:
    """Return the picture itself, in its proportions; looked at closely it is a larger copy."""
    alt = escape(f"{analysis.name}, {faces_in_words(result.faces)}", quote=True)
    large = pictures.address(result, pictures.LARGE)
    return (
        f'<img src="{view(result)}" data-large="{large}" alt="{alt}" '
        f'width="{result.width}" height="{result.height}">'
    )


def labels(analysis: Analysis) -> str:
    """Return what the heads say, below each box, in percent of the picture."""
    return "".join(_label(analysis, i) for i in range(len(analysis.faces)))


def _label(analysis: Analysis, i: int) -> str:
    x1, _, x2, y2 = analysis.faces.boxes[i].tolist()
    left, right = 100 * x1 / analysis.width, 100 - 100 * x2 / analysis.width
    far = left > FAR_RIGHT
    side = f"right:{max(right, 0):.3f}%" if far else f"left:{max(left, 0):.3f}%"
    top = min(100 * y2 / analysis.height, LOWEST)
    return (
        f'<span class="vr-label{" vr-far" if far else ""}" data-face="{i}" aria-hidden="true" '
        f'style="{side};top:{top:.3f}%">{escape(gist(analysis, i))}</span>'
    )


def gist(analysis: Analysis, i: int) -> str:
    """Say in two or three words what a face is taken for."""
    faces, told = analysis.faces, []
    if Head.AGE in faces.heads:
        told.append(f"{age_of(verdict(faces, i, Head.AGE).probabilities).years:.0f}")
    asked = (verdict(faces, i, each) for each in _SAID if each in faces.heads)
    told += [said.value for said in asked if said.known]
    return " · ".join(told) or f"{100 * float(faces.scores[i]):.0f} %"


def about(result: Result, analysis: Analysis) -> str:
    """Return what is known of the picture as a whole."""
    job = f'<a href="results?job_id={result.job_id}">job {result.job_id[:8]}</a>'
    facts = [
        f"{result.width} × {result.height} px",
        moment(result.created_at),
        f"pack {escape(result.pack)}",
        *([job] if result.job_id else ()),
    ]
    return (
        f'<div class="vv-name">{escape(analysis.name)}</div>'
        f'<div class="vv-facts">{" · ".join(facts)}</div>'
    )


def downloads(result: Result, analysis: Analysis) -> str:
    """Return the links that save what was found."""
    stem = (analysis.name.rsplit(".", 1)[0] or "picture")[:100]
    path = f"{API}/{result.sha256}"
    links = (
        (f"{path}/annotated", f"{stem}-annotated.jpg", "Annotated", "the picture with its faces"),
        (f"{path}/picture", analysis.name[-100:], "Original", "the picture as it was sent"),
        (path, f"{stem}.json", "JSON", "what was found, as JSON"),
    )
    return "".join(
        f'<a class="vv-button" href="{href}" download="{escape(name, quote=True)}" '
        f'title="Save {says}" aria-label="Save {says}">'
        f'<span aria-hidden="true">↓</span> {label}</a>'
        for href, name, label, says in links
    )


def remove(actor: Actor) -> str:
    """Return the button that removes the result, for those who may."""
    if not actor.may(Permission.RESULTS_WRITE):
        return ""
    return act("remove", "Remove this result…", kind="vv-plain vv-remove")
