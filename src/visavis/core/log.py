"""Logging: events with fields, to stderr; JSON for machines, readable lines on a terminal.

Any module asks for `structlog.get_logger()` and logs an event with fields, such as
`log.info("pictures_analysed", pictures=3, faces=7, took_ms=41)`. Only the roof calls `configure`,
and `listen` to have the same lines somewhere else as well.

Ids and counts are logged, never a person: see `redaction`. What `visavis.core.trace` binds, the
trace, the job and the tenant, stands in every line.
"""

import logging
import os
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from visavis.core.redaction import LONGEST, PRIVATE, REMOVED, redact

__all__ = ["LONGEST", "PRIVATE", "REMOVED", "Listener", "configure", "listen", "redact", "serve_as"]

COMMAND_LINE = "cli"
"""What a process is called unless it says what it serves as."""


@dataclass
class _Process:
    """What this process is called."""

    service: str = COMMAND_LINE


_PROCESS = _Process()


def serve_as(service: str) -> None:
    """Say what this process is, for every line from now on: `api`, `worker`, `detect`, …."""
    _PROCESS.service = service


def configure(level: str = "INFO", json: bool | None = None) -> None:
    """Send all log records, ours and those of libraries, to stderr; safe to call again.

    Args:
        level: Lowest level written: DEBUG, INFO, WARNING, ERROR.
        json: One JSON object a line; None chooses it when stderr is not a terminal.
    """
    as_json = not sys.stderr.isatty() if json is None else json
    shared = _shared_processors()
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
    handler = _Stderr()
    handler.setFormatter(_formatter(as_json=as_json))
    handler.setLevel(level.upper())
    root = logging.getLogger()
    root.handlers = [h for h in root.handlers if not isinstance(h, _Stderr)] + [handler]
    _set_root_level()


@contextmanager
def listen(hear: Callable[[str], None], level: str = "INFO") -> Iterator[None]:
    """Give each line, as JSON without the line's end, also to `hear` while the block lasts.

    Args:
        hear: Takes a line; called by whichever thread logs, so it returns at once.
        level: Lowest level of our own lines; of libraries only warnings and errors are heard.
    """
    listener = Listener(hear)
    listener.setLevel(level.upper())
    root = logging.getLogger()
    before = root.level
    root.addHandler(listener)
    root.setLevel(min(before, listener.level) if before else listener.level)
    try:
        yield
    finally:
        root.removeHandler(listener)
        root.setLevel(before)


class Listener(logging.Handler):
    """Hands lines on.

    Args:
        hear: Takes a line.
    """

    def __init__(self, hear: Callable[[str], None]) -> None:
        super().__init__()
        self._hear = hear
        self.setFormatter(_formatter(as_json=True))

    def emit(self, record: logging.LogRecord) -> None:
        """Hand on one record; what libraries tell about their work stays where it is."""
        if record.levelno < logging.WARNING and not isinstance(record.msg, dict):
            return
        try:
            self._hear(self.format(record))
        except Exception:  # noqa: BLE001  # as every handler: it tells, and the program goes on
            self.handleError(record)


def _set_root_level() -> None:
    """Let records pass that any of our handlers writes."""
    root = logging.getLogger()
    ours = [h.level for h in root.handlers if isinstance(h, (_Stderr, Listener))]
    root.setLevel(min(ours))


class _Stderr(logging.StreamHandler[Any]):
    """Our handler, told apart from those of libraries so that `configure` can replace it.

    It looks the stream up for each record, so that a redirected `sys.stderr` is honoured.
    """

    def __init__(self) -> None:
        logging.Handler.__init__(self)

    @property
    def stream(self) -> Any:  # noqa: ANN401  # whatever stands at sys.stderr
        """Return the stream that is standard error now."""
        return sys.stderr


def _formatter(*, as_json: bool) -> logging.Formatter:
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=_shared_processors(), processors=_render(as_json=as_json)
    )


def _shared_processors() -> list[Processor]:
    """Return the steps every record takes; redaction comes after all text is made.

    Tracebacks come without local variables, which hold pictures.
    """
    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.StackInfoRenderer(),
        structlog.processors.format_exc_info,
        redact,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]


def _name_process(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Say which process of which service it was."""
    event["service"] = _PROCESS.service
    event["process"] = f"{socket.gethostname()}:{os.getpid()}"
    return event


def _render(*, as_json: bool) -> list[Processor]:
    """Return the last steps."""
    drop = structlog.stdlib.ProcessorFormatter.remove_processors_meta
    if as_json:
        return [drop, _name_process, structlog.processors.JSONRenderer(default=str)]
    console = structlog.dev.ConsoleRenderer(
        colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
    )
    return [drop, console]
