"""Jobs that analyse pictures: each one that was taken gets one result, whoever dies meanwhile."""

import hashlib
from collections.abc import Callable, Collection, Sequence

import structlog

from visavis.core.errors import NotAllowed
from visavis.core.types import Feature, Source
from visavis.credentials.roles import Permission
from visavis.store.blobs.base import Stored
from visavis.store.errors import AlreadyThere
from visavis.store.jobs import Job, NewJob
from visavis.store.work import Work
from visavis.usecases import stage_rows
from visavis.usecases.actor import SYSTEM, Actor
from visavis.usecases.analysis import Analyses, Analysis
from visavis.usecases.ground import Ground
from visavis.usecases.job_kinds import Again, Done, Kind, Run
from visavis.usecases.jobs import Jobs
from visavis.usecases.privacy import rules_of
from visavis.usecases.queues import PICTURES, STORE
from visavis.usecases.results import Results
from visavis.usecases.sensitive_use import note_in
from visavis.usecases.stage_parts import features_of
from visavis.usecases.waiting_pictures import WaitingPictures

log = structlog.get_logger(__name__)

ANALYZE = "analyze"
"""The kind of these jobs."""

NOT_KEPT = (
    "in this mode pictures and results are not kept, so they cannot wait in a queue; analyse them "
    "at once, or have an admin allow kept pictures in the privacy rules"
)


class PictureJobs:
    """Takes pictures for later; safe to use from several threads.

    Args:
        ground: Of the deployment.
        jobs: Where jobs are written down.
        waiting: Keeps the pictures until then.
        results: Keeps what comes of them.
    """

    def __init__(
        self, ground: Ground, jobs: Jobs, waiting: WaitingPictures, results: Results
    ) -> None:
        self._ground, self._jobs, self._waiting, self._results = ground, jobs, waiting, results
        self._split = ground.settings.jobs.split
        self._queue = STORE if self._split else PICTURES

    def submit(
        self,
        actor: Actor,
        sources: Sequence[Source],
        features: Collection[Feature],
        *,
        priority: int = 5,
        once: str | None = None,
        batch_id: str = "",
        trace: str = "",
    ) -> tuple[Job, ...]:
        """Take pictures; when this returns, none of them can be lost.

        Args:
            actor: Who sends them.
            sources: The encoded pictures.
            features: What to find, as the rules allow it.
            priority: 0 comes first, 9 last.
            once: Given again, it returns the jobs of the first time.
            batch_id: With what else they belong; empty = with nothing.
            trace: Id of the trace.

        Returns:
            A job for each picture.

        Raises:
            NotAllowed: they may not, or the tenant's mode keeps no pictures.
            Overloaded: too many jobs wait.
            QuotaExceeded: the tenant has no room.
        """
        actor.require(Permission.JOBS_WRITE)
        actor.require(Permission.ANALYSE)
        with self._ground.store.reading() as work:
            self._require_kept(work, actor.tenant_id)
        if once is not None and (known := self._known(actor.tenant_id, once, len(sources))):
            return known
        self._jobs.require_room(self._queue, len(sources))
        files = [self._waiting.put(actor.tenant_id, source) for source in sources]
        asked = [
            NewJob(
                kind=ANALYZE,
                queue=self._queue,
                payload=_payload(source, file, features),
                priority=priority,
                due_at=stage_rows.UNTIL_PARTS if self._split else None,
                owner_id=actor.user_id,
                batch_id=batch_id,
                once=None if once is None else f"{once}:{i}",
                trace=trace,
            )
            for i, (source, file) in enumerate(zip(sources, files, strict=True))
        ]
        try:
            jobs, first = self._ground.store.run(
                lambda work: self._write(work, actor, asked, files)
            )
        except AlreadyThere:  # the same request came twice at the same time
            return self._known(actor.tenant_id, once or "", len(sources))
        self._jobs.tell(first)
        return jobs

    def kind(self, analyses: Analyses | None) -> Kind:
        """Return the kind of job that does all of it in one process.

        Args:
            analyses: Does the work; None = this process does not work on its queue.
        """

        def handle(run: Run) -> Done:
            assert analyses is not None  # noqa: S101  # who works on the queue has them
            return self._analyze(analyses, run)

        return Kind(ANALYZE, PICTURES, handle, self._waiting.drop)

    def kind_of_parts(self, handle: Callable[[Run], Done | Again]) -> Kind:
        """Return the kind of job whose work services of their own have done.

        Args:
            handle: Puts together what they found.
        """
        return Kind(ANALYZE, STORE, handle, self._waiting.drop)

    def open(self, job: Job) -> Source:
        """Return the picture of a job.

        Raises:
            PictureGone: it is no longer there.
            SealBroken: the file was changed.
        """
        return self._waiting.open(job)

    def known(self, job: Job, pack: str) -> Done | None:
        """Return what ends a job whose picture has a result that answers it already."""
        asked = str(job.payload["sha256"]), features_of(job), pack
        with self._ground.store.reading() as work:
            known = self._results.has(work, job.tenant_id, *asked)
        return None if known is None else self._done(job, known.faces, lambda _work: None)

    def kept(self, job: Job, source: Source, analysis: Analysis) -> Done:
        """Return what ends a job and keeps its result.

        Args:
            job: Of this picture.
            source: The picture as it came.
            analysis: What was found, with the annotated picture.

        Raises:
            QuotaExceeded: the tenant has no room for it.
        """
        ready = self._results.ready(
            job.tenant_id,
            analysis,
            source.data,
            job_id=job.id,
            batch_id=job.batch_id,
            features=features_of(job),
        )

        def write(work: Work) -> None:
            self._require_kept(work, job.tenant_id)
            self._results.add(work, ready)
            who = job.tenant_id, job.owner_id or SYSTEM
            faces = len(analysis.faces)
            note_in(work, self._ground, *who, features_of(job), pictures=1, faces=faces)

        return self._done(job, len(analysis.faces), write)

    def _write(
        self, work: Work, actor: Actor, asked: Sequence[NewJob], files: Sequence[Stored]
    ) -> tuple[tuple[Job, ...], tuple[Job, ...]]:
        """Write jobs down; return them, and what can begin at once: they, or their first stages."""
        self._waiting.hold(work, actor.tenant_id)
        self._require_kept(work, actor.tenant_id)
        jobs = self._jobs.add(work, actor.tenant_id, asked)
        for job, file in zip(jobs, files, strict=True):
            self._waiting.note(work, job, file)
        return jobs, stage_rows.begin(work, jobs, self._ground.clock()) if self._split else jobs

    def _known(self, tenant_id: str, once: str, count: int) -> tuple[Job, ...]:
        """Return the jobs that were made under a key; nothing where there are none."""
        with self._ground.store.reading() as work:
            found = [work.jobs.find_once(tenant_id, f"{once}:{i}") for i in range(count)]
        return tuple(job for job in found if job is not None)

    def _analyze(self, analyses: Analyses, run: Run) -> Done:
        job, source = run.job, self._waiting.open(run.job)
        if known := self.known(job, analyses.pack):
            return known
        future = analyses.submit(source, features_of(job), annotate=True, wait=True)
        return self.kept(job, source, analyses.result(future))

    def _done(self, job: Job, faces: int, write: Callable[[Work], object]) -> Done:
        """Return what ends a job, whose picture nobody needs then."""
        after: list[Callable[[], object]] = []

        def ended(work: Work) -> None:
            after.clear()
            write(work)
            after.append(self._waiting.drop(work, job))

        def settle() -> None:
            for act in after:
                act()
            self._results.settle(job.tenant_id)

        result = {"sha256": job.payload["sha256"], "faces": faces}
        return Done(result, ended, settle)

    def _require_kept(self, work: Work, tenant_id: str) -> None:
        if not self._results.keeps(rules_of(work, tenant_id)):
            raise NotAllowed(NOT_KEPT)


def _payload(source: Source, file: Stored, features: Collection[Feature]) -> dict[str, object]:
    return {
        "sha256": hashlib.sha256(source.data).hexdigest(),
        "file": file.sha256,
        "features": sorted(feature.value for feature in features),
    }
