"""`/api/v1/logs`: searching what the processes of the deployment wrote about their work."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Query

from visavis.core import log_lines
from visavis.credentials.roles import Permission
from visavis.entry.http_api.access import Caller, Guarded, Held, needs
from visavis.entry.http_api.lists import UNFIT, Cursor, Limit
from visavis.entry.http_api.schemas import answers
from visavis.entry.http_api.schemas_logs import LogLevel, LogLine, LogPage
from visavis.store.log_lines import Wanted
from visavis.store.page import DEFAULT

router = APIRouter(prefix="/api/v1", tags=["logs"], route_class=Guarded)

Service = Annotated[
    str, Query(pattern="^[a-z]{0,32}$", description="only of this service, such as `worker`")
]
AtLeast = Annotated[LogLevel, Query(description="only as grave as this, or more")]
Job = Annotated[str, Query(pattern="^[0-9a-f]{0,32}$", description="only in this job")]
TraceId = Annotated[
    str, Query(pattern="^[0-9a-f]{0,32}$", description="only because of this request")
]
Since = Annotated[datetime | None, Query(description="only written then or later")]
Until = Annotated[datetime | None, Query(description="only written before")]
Contains = Annotated[
    str, Query(max_length=100, description="only where the event or the fields contain this")
]


@router.get("/logs", summary="Search the log", responses=answers(UNFIT))
@needs(Permission.LOGS_READ)
def page(
    actor: Caller,
    records: Held,
    service: Service = "",
    level: AtLeast = LogLevel.DEBUG,
    job_id: Job = "",
    trace_id: TraceId = "",
    since: Since = None,
    until: Until = None,
    text: Contains = "",
    limit: Limit = DEFAULT,
    cursor: Cursor = None,
) -> LogPage:
    """List lines, newest first: those about your organisation, or all if yours runs the server.

    Times without a zone are UTC.
    """
    wanted = Wanted(
        service, level.level, job_id, trace_id, _aware(since), _aware(until), text.strip()
    )
    found = records.logs.page(actor, wanted, limit, cursor)
    return LogPage(items=[_line(line) for line in found.items], next=found.next)


def _aware(at: datetime | None) -> datetime | None:
    return at.replace(tzinfo=UTC) if at and at.tzinfo is None else at


def _line(line: log_lines.LogLine) -> LogLine:
    return LogLine(
        id=line.id,
        at=line.at,
        service=line.service,
        level=LogLevel(line.level.word),
        event=line.event,
        tenant_id=line.tenant_id or None,
        job_id=line.job_id or None,
        trace_id=line.trace_id or None,
        process=line.process or None,
        fields=dict(line.fields),
    )
