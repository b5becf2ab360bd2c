"""Jobs as HTML: what each one is about, how far it is, and what can be done about it.

What people bring in goes through `escape`; all else is ours.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from html import escape

from visavis.entry.web.elements import sentence
from visavis.entry.web.fields import act
from visavis.entry.web.words import count, day
from visavis.store.jobs import Job
from visavis.store.kinds import ENDED, JobState
from visavis.usecases.jobs import BatchState
from visavis.usecases.picture_jobs import ANALYZE

LABELS: Mapping[JobState | None, str] = {
    None: "All",
    JobState.WAITING: "Waiting",
    JobState.RUNNING: "Running",
    JobState.DONE: "Done",
    JobState.PARKED: "Parked",
    JobState.CANCELLED: "Cancelled",
}
"""States in the order in which a job passes them."""

DROP = (
    '<h1>Send pictures, and come back later</h1><p class="vv-lead">Drop as many as you like here: '
    "they are analysed one after the other, and you need not wait.</p>"
    '<div class="vv-actions"><button type="button" class="vv-button vv-primary" data-do="choose">'
    'Send pictures</button></div><p class="vv-small">Each one is kept sealed with its result until '
    "you remove it. What cannot be used is parked with its reason.</p>"
)
HEAD = (
    '<div class="vo-head vj-head"><h1>Jobs</h1><button type="button" class="vv-button vv-primary" '
    'data-do="choose">Send pictures</button></div>'
)
QUIET_HEAD = '<div class="vo-head vj-head"><h1>Jobs</h1></div>'
NOTHING = (
    '<h1>Nothing has been sent yet</h1><p class="vv-lead">Pictures that are sent to be analysed '
    "later show up here.</p>"
)
NOT_HERE = (
    '<h1>Pictures cannot wait here</h1><p class="vv-lead">Your organisation keeps no pictures. '
    'Analyse them at once, or have an admin allow kept pictures.</p><div class="vv-actions">'
    '<a class="vv-button" href="privacy">Open the privacy rules</a></div>'
)
NONE_LIKE_IT = '<p class="vo-empty">{} at the moment.</p>'
_NO_PICTURE = '<span class="vj-none" aria-hidden="true"></span>'
_SHORT = 10
_MINUTE_S, _HOUR_S = 60, 3600


def chip(state: JobState | None, number: int) -> str:
    """Return what a button says that shows the jobs of one state."""
    mark = f'<i class="vj-dot" data-state="{state}"></i>' if state else ""
    return f"{mark}{LABELS[state]} <b>{number:,}</b>"


def job(row: Job, name: str, now: datetime, *, may_write: bool, may_see: bool) -> str:
    """Return a row of the list.

    Args:
        row: The job.
        name: What the picture is called, where this page knows it; else empty.
        now: The time.
        may_write: Whether who looks may cancel it and begin it anew.
        may_see: Whether they may see its result.
    """
    called = escape(name) or _called(row)
    return (
        f'<div class="vj-job" data-state="{row.state}">{_thumb(row, may_see=may_see)}'
        f'<div class="vj-about"><strong>{called}</strong>'
        f'<span class="vj-said"><i class="vj-dot" data-state="{row.state}"></i>'
        f"<span>{_said(row, now)}</span></span></div>"
        f'<div class="vj-ways">{_ways(row, called, may_write=may_write, may_see=may_see)}</div>'
        "</div>"
    )


def _called(row: Job) -> str:
    sha256 = str(row.payload.get("sha256", ""))
    if row.kind == ANALYZE and sha256:
        return f"Picture <code>{escape(sha256[:_SHORT])}</code>"
    return escape(row.kind)


def _thumb(row: Job, *, may_see: bool) -> str:
    sha256 = row.result.get("sha256")
    if row.state is not JobState.DONE or not sha256 or not may_see:
        return _NO_PICTURE
    where = f"results-pictures/{escape(str(sha256))}/thumb.jpg?v={row.id[:8]}"
    return f'<img src="{where}" alt="" loading="lazy">'


def _said(row: Job, now: datetime) -> str:
    """Return how far a job is, in words."""
    match row.state:
        case JobState.WAITING if row.error:
            later = _after(row.due_at - now)
            return f"Tries again{later}. {escape(sentence(row.error))}"
        case JobState.WAITING:
            return f"Waiting since {clock(row.created_at, now)}"
        case JobState.RUNNING if row.cancel_asked:
            return "Stopping…"
        case JobState.RUNNING:
            steps = f", {row.progress} of {row.total} steps" if row.total > 1 else ""
            return f"Running{steps}"
        case JobState.DONE:
            return f"{_found(row)}{clock(row.ended_at, now)}"
        case JobState.PARKED:
            return f"<em>{escape(sentence(row.error))}</em>"
    return f"Cancelled {clock(row.ended_at, now)}"


def _found(row: Job) -> str:
    faces = row.result.get("faces")
    return f"{count(faces, 'face').capitalize()} · " if isinstance(faces, int) else "Done · "


def _ways(row: Job, called: str, *, may_write: bool, may_see: bool) -> str:
    hidden = f'<span class="vv-hidden"> {called}</span>'
    sha256 = row.result.get("sha256")
    if row.state is JobState.DONE and sha256 and may_see:
        where = f"results/{escape(str(sha256))}"
        return f'<a class="vv-plain vj-link" href="{where}">Show result{hidden}</a>'
    if not may_write or row.state is JobState.DONE or row.cancel_asked:
        return ""
    if row.state is JobState.PARKED:
        return _button("retry", "Retry", row.id, hidden, "vv-button")
    if row.state is JobState.CANCELLED:
        return _button("retry", "Start again", row.id, hidden)
    return _button("cancel", "Cancel", row.id, hidden)


def _button(do: str, label: str, of: str, hidden: str, kind: str = "vv-plain") -> str:
    return (
        f'<button type="button" class="{kind}" data-do="{do}" data-of="{of}">{label}{hidden}'
        "</button>"
    )


def batch_head(batch: BatchState) -> str:
    """Return what a batch is."""
    return f"<strong>{count(batch.total, 'picture')}</strong>"


def batch_said(batch: BatchState, left_s: float | None) -> str:
    """Return how far a batch is, in words.

    Args:
        batch: The batch.
        left_s: Seconds that it will take; None = nobody knows yet.
    """
    ended = sum(batch.counts.get(state, 0) for state in ENDED)
    parts = [f"{ended:,} of {batch.total:,}"]
    if batch.is_over:
        parts = [f"{batch.counts.get(JobState.DONE, 0):,} done"]
    for state in (JobState.PARKED, JobState.CANCELLED):
        if number := batch.counts.get(state):
            parts.append(f"{number:,} {state}")
    if left_s is not None and not batch.is_over:
        parts.append(about(left_s))
    return " · ".join(parts)


def batch_ways(batch: BatchState, *, may_write: bool, may_see: bool) -> str:
    """Return what can be done about a batch."""
    of, ways = batch.batch_id, ""
    if may_see and batch.counts.get(JobState.DONE):
        ways += f'<a class="vv-plain vj-link" href="results?batch_id={escape(of)}">Show results</a>'
    if batch.is_over:
        ways += act("dismiss", "Put away", of)
    elif may_write:
        ways += act("cancel-batch", "Cancel all", of)
    return ways


def about(seconds: float) -> str:
    """Return a time that is left, in words: never more exact than it is known."""
    if seconds < _MINUTE_S:
        return f"about {max(5, 5 * round(seconds / 5))} s left"
    if seconds < _HOUR_S:
        return f"about {round(seconds / _MINUTE_S)} min left"
    return f"about {seconds / _HOUR_S:.1f} h left"


def clock(at: datetime | None, now: datetime) -> str:
    """Return a time of today, or a day, in UTC as everywhere on the pages."""
    if at is None:
        return ""
    said = f"{at:%H:%M:%S}" if at.date() == now.date() else f"{day(at)}, {at:%H:%M}"
    return f'<time datetime="{at:%Y-%m-%dT%H:%M:%SZ}" title="UTC">{said}</time>'


def _after(wait: timedelta) -> str:
    seconds = wait.total_seconds()
    if seconds < 1:
        return " in a moment"
    return f" in {seconds:.0f} s" if seconds < _MINUTE_S else f" in {seconds / _MINUTE_S:.0f} min"
