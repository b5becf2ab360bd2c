"""Lines of the log: kept for a while, found by service, level, job, trace, time and words."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    RowMapping,
    Select,
    Text,
    collate,
    delete,
    func,
    insert,
    or_,
    select,
)
from sqlalchemy import cast as sql_cast

from visavis.core.errors import InvalidInput
from visavis.core.log_lines import Level, LogLine, first_id, is_line_id
from visavis.store.page import DEFAULT, Page, check_limit
from visavis.store.repository import Repository, columns_of
from visavis.store.tables.log_lines import log_lines

_lines = log_lines.c


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which lines; what is empty makes no difference.

    Attributes:
        service: Of which service.
        level: How grave at least.
        job_id: In which job.
        trace_id: Because of which request.
        since: Written then or later, aware.
        until: Written before, aware.
        text: What their event or their fields contain, upper or lower case alike.
    """

    service: str = ""
    level: Level = Level.DEBUG
    job_id: str = ""
    trace_id: str = ""
    since: datetime | None = None
    until: datetime | None = None
    text: str = ""


class LogLines(Repository):
    """The lines of all tenants."""

    def add(self, lines: Sequence[LogLine], doubtful: Collection[str] = ()) -> None:
        """Add lines, those that are not here yet.

        Args:
            lines: As they came.
            doubtful: Ids of those that may be here.

        Raises:
            AlreadyThere: another one that was not doubted is here; doubt all of them.
        """
        here = self._here(doubtful)
        new = [line for line in lines if line.id not in here]
        rows = [columns_of(line) | {"level": int(line.level)} for line in new]
        if rows:
            self._run_all(insert(log_lines), rows)

    def page(
        self, tenant_id: str, wanted: Wanted, limit: int = DEFAULT, cursor: str | None = None
    ) -> Page[LogLine]:
        """Return lines about a tenant, newest first.

        Raises:
            InvalidInput: the limit is not 1..200, or the cursor none of ours.
        """
        # A job or a request has few lines: databases are kept from reading all of the tenant's.
        is_narrow = wanted.job_id or wanted.trace_id
        whose = func.coalesce(_lines.tenant_id, "") if is_narrow else _lines.tenant_id
        about = select(log_lines).where(whose == tenant_id)
        return self._some(about, wanted, limit, cursor)

    def page_of_all(
        self, wanted: Wanted, limit: int = DEFAULT, cursor: str | None = None
    ) -> Page[LogLine]:
        """Return lines about anybody and nobody, newest first; raises as `page`."""
        return self._some(select(log_lines), wanted, limit, cursor)

    def forget_before(self, at: datetime, most: int) -> int:
        """Remove lines that were written before; return how many.

        Args:
            at: When, aware.
            most: How many at once, so that nobody waits for long.
        """
        old = select(_lines.tenant_id, _lines.id).where(_lines.id < first_id(at))
        found = self._run(old.order_by(_lines.id).limit(most)).all()
        if not found:
            return 0
        until = found[-1].id
        return self._changed(delete(log_lines).where(_lines.id <= until))

    def _here(self, ids: Collection[str]) -> set[str]:
        if not ids:
            return set()
        return set(self._run(select(_lines.id).where(_lines.id.in_(sorted(ids)))).scalars())

    def _some(
        self, about: Select[Any], wanted: Wanted, limit: int, cursor: str | None
    ) -> Page[LogLine]:
        shown = about.where(*_conditions(wanted))
        if wanted.text:
            shown = shown.where(self._contains(wanted.text))
        if cursor is not None:
            shown = shown.where(_lines.id < _read_cursor(cursor))
        count = check_limit(limit)
        rows = self._all(shown.order_by(_lines.id.desc()).limit(count + 1))
        lines = tuple(map(_line, rows[:count]))
        return Page(lines, lines[-1].id if len(rows) > count else None)

    def _contains(self, words: str) -> ColumnElement[bool]:
        """Return the condition that a line contains words, letters of the alphabet in any case.

        What a language thinks of letters costs PostgreSQL more than reading the rows does.
        """
        texts: list[ColumnElement[str]] = [_lines.event, sql_cast(_lines.fields, Text)]
        if self._connection.dialect.name == "postgresql":
            texts = [collate(text, "C") for text in texts]
        return or_(*(text.icontains(words, autoescape=True) for text in texts))


def _conditions(wanted: Wanted) -> list[ColumnElement[bool]]:
    """Return what lines have to fulfil."""
    found: list[ColumnElement[bool]] = []
    if wanted.service:
        found.append(_lines.service == wanted.service)
    if wanted.level > Level.DEBUG:
        found.append(_lines.level >= int(wanted.level))
    if wanted.job_id:
        found.append(_lines.job_id == wanted.job_id)
    if wanted.trace_id:
        found.append(_lines.trace_id == wanted.trace_id)
    if wanted.since:
        found.append(_lines.id >= first_id(wanted.since))
    if wanted.until:
        found.append(_lines.id < first_id(wanted.until))
    return found


def _read_cursor(cursor: str) -> str:
    if not is_line_id(cursor):
        raise InvalidInput("this cursor is not one that a list gave; begin again without a cursor")
    return cursor


def _line(row: RowMapping) -> LogLine:
    return LogLine(**{**row, "level": Level(row["level"])})
