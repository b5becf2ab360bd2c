"""Which lines the page about logs shows: what was filled in, and the same in the page's address."""

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from html import escape
from urllib.parse import urlencode

from visavis.core.errors import InvalidInput
from visavis.core.log_lines import Level
from visavis.entry.web.fields import select
from visavis.entry.web.shell import LOGS
from visavis.store.log_lines import Wanted

SERVICES = ("api", "worker", "detect", "describe", "store", "log", "grpc")
LEVELS = (
    ("debug", "All"),
    ("info", "Info and up"),
    ("warning", "Warnings and up"),
    ("error", "Errors"),
)
HOUR, EVER, RANGE = "hour", "ever", "range"
SPANS: Mapping[str, timedelta] = {
    "minutes": timedelta(minutes=15),
    HOUR: timedelta(hours=1),
    "day": timedelta(days=1),
    "week": timedelta(days=7),
}
_TIMES = (
    ("minutes", "Last 15 minutes"),
    (HOUR, "Last hour"),
    ("day", "Last 24 hours"),
    ("week", "Last 7 days"),
    (EVER, "All that is kept"),
    (RANGE, "From … to …"),
)
_GO = (
    '<div class="vl-go"><button class="vv-button vv-primary">Show</button>'
    '<a class="vv-plain vl-clear" href="{clear}">Clear</a></div>'
)
_HINT = 'placeholder="In the event or its fields"'
_USUAL = {"level": "info", "time": "day"}
_ID = re.compile("[0-9a-f]{32}")
_LONGEST = 100


@dataclass(frozen=True, slots=True)
class Filter:
    """What is filled in above the list, as text; it is checked when it is used.

    Attributes:
        service: One of `SERVICES`; empty = all.
        level: One of `LEVELS`.
        time: One of the spans, everything, or from one time to another.
        since: With a range: from when, UTC.
        until: To when.
        job: Id of a job.
        trace: Id of a trace.
        text: Words.
    """

    service: str = ""
    level: str = _USUAL["level"]
    time: str = _USUAL["time"]
    since: str = ""
    until: str = ""
    job: str = ""
    trace: str = ""
    text: str = ""

    def wanted(self, now: datetime) -> Wanted:
        """Return which lines are meant.

        Raises:
            InvalidInput: something that was filled in is not what it should be.
        """
        since, until = self._times(now)
        return Wanted(
            service=_one_of(self.service, ("", *SERVICES), "service"),
            level=Level[_one_of(self.level, [word for word, _ in LEVELS], "level").upper()],
            job_id=_id(self.job, "job"),
            trace_id=_id(self.trace, "trace"),
            since=since,
            until=until,
            text=self.text[:_LONGEST],
        )

    def address(self) -> str:
        """Return the address of the page with this filter; what is usual is left out."""
        told = {name: getattr(self, name) for name in self.__slots__}
        changed = {name: said for name, said in told.items() if said != _USUAL.get(name, "")}
        return f"/{LOGS.path}" + (f"?{urlencode(changed)}" if changed else "")

    def _times(self, now: datetime) -> tuple[datetime | None, datetime | None]:
        if self.time == RANGE:
            return _moment(self.since), _moment(self.until)
        span = SPANS.get(_one_of(self.time, (*SPANS, EVER), "time"))
        return (now - span if span else None), None


def read(said: Callable[[str], str]) -> Filter:
    """Return the filter that a form or an address holds.

    Args:
        said: Gives what stands under a name; empty = nothing.
    """
    told = {name: said(name).strip()[:_LONGEST] for name in Filter.__slots__}
    return Filter(**{name: text or _USUAL.get(name, "") for name, text in told.items()})


def drawn(shown: Filter) -> str:
    """Return the fields of the filter, filled in."""
    services = [("", "All services"), *((name, name) for name in SERVICES)]
    searched = f'type="search" maxlength="{_LONGEST}" autocomplete="off" {_HINT}'
    words = _input("text", "Words", shown.text, searched)
    return "".join(
        (
            _field("vl-words", words),
            _field("", select("service", "Service", services, shown.service)),
            _field("", select("level", "Level", LEVELS, shown.level)),
            _field("vl-time", select("time", "Time", _TIMES, shown.time)),
            _field("vl-range", _when("since", "From (UTC)", shown.since)),
            _field("vl-range", _when("until", "To (UTC)", shown.until)),
            _field("vl-id", _id_field("job", "Job", shown.job)),
            _field("vl-id", _id_field("trace", "Trace", shown.trace)),
            _GO.format(clear=LOGS.path),
        )
    )


def _field(kind: str, content: str) -> str:
    return f'<div class="vl-field {kind}">{content}</div>'


def _when(name: str, label: str, value: str) -> str:
    return _input(name, label, value, 'type="datetime-local"')


def _id_field(name: str, label: str, value: str) -> str:
    return _input(name, label, value, 'maxlength="32" autocomplete="off" spellcheck="false"')


def _input(name: str, label: str, value: str, more: str) -> str:
    """Return an input with its label; that none of them is needed goes without saying."""
    marks = f'id="{name}" name="{name}" value="{escape(value)}"'
    return f'<label for="{name}">{label}</label><input {marks} {more}>'


def _one_of(word: str, known: Collection[str], what: str) -> str:
    if word not in known:
        raise InvalidInput(f"there is no {what} of that name; choose one of the list")
    return word


def _id(text: str, what: str) -> str:
    if text and not _ID.fullmatch(text.lower()):
        raise InvalidInput(f"the id of a {what} has 32 characters, 0 to 9 and a to f; copy all")
    return text.lower()


def _moment(text: str) -> datetime | None:
    """Return a time that was filled in, UTC; None where nothing was.

    Raises:
        InvalidInput: it is none.
    """
    if not text:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise InvalidInput("give times as year-month-day and hour:minute") from None
    return at if at.tzinfo else at.replace(tzinfo=UTC)
