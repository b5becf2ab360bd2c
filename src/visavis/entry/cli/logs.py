"""`visavis logs`: what the processes of this deployment wrote about their work."""

import re
import time
from collections import deque
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from visavis.core.errors import InvalidInput
from visavis.entry.cli.console import printable
from visavis.entry.cli.opening import Data, opened

if TYPE_CHECKING:
    from visavis.core.log_lines import Level, LogLine
    from visavis.store.log_lines import Wanted
    from visavis.usecases.logs import Logs

_AGO = re.compile(r"(\d{1,5})\s*(s|m|h|d)")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_COLOURS = {"debug": "bright_black", "warning": "yellow", "error": "red", "critical": "red"}
_LATE = timedelta(seconds=10)
"""How long a line may be on its way before `--follow` misses it."""

_LOOK_EVERY_S = 1.0
_REMEMBERED = 20_000


def logs(
    ctx: typer.Context,
    service: Annotated[
        str, typer.Option(metavar="NAME", help="Only of this service, such as api or worker.")
    ] = "",
    level: Annotated[
        str, typer.Option(metavar="LEVEL", help="Only as grave as this, or more.")
    ] = "debug",
    job: Annotated[str, typer.Option(metavar="ID", help="Only in this job.")] = "",
    trace: Annotated[str, typer.Option(metavar="ID", help="Only of this request.")] = "",
    text: Annotated[str, typer.Option(metavar="WORDS", help="Only lines with these words.")] = "",
    since: Annotated[
        str, typer.Option(metavar="TIME", help="Such as 15m, 2h, 3d or 2026-11-21T08:00 (UTC).")
    ] = "1h",
    limit: Annotated[int, typer.Option(min=1, help="Most lines, the newest ones.")] = 200,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Go on with new lines until Ctrl+C.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object a line.")] = False,
    data: Data = None,
) -> None:
    """Print lines of the log, the newest last; the server and its workers keep them."""
    from visavis.store.log_lines import Wanted

    begin = _since(since, datetime.now(UTC))
    wanted = Wanted(service, _level(level), job, trace, begin, text=text)
    with closing(opened(ctx, data)) as records:
        lines = _newest(records.logs, wanted, limit)
        for line in lines:
            _show(line, as_json=json)
        if follow:
            for line in _following(records.logs, wanted, lines):
                _show(line, as_json=json)


def _newest(logs: "Logs", wanted: "Wanted", limit: int) -> "list[LogLine]":
    """Return the newest lines, the oldest of them first."""
    found: list[LogLine] = []
    cursor = None
    while len(found) < limit:
        page = logs.page_of_machine(wanted, min(limit - len(found), 200), cursor)
        found += page.items
        cursor = page.next
        if cursor is None:
            break
    return found[::-1]


def _following(
    logs: "Logs", wanted: "Wanted", shown: "list[LogLine]", every_s: float = _LOOK_EVERY_S
) -> "Iterator[LogLine]":
    """Yield lines as they come, also those that were on their way for some seconds."""
    seen = deque((line.id for line in shown), _REMEMBERED)
    since = shown[-1].at if shown else wanted.since or datetime.now(UTC)
    while True:
        time.sleep(every_s)
        known = set(seen)
        for line in _newest(logs, replace(wanted, since=since - _LATE), _REMEMBERED // 2):
            if line.id not in known:
                seen.append(line.id)
                since = max(since, line.at)
                yield line


def _show(line: "LogLine", *, as_json: bool) -> None:
    import orjson

    from visavis.core.log_lines import as_dict

    if as_json:
        typer.echo(orjson.dumps(as_dict(line)).decode())
        return
    word = line.level.word
    ids = {"tenant": line.tenant_id, "job": line.job_id, "trace": line.trace_id}
    told = [f"{name}={value}" for name, value in ids.items() if value]
    told += [f"{name}={value}" for name, value in line.fields.items()]
    mark = typer.style(f"{word:8}", fg=_COLOURS.get(word))
    rest = f"{line.service:8} {line.event}  {' '.join(told)}".rstrip()
    typer.echo(f"{line.at:%Y-%m-%d %H:%M:%S} {mark} {printable(rest)}")


def _level(word: str) -> "Level":
    from visavis.core.log_lines import Level

    try:
        return Level[word.upper()]
    except KeyError:
        known = ", ".join(level.word for level in Level)
        raise InvalidInput(f"there is no level {word[:20]!r}; choose from {known}") from None


def _since(text: str, now: datetime) -> datetime:
    """Return the time that somebody means by `2h` or `2026-11-21T08:00`.

    Raises:
        InvalidInput: it is neither.
    """
    if ago := _AGO.fullmatch(text.strip()):
        return now - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
    try:
        at = datetime.fromisoformat(text.strip())
    except ValueError:
        raise InvalidInput(
            f"{text[:30]!r} is no time; write 15m, 2h, 3d or 2026-11-21T08:00"
        ) from None
    return at if at.tzinfo else at.replace(tzinfo=UTC)
