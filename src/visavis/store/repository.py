"""What all repositories share: running statements, and rows from and to dataclasses."""

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import ColumnElement, Connection, CursorResult, RowMapping, Table, insert
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql import Executable, Select

from visavis.store.errors import AlreadyThere
from visavis.store.page import Page, Place, check_limit, read_cursor
from visavis.store.translate import translate

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

_Kind = TypeVar("_Kind")


def new_id() -> str:
    """Return an id that nothing else has: 32 lower-case hex characters."""
    return uuid.uuid4().hex


class Repository:
    """The rows of one noun.

    A noun of a tenant is asked for with the tenant's id first, and only rows of that tenant are
    read or changed. Methods that change one row tell whether it was there.

    Args:
        connection: In a unit; see `visavis.store.work`.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def _run(
        self, statement: Executable, values: Mapping[str, object] | None = None
    ) -> CursorResult[Any]:
        """Run a statement, with values where it leaves parameters open."""
        try:
            return self._connection.execute(statement, values)
        except DBAPIError as exc:
            raise translate(exc, self._connection.engine.url) from None

    def _run_all(self, statement: Executable, rows: Sequence[Mapping[str, object]]) -> None:
        """Run a statement once for each row of values, sent together."""
        try:
            self._connection.execute(statement, rows)
        except DBAPIError as exc:
            raise translate(exc, self._connection.engine.url) from None

    def _one(
        self, statement: Executable, values: Mapping[str, object] | None = None
    ) -> RowMapping | None:
        return self._run(statement, values).mappings().first()

    def _all(
        self, statement: Executable, values: Mapping[str, object] | None = None
    ) -> Sequence[RowMapping]:
        return self._run(statement, values).mappings().all()

    def _value(self, statement: Executable) -> Any:  # noqa: ANN401  # of whatever was selected
        return self._run(statement).scalar()

    def _changed(self, statement: Executable) -> int:
        """Return how many rows matched."""
        return int(self._run(statement).rowcount)

    def _insert(self, table: Table, row: "DataclassInstance", **more: object) -> None:
        """Add a row.

        Args:
            table: Where.
            row: Its fields are called as the columns.
            more: Columns that the dataclass does not have.

        Raises:
            AlreadyThere: there is one already.
            NotThere: it names a row that is absent.
        """
        self._run(insert(table).values(columns_of(row) | more))

    def _insert_once(self, table: Table, row: "DataclassInstance") -> bool:
        """Add a row unless it is there; return whether it was added."""
        try:
            with self._connection.begin_nested():
                self._insert(table, row)
        except AlreadyThere:
            return False
        return True

    def _page(
        self,
        statement: Select[Any],
        by: tuple[ColumnElement[Any], ColumnElement[Any]],
        made: Callable[..., _Kind],
        limit: int,
        cursor: str | None,
    ) -> Page[_Kind]:
        """Return a part of a list, newest first.

        Args:
            statement: Which rows.
            by: Their columns of time and id.
            made: Makes an item of a row, its columns given by name.
            limit: Most items, 1..200.
            cursor: Where the page before ended; None = begin.
        """
        at, row_id = by
        if cursor is not None:
            statement = statement.where(read_cursor(cursor).after(at, row_id))
        wanted = check_limit(limit)
        rows = self._all(statement.order_by(at.desc(), row_id.desc()).limit(wanted + 1))
        shown = rows[:wanted]
        following = None
        if len(rows) > wanted:
            following = Place(shown[-1][at], shown[-1][row_id]).cursor()
        return Page(tuple(made(**row) for row in shown), following)


def columns_of(row: "DataclassInstance") -> dict[str, Any]:
    """Return the fields of a row by name."""
    return {field.name: getattr(row, field.name) for field in fields(row)}
