"""Lines of the log as HTML: one row each, its fields below it when it is opened.

Everything that a line holds goes through `escape`; all else is ours.
"""

from collections.abc import Collection, Sequence
from datetime import UTC
from html import escape
from itertools import groupby

import orjson

from visavis.core.log_lines import LogLine
from visavis.entry.web.logs_filter import EVER, Filter
from visavis.entry.web.words import day

NOTHING = (
    '<p class="vo-empty">No line fits. Choose a longer time or a lower level, or take words and '
    "ids out of the filter.</p>"
)
NOT_KEPT = (
    '<p class="vo-empty">Lines are not kept here: <code>VISAVIS_LOGS__COLLECT</code> is false and '
    "no worker of the queue <code>log</code> has brought any.</p>"
)
_SHOWN_FIELDS = 3
_LONGEST_GIST = 120
_BLOCKS = ("exception", "stack")


def drawn(lines: Sequence[LogLine], opened: Collection[str], *, kept: bool) -> str:
    """Return the list.

    Args:
        lines: Newest first.
        opened: Ids of those whose fields are shown.
        kept: Whether lines are kept in this deployment at all.
    """
    if not lines:
        return NOTHING if kept else NOT_KEPT
    return "".join(
        f'<h2 class="vl-day">{name}</h2><ul class="vl-list">'
        + "".join(f"<li>{_line(line, is_open=line.id in opened)}</li>" for line in of_day)
        + "</ul>"
        for name, of_day in groupby(lines, lambda line: day(line.at))
    )


def _line(line: LogLine, *, is_open: bool) -> str:
    """Return a row; it is drawn open again after the list has changed."""
    at = line.at.astimezone(UTC)
    return (
        f'<details class="vl-line" data-level="{line.level.word}"'
        f"{' open' if is_open else ''}>"
        f'<summary data-do="open" data-of="{line.id}">'
        f'<time datetime="{at:%Y-%m-%dT%H:%M:%S.%fZ}">{at:%H:%M:%S}<small>.{_millis(line)}</small>'
        f'</time><span class="vl-level">{line.level.word}</span>'
        f'<span class="vl-service">{escape(line.service)}</span>'
        f'<span class="vl-event"><strong>{escape(line.event)}</strong> '
        f"<small>{escape(_gist(line))}</small></span></summary>{_about(line)}</details>"
    )


def _millis(line: LogLine) -> str:
    return f"{line.at.microsecond // 1000:03}"


def _gist(line: LogLine) -> str:
    """Return the first fields in one line."""
    told = [
        f"{name}={_value(value)}"
        for name, value in line.fields.items()
        if name not in (*_BLOCKS, "logger")
    ]
    text = " ".join(told[:_SHOWN_FIELDS])
    return text if len(text) <= _LONGEST_GIST else f"{text[:_LONGEST_GIST]}…"


def _about(line: LogLine) -> str:
    """Return all that is known of a line, with ways to those that belong to it."""
    at = line.at.astimezone(UTC)
    facts = [("Time", f"{day(at)}, {at:%H:%M:%S}.{_millis(line)} UTC")]
    facts += [("Process", escape(line.process))] if line.process else []
    facts += [("Organisation", _code(line.tenant_id))] if line.tenant_id else []
    facts += [("Job", _way("job", line.job_id))] if line.job_id else []
    facts += [("Trace", _way("trace", line.trace_id))] if line.trace_id else []
    facts += [
        (escape(name), _code(_value(value)))
        for name, value in line.fields.items()
        if name not in _BLOCKS
    ]
    blocks = "".join(
        f'<pre tabindex="0" aria-label="{name}">{escape(str(line.fields[name]))}</pre>'
        for name in _BLOCKS
        if line.fields.get(name)
    )
    told = "".join(f"<div><dt>{name}</dt><dd>{said}</dd></div>" for name, said in facts)
    return f'<div class="vl-about"><dl>{told}</dl>{blocks}</div>'


def _way(name: str, value: str) -> str:
    """Return an id, and the way to all lines that have it."""
    wanted = Filter(level="debug", time=EVER, **{name: value})
    return f'{_code(value)} <a href="{escape(wanted.address()[1:])}">all its lines</a>'


def _code(text: str) -> str:
    return f"<code>{escape(text)}</code>"


def _value(value: object) -> str:
    return value if isinstance(value, str) else orjson.dumps(value).decode()
