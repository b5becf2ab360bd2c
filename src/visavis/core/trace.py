"""Traces: one id for all that is done because of one request, in every process that it reaches.

A door reads the caller's `traceparent` (W3C Trace Context) or begins a trace; a job keeps
`current_trace()` and whoever works on it says `with bound(trace=job.trace, job_id=job.id):`. Each
line that is logged meanwhile carries these ids.
"""

import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from structlog.contextvars import bind_contextvars, clear_contextvars, get_contextvars

_HEADER = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}(-.*)?")
_ID = re.compile(r"[0-9a-f]{32}")
_NO_TRACE, _NO_SPAN = "0" * 32, "0" * 16
_LONGEST = 200
"""Characters of a header that are looked at; the newest version of it has 55."""


@dataclass(frozen=True, slots=True)
class Trace:
    """Where something belongs.

    Attributes:
        id: Of the trace, 32 lower-case hex characters, not all zero.
        span: Of the step that asked for it, 16 hex characters; empty = it is not known.
    """

    id: str
    span: str = ""

    def header(self) -> str:
        """Return it as a `traceparent`; a step that is not known gets an id of its own."""
        return f"00-{self.id}-{self.span or secrets.token_hex(8)}-01"


_CURRENT: ContextVar[Trace | None] = ContextVar("visavis trace", default=None)


def new_trace() -> Trace:
    """Return a trace that nothing belongs to yet."""
    return Trace(secrets.token_hex(16))


def read_trace(text: str) -> Trace | None:
    """Return what a `traceparent` or the id of a trace says; None where it is neither.

    A header of a later version is read as far as this one goes, as the standard asks.
    """
    if _ID.fullmatch(text) and text != _NO_TRACE:
        return Trace(text)
    found = _HEADER.fullmatch(text[:_LONGEST])
    if found is None or found[1] == "ff" or (found[1] == "00" and found[4]):
        return None
    if found[2] == _NO_TRACE or found[3] == _NO_SPAN:
        return None
    return Trace(found[2], found[3])


def current_trace() -> str:
    """Return the id of the trace that this belongs to, 32 hex characters; empty = none."""
    trace = _CURRENT.get()
    return trace.id if trace else ""


def current_parent() -> Trace | None:
    """Return the trace with the step that asked for this; None = there is none."""
    return _CURRENT.get()


@contextmanager
def bound(
    *, trace: str | Trace = "", job_id: str = "", tenant_id: str = "", **ids: str | int
) -> Iterator[str]:
    """Let everything in the block belong to a trace, a job and a tenant; yield the trace's id.

    What is empty stays as it is outside; where there is no trace at all, one begins.

    Args:
        trace: Its id or a `traceparent`; text that is neither counts as empty.
        job_id: Of the job.
        tenant_id: Of the tenant.
        ids: More that lines are to carry: ids and counts.
    """
    given = trace if isinstance(trace, Trace) else read_trace(trace)
    found = given or _CURRENT.get() or new_trace()
    named = {"trace_id": found.id, "job_id": job_id, "tenant_id": tenant_id, **ids}
    outside, told = _CURRENT.set(found), get_contextvars()
    bind_contextvars(**{name: value for name, value in named.items() if value != ""})
    try:
        yield found.id
    finally:
        _CURRENT.reset(outside)
        clear_contextvars()
        bind_contextvars(**told)


def belongs_to(*, tenant_id: str) -> None:
    """Let the rest of the block that `bound` began belong to a tenant, who is known only now."""
    bind_contextvars(tenant_id=tenant_id)
