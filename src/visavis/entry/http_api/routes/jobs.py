"""`/api/v1/jobs` and `/api/v1/queues`: work that takes time."""

import hashlib
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from visavis.core.errors import ImageFault, InvalidImage, InvalidInput
from visavis.core.trace import current_trace
from visavis.core.types import Feature, Source
from visavis.credentials.roles import Permission
from visavis.entry.http_api import events
from visavis.entry.http_api.access import Caller, Guarded, Held, caller, needs, takes_long
from visavis.entry.http_api.lists import UNFIT, Cursor, Limit, RowId
from visavis.entry.http_api.routes.analysis import DEFAULT_FEATURES
from visavis.entry.http_api.routes.jobs_openapi import ACCEPTED, EVENTS, EXTRA
from visavis.entry.http_api.schemas import FailedPicture, Fault, answers
from visavis.entry.http_api.schemas_jobs import (
    Accepted,
    AcceptedPicture,
    Batch,
    IdempotencyKey,
    Job,
    JobPage,
    LastEventId,
    OfBatch,
    OfKind,
    QueueName,
    Queues,
    States,
    of_batch,
    of_job,
    of_queue,
)
from visavis.entry.http_api.uploads import PICTURE_FIELDS, Fields, Form, read_fields
from visavis.entry.services import Records
from visavis.store import jobs
from visavis.store.page import DEFAULT
from visavis.store.repository import new_id
from visavis.usecases.actor import Actor
from visavis.usecases.analysis import Failure

router = APIRouter(prefix="/api/v1", tags=["jobs"], route_class=Guarded)

USUAL_PRIORITY = 5
_FIELDS = Fields(PICTURE_FIELDS, ("features", "priority"))
_ABSENT = (404, "There is no such job here.")
_NO_BATCH = (404, "There is no such batch here.")
_NO_QUEUE = (404, "There is no such queue here.")
_MANY = (429, "Too many event streams are open.")


async def _form(request: Request) -> Form:
    return await read_fields(request, _FIELDS)


@router.post(
    "/jobs",
    status_code=202,
    summary="Have pictures analysed later",
    responses=ACCEPTED,
    openapi_extra=EXTRA,
)
@needs(Permission.JOBS_WRITE)
@takes_long
def submit(
    request: Request,
    response: Response,
    actor: Caller,
    records: Held,
    form: Annotated[Form, Depends(_form)],
    idempotency_key: IdempotencyKey = None,
) -> Accepted:
    """Take pictures, each as a job; once this is answered none of them can be lost.

    What they show is looked at later: a picture that cannot be used is parked with its reason.
    """
    sources = [each for each in form.pictures if isinstance(each, Source)]
    _require_some(form)
    made = records.picture_jobs.submit(
        actor,
        sources,
        _features(request, form, actor, records),
        priority=_priority(request, form),
        once=idempotency_key,
        batch_id=new_id(),
        trace=current_trace(),
    )
    if idempotency_key is not None:
        _require_same(made, sources)
    response.headers["Location"] = f"{router.prefix}/jobs/batches/{made[0].batch_id}"
    return Accepted(
        batch_id=made[0].batch_id,
        jobs=[_accepted(job, source.name) for job, source in zip(made, sources, strict=True)],
        failures=[_failed(each) for each in form.pictures if isinstance(each, Failure)],
    )


@router.get("/jobs", summary="List jobs", responses=answers(UNFIT))
@needs(Permission.JOBS_READ)
def page(
    actor: Caller,
    records: Held,
    states: States = None,
    kind: OfKind = None,
    batch: OfBatch = None,
    limit: Limit = DEFAULT,
    cursor: Cursor = None,
) -> JobPage:
    """List the jobs, newest first."""
    found = records.jobs.page(actor, limit, cursor, states=states or (), kind=kind, batch_id=batch)
    return JobPage(items=[of_job(each) for each in found.items], next=found.next)


@router.get("/jobs/{job_id}", summary="Read a job", responses=answers(_ABSENT, UNFIT))
@needs(Permission.JOBS_READ)
def find(job_id: RowId, actor: Caller, records: Held) -> Job:
    """Answer how far a job is."""
    return of_job(records.jobs.find(actor, job_id))


@router.get("/jobs/batches/{batch_id}", summary="Read a batch", responses=answers(_NO_BATCH, UNFIT))
@needs(Permission.JOBS_READ)
def batch(batch_id: RowId, actor: Caller, records: Held) -> Batch:
    """Answer how far jobs are that were asked for together."""
    return of_batch(records.jobs.batch(actor, batch_id))


@router.post(
    "/jobs/batches/{batch_id}/cancel",
    summary="Cancel a batch",
    responses=answers(_NO_BATCH, UNFIT),
)
@needs(Permission.JOBS_WRITE)
def cancel_batch(batch_id: RowId, actor: Caller, records: Held) -> Batch:
    """Cancel all that has not ended of what was asked for together."""
    return of_batch(records.jobs.cancel_batch(actor, batch_id))


@router.post("/jobs/{job_id}/cancel", summary="Cancel a job", responses=answers(_ABSENT, UNFIT))
@needs(Permission.JOBS_WRITE)
def cancel(job_id: RowId, actor: Caller, records: Held) -> Job:
    """End a job that waits; one that runs ends as soon as whoever works on it hears of it."""
    return of_job(records.jobs.cancel(actor, job_id))


@router.post("/jobs/{job_id}/retry", summary="Begin a job anew", responses=answers(_ABSENT, UNFIT))
@needs(Permission.JOBS_WRITE)
def retry(job_id: RowId, actor: Caller, records: Held) -> Job:
    """Let a job that is parked or cancelled wait again, as if it had never been tried."""
    return of_job(records.jobs.requeue(actor, job_id))


@router.get(
    "/jobs/{job_id}/events",
    summary="Follow a job",
    response_class=Response,
    responses=EVENTS | answers(_ABSENT, UNFIT, _MANY),
)
@needs(Permission.JOBS_READ)
async def follow(
    request: Request,
    job_id: RowId,
    actor: Caller,
    records: Held,
    last_event_id: LastEventId = None,  # noqa: ARG001  # for the document; `events` reads it
) -> Response:
    """Answer how a job is, at once and whenever that changes, until it ends."""
    look = partial(_job, records, actor, job_id)
    return await events.answer(request, actor.tenant_id, look, partial(caller, request))


@router.get(
    "/jobs/batches/{batch_id}/events",
    summary="Follow a batch",
    response_class=Response,
    responses=EVENTS | answers(_NO_BATCH, UNFIT, _MANY),
)
@needs(Permission.JOBS_READ)
async def follow_batch(
    request: Request,
    batch_id: RowId,
    actor: Caller,
    records: Held,
    last_event_id: LastEventId = None,  # noqa: ARG001  # as above
) -> Response:
    """Answer how far a batch is, at once and whenever that changes, until all of it ended."""
    look = partial(_batch, records, actor, batch_id)
    return await events.answer(request, actor.tenant_id, look, partial(caller, request))


@router.get("/queues", summary="List queues", responses=answers())
@needs(Permission.SETTINGS_READ)
def queues(actor: Caller, records: Held) -> Queues:
    """List the queues with what waits in them, of all organisations together."""
    return Queues(items=[of_queue(each) for each in records.jobs.queues(actor)])


@router.post(
    "/queues/{name}/pause",
    status_code=204,
    summary="Pause a queue",
    responses=answers(_NO_QUEUE, UNFIT),
)
@needs(Permission.SETTINGS_WRITE)
def pause(name: QueueName, actor: Caller, records: Held) -> None:
    """Let the jobs of a queue wait, of all organisations; those under way are finished."""
    records.jobs.hold(actor, name)


@router.post(
    "/queues/{name}/resume",
    status_code=204,
    summary="Resume a queue",
    responses=answers(_NO_QUEUE, UNFIT),
)
@needs(Permission.SETTINGS_WRITE)
def resume(name: QueueName, actor: Caller, records: Held) -> None:
    """Let the jobs of a queue go on."""
    records.jobs.let_go(actor, name)


def _job(records: Records, actor: Actor, job_id: str) -> Job:
    return of_job(records.jobs.find(actor, job_id))


def _batch(records: Records, actor: Actor, batch_id: str) -> Batch:
    return of_batch(records.jobs.batch(actor, batch_id))


def _features(request: Request, form: Form, actor: Actor, records: Records) -> frozenset[Feature]:
    asked = request.query_params.getlist("features") + form.texts["features"]
    return records.privacy.features(actor, asked) if asked else DEFAULT_FEATURES


def _priority(request: Request, form: Form) -> int:
    """Return how urgent it is, as the query or the form says."""
    given = request.query_params.getlist("priority") + form.texts["priority"]
    said = given[-1] if given else str(USUAL_PRIORITY)
    if len(said) != 1 or said not in "0123456789":
        raise InvalidInput("The priority is a digit: 0 comes first, 9 last.")
    return int(said)


def _require_some(form: Form) -> None:
    """Refuse a form without a picture that can be taken."""
    if not form.pictures:
        raise InvalidInput("Send at least one picture, as a file in the field 'files'.")
    first = form.pictures[0]
    if isinstance(first, Failure) and all(isinstance(each, Failure) for each in form.pictures):
        raise InvalidImage(ImageFault(first.category), first.reason)


def _require_same(made: tuple[jobs.Job, ...], sources: list[Source]) -> None:
    """Refuse a key that was used for other pictures before."""
    known = [job.payload["sha256"] for job in made]
    if known != [hashlib.sha256(source.data).hexdigest() for source in sources]:
        raise InvalidInput(
            "This Idempotency-Key was used for other pictures; choose a new one for each request."
        )


def _accepted(job: jobs.Job, name: str) -> AcceptedPicture:
    return AcceptedPicture(id=job.id, state=job.state, sha256=job.payload["sha256"], name=name)


def _failed(failure: Failure) -> FailedPicture:
    return FailedPicture(
        name=failure.name, error=Fault(category=failure.category, reason=failure.reason)
    )
