"""One line of the log as it travels, from the process that wrote it to where it is searched."""

import json
import logging
import re
import secrets
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import IntEnum
from typing import Any

LONGEST_EVENT = 500
MOST_FIELDS = 8_000
"""Characters of the fields of a line as JSON; of more, only how many there are is kept."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_TIME_DIGITS, _DIGITS = 14, 32
_ID = re.compile(r"[0-9a-f]{32}")
_WORD = re.compile(r"[\w.:-]{1,100}")
_OWN = ("event", "level", "timestamp", "service", "process", "tenant_id", "job_id", "trace_id")


class Level(IntEnum):
    """How grave a line is."""

    DEBUG = logging.DEBUG
    INFO = logging.INFO
    WARNING = logging.WARNING
    ERROR = logging.ERROR
    CRITICAL = logging.CRITICAL

    @property
    def word(self) -> str:
        """Return it as lines say it."""
        return self.name.lower()


@dataclass(frozen=True, slots=True)
class LogLine:
    """A line.

    Attributes:
        tenant_id: Whom it is about; empty = nobody in particular, so that only those see it who
            run the deployment.
        id: Its own, 32 hex characters that sort by time; it tells a line that came twice.
        at: When it was written, UTC.
        service: Of which service: `api`, `worker`, `detect`, ….
        level: How grave it is.
        event: What happened.
        job_id: In which job; empty = in none.
        trace_id: Because of which request; empty = of none.
        process: Which process wrote it, as host:number.
        fields: More; ids and counts.
    """

    tenant_id: str
    id: str
    at: datetime
    service: str
    level: Level
    event: str
    job_id: str = ""
    trace_id: str = ""
    process: str = ""
    fields: Mapping[str, Any] = field(default_factory=dict)


class LineIds:
    """Makes ids of lines that sort in the order in which they were made; threads may share it."""

    def __init__(self) -> None:
        self._last = 0
        self._lock = threading.Lock()

    def new(self) -> str:
        """Return the id of a line that is written now."""
        with self._lock:
            self._last = max(self._last + 1, time.time_ns() // 1000)
            micros = self._last
        return f"{micros:014x}{secrets.token_hex((_DIGITS - _TIME_DIGITS) // 2)}"


def first_id(at: datetime) -> str:
    """Return the lowest id of the lines that were written at a time, aware, or after it."""
    micros = max(0, (at - _EPOCH) // _MICROSECOND)
    return f"{micros:0{_TIME_DIGITS}x}".ljust(_DIGITS, "0")


def time_of(line_id: str) -> datetime:
    """Return when a line was written, by its id."""
    return _EPOCH + int(line_id[:_TIME_DIGITS], 16) * _MICROSECOND


def is_line_id(text: str) -> bool:
    """Return whether a text could be the id of a line."""
    return _ID.fullmatch(text) is not None


def read_line(line_id: str, text: str) -> LogLine:
    """Return a line of a process; what is no line of ours becomes one that says so.

    Args:
        line_id: Its id.
        text: One JSON object, as `visavis.core.log` gives it to those who listen.
    """
    try:
        told = json.loads(text, parse_constant=str)
    except ValueError:
        told = None
    said: dict[str, Any] = told if isinstance(told, dict) else {"event": "line_unreadable"}
    tenant = said.get("tenant_id")
    return LogLine(
        tenant_id=tenant if isinstance(tenant, str) and is_line_id(tenant) else "",
        id=line_id,
        at=time_of(line_id),
        service=_word(said.get("service"))[:32] or "unknown",
        level=_level(said.get("level")),
        event=_storable(str(said.get("event", "")))[:LONGEST_EVENT],
        job_id=_word(said.get("job_id"))[:64],
        trace_id=_word(said.get("trace_id"))[:32],
        process=_word(said.get("process")),
        fields=_capped({key: value for key, value in said.items() if key not in _OWN}),
    )


def as_dict(line: LogLine) -> dict[str, Any]:
    """Return a line as JSON for files and programs; what is empty is left out."""
    ids = {"tenant_id": line.tenant_id, "job_id": line.job_id, "trace_id": line.trace_id}
    return {
        "id": line.id,
        "at": line.at.isoformat(),
        "service": line.service,
        "level": line.level.word,
        "event": line.event,
        **{name: value for name, value in ids.items() if value},
        "process": line.process,
        "fields": dict(line.fields),
    }


def _word(value: object) -> str:
    return value if isinstance(value, str) and _WORD.fullmatch(value) else ""


def _storable(text: str) -> str:
    """Return text without what no database takes."""
    return text.replace("\0", " ").encode("utf-8", "replace").decode()


def _level(value: object) -> Level:
    named = {level.word: level for level in Level} | {"exception": Level.ERROR}
    return named.get(str(value), Level.INFO)


def _capped(fields: dict[str, Any]) -> dict[str, Any]:
    """Return fields that fit, shortened from the longest texts where they do not."""
    if len(json.dumps(fields)) <= MOST_FIELDS:
        return fields
    short = {key: value[-1000:] for key, value in fields.items() if isinstance(value, str)}
    kept = {key: short.get(key, value) for key, value in fields.items()}
    if len(json.dumps(kept)) <= MOST_FIELDS:
        return kept
    return {"fields_removed": len(fields)}
