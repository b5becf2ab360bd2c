"""What drivers raise, in our words.

Our errors come without the driver's as their cause: it quotes the row, and a traceback would carry
passwords' hashes and addresses into logs.
"""

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType

import structlog
from sqlalchemy import URL
from sqlalchemy.exc import DataError, DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from visavis.core.errors import VisavisError
from visavis.store.errors import (
    AlreadyThere,
    NotStorable,
    NotThere,
    StoreBusy,
    StoreUnavailable,
)
from visavis.store.urls import shown

log = structlog.get_logger(__name__)

LONGEST_REASON = 300
"""Characters of a driver's words about a connection that are passed on."""

_THERE = AlreadyThere, "there is one already; choose another name, or change the one that is there"
_ABSENT = NotThere, "this names something that is not there, or that others still need"
_BUSY = StoreBusy, "two changes got in each other's way; try again"
_HELD = StoreUnavailable, "somebody else holds these rows for too long; try again in a while"
_READ_ONLY = StoreUnavailable, "the database takes no changes here; see that it can be written"
_NO_TABLES = StoreUnavailable, "the database lacks tables of this version; migrate it first"

_Fault = tuple[type[VisavisError], str]

_FAULTS: Mapping[str, Mapping[object, _Fault]] = MappingProxyType(
    {
        "postgresql": {
            **dict.fromkeys(("23505",), _THERE),
            **dict.fromkeys(("23503", "23001"), _ABSENT),
            **dict.fromkeys(("40001", "40P01"), _BUSY),
            **dict.fromkeys(("55P03",), _HELD),
            **dict.fromkeys(("25006",), _READ_ONLY),
            **dict.fromkeys(("42P01", "42703", "3F000"), _NO_TABLES),
        },
        "mysql": {
            **dict.fromkeys((1062, 1586), _THERE),
            **dict.fromkeys((1216, 1217, 1451, 1452), _ABSENT),
            # 1305: the savepoint is gone, because a deadlock has undone the whole unit.
            **dict.fromkeys((1213, 1020, 1305), _BUSY),
            **dict.fromkeys((1205,), _HELD),
            **dict.fromkeys((1290, 1792), _READ_ONLY),
            **dict.fromkeys((1054, 1146), _NO_TABLES),
        },
        "sqlite": {
            **dict.fromkeys((1555, 2067), _THERE),
            **dict.fromkeys((787,), _ABSENT),
            **dict.fromkeys((261, 517), _BUSY),
            **dict.fromkeys((5, 6, 262), _HELD),
            **dict.fromkeys((8, 264, 520, 776, 1032, 1288, 1544), _READ_ONLY),
            **dict.fromkeys(("no such table", "no such column"), _NO_TABLES),
        },
    }
)
"""By database and what `_code` returns."""


@contextmanager
def translated(url: URL) -> Iterator[None]:
    """Turn what a driver or the pool raises into our errors.

    Raises:
        StoreUnavailable: the database does not answer or refuses.
        InvalidInput: it refuses the values.
    """
    try:
        yield
    except DBAPIError as exc:
        raise translate(exc, url) from None
    except PoolTimeout:
        raise StoreUnavailable(
            "all connections to the database are in use; try again, or raise "
            "VISAVIS_STORE__POOL_SIZE"
        ) from None


def translate(exc: DBAPIError, url: URL) -> VisavisError:
    """Return our error for a driver's.

    Args:
        exc: What was raised.
        url: Of the database.
    """
    backend = url.get_backend_name()
    code = _code(exc.orig, backend)
    known = _FAULTS[backend].get(code)
    if known:
        kind, sentence = known
        return kind(sentence)
    if exc.statement is None or exc.connection_invalidated:
        return StoreUnavailable(
            f"no connection to {shown(url)} ({_reason(exc.orig, url)}); start it, or correct "
            "VISAVIS_STORE__URL"
        )
    log.error("statement_refused", code=str(code), kind=type(exc.orig).__name__)
    if isinstance(exc, DataError):
        return NotStorable("a value does not fit its place in the database; shorten or correct it")
    return StoreUnavailable(f"{shown(url)} refused a statement (code {code}); its own log says why")


def _code(orig: BaseException | None, backend: str) -> object:
    """Return the number or letters by which the database calls the fault."""
    if backend == "mysql":
        return orig.args[0] if orig and orig.args else None
    if backend == "postgresql":
        return getattr(orig, "sqlstate", None)
    code = getattr(orig, "sqlite_errorcode", None)
    if code == sqlite3.SQLITE_ERROR:  # any mistake in a statement: only its words tell which
        return str(orig).partition(":")[0]
    return code


def _reason(orig: BaseException | None, url: URL) -> str:
    """Return in one line what a driver says about a connection, without the password."""
    text = " ".join(str(orig).split())
    if url.password:
        text = text.replace(url.password, "***")
    return text[:LONGEST_REASON]
