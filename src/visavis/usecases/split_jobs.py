"""Jobs that are done by several services: `detect`, `describe` and `store`.

    detect ──boxes──► describe         each hands its part in where parts meet,
      └─points, mesh──┐  └─the rest──┐ see `usecases.aggregation`;
                      ▼              ▼
                       store: one result, written once

The picture stays until the whole job has ended, so every stage may read it as often as it likes.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Protocol

from visavis.core.errors import Unavailable
from visavis.core.types import Feature
from visavis.store.jobs import Job
from visavis.store.kinds import JobState
from visavis.store.work import Work
from visavis.usecases import stage_rows
from visavis.usecases.aggregation import Aggregation
from visavis.usecases.analysis import Analysis
from visavis.usecases.attributes import caption
from visavis.usecases.ground import Ground
from visavis.usecases.job_kinds import Again, Done, JobCancelled, Kind, Run
from visavis.usecases.job_running import pause
from visavis.usecases.jobs import Jobs
from visavis.usecases.picture_jobs import PictureJobs
from visavis.usecases.queues import DESCRIBE, DETECT
from visavis.usecases.stage_looking import LoadedWhenNeeded, Look, Seen
from visavis.usecases.stage_parts import Part, PartsDiffer, described, features_of, merged, needed
from visavis.vision.images import decode
from visavis.vision.render.annotate import annotate as draw

LONGEST_PAUSE = timedelta(seconds=30)
"""Before a stage is tried again that could not hand in its part: an outage is nobody's fault, so it
is tried for as long as it takes, and goes on soon after."""


class PartNotTaken(Unavailable):
    """Nobody answers where parts meet."""


class Collector(Protocol):
    """Where parts meet: here, or in another process."""

    def collect(self, tenant_id: str, job_id: str, part: str, analysis: Analysis) -> bool:
        """Take one part, see `Aggregation.collect`."""
        ...


class SplitJobs:
    """Does the stages of jobs; safe to use from several threads.

    Args:
        ground: Of the deployment.
        jobs: Tells workers of them.
        pictures: What these jobs have in common with those that one process does.
        parts: Where parts lie.
        collector: Where they are handed in.
        looking: Looks at pictures.
    """

    def __init__(
        self,
        ground: Ground,
        jobs: Jobs,
        pictures: PictureJobs,
        parts: Aggregation,
        collector: Collector,
        looking: LoadedWhenNeeded,
    ) -> None:
        self._ground, self._jobs, self._pictures, self._parts = ground, jobs, pictures, parts
        self._collector, self._looking = collector, looking

    def kinds(self) -> tuple[Kind, ...]:
        """Return the kinds of jobs, one for each service."""
        return (
            Kind(DETECT, DETECT, self._patiently(self._detect)),
            Kind(DESCRIBE, DESCRIBE, self._patiently(self._describe)),
            self._pictures.kind_of_parts(self._store),
        )

    def _patiently(self, handle: Callable[[Run, Job], Done]) -> Callable[[Run], Done | Again]:
        """Return a handler of stages that waits for as long as nobody takes their parts."""

        def patient(run: Run) -> Done | Again:
            try:
                return handle(run, self._whole(run.job))
            except PartNotTaken as exc:
                due_at = self._ground.clock() + min(pause(run.job.attempts), LONGEST_PAUSE)
                return Again(due_at, str(exc))

        return patient

    def _whole(self, stage: Job) -> Job:
        """Return the job that a stage is of.

        Raises:
            JobCancelled: it has ended, or was begun anew: nobody wants this stage.
        """
        with self._ground.store.reading() as work:
            job = work.jobs.find(stage.tenant_id, stage.parent_id)
        if job is None or job.state is not JobState.WAITING:
            raise JobCancelled("nobody wants this stage any more")
        return job

    def _detect(self, run: Run, job: Job) -> Done:
        """Find faces, and let them be described while the mesh is laid."""
        if self._pictures.known(job, self._pack):
            return self._nothing_to_do(job)
        source, features = self._pictures.open(job), features_of(job)
        seen = self._looking.get().look(Look(source.data))
        found_ms = seen.took_ms
        if described(features):
            self._hand_in(job, Part.BOXES, seen)
        run.report(1, 2)
        if features:
            seen = self._looking.get().look(Look(seen.image, seen.faces, frozenset({Feature.MESH})))
            seen = replace(seen, took_ms=found_ms + seen.took_ms)
        self._hand_in(job, Part.DETECT, seen)
        return Done({"faces": len(seen.faces)})

    def _describe(self, run: Run, job: Job) -> Done:
        """Tell what else can be told of the faces that were found."""
        boxes = self._parts.found(job, Part.BOXES)
        if boxes is None:
            raise JobCancelled("its job was begun anew")
        source = self._pictures.open(job)
        seen = self._looking.get().look(Look(source.data, boxes.faces, described(features_of(job))))
        run.report(0, 1)
        slim = replace(seen.faces, mesh=None, mesh_scores=None)  # it comes with the other part
        self._hand_in(job, Part.DESCRIBE, replace(seen, faces=slim))
        return Done({"faces": len(seen.faces)})

    def _store(self, run: Run) -> Done | Again:
        """Put the parts together and keep the result, or begin where there are none."""
        job, features = run.job, features_of(run.job)
        if known := self._pictures.known(job, self._pack):
            return self._without_parts(job, known)
        parts = {part: self._parts.found(job, part) for part in needed(features)}
        detect = parts[Part.DETECT]
        if detect is None or None in parts.values():
            return self._begin_anew(job)
        try:
            analysis = merged(detect, parts.get(Part.DESCRIBE))
        except PartsDiffer:
            self._forget_parts(job)
            raise
        source = self._pictures.open(job)
        image = decode(source.data, self._ground.settings.images)
        captions = [caption(analysis.faces, i) for i in range(len(analysis.faces))]
        annotated = draw(image, analysis.faces, captions)
        analysis = replace(analysis, name=source.name, annotated=annotated)
        return self._without_parts(job, self._pictures.kept(job, source, analysis))

    def _hand_in(self, job: Job, part: Part, seen: Seen) -> None:
        """Hand in a part; the name of the picture stays here.

        Raises:
            PartNotTaken: nobody answers where parts meet.
        """
        analysis = Analysis(
            name="",
            sha256=str(job.payload["sha256"]),
            width=seen.image.shape[1],
            height=seen.image.shape[0],
            faces=seen.faces,
            pack=self._pack,
            took_ms=seen.took_ms,
            reasons=seen.reasons,
        )
        try:
            self._collector.collect(job.tenant_id, job.id, part, analysis)
        except Unavailable as exc:
            raise PartNotTaken(str(exc)) from exc

    @property
    def _pack(self) -> str:
        return self._ground.settings.pack

    def _nothing_to_do(self, job: Job) -> Done:
        """Return what ends a stage whose job has its result already: the job is due."""
        now = self._ground.clock()
        return Done(
            write=lambda work: work.jobs.make_due(job.tenant_id, job.id, now),
            after=lambda: self._jobs.tell([job]),
        )

    def _without_parts(self, job: Job, done: Done) -> Done:
        """Return what ends a job, whose parts nobody needs then."""

        def write(work: Work) -> None:
            done.write(work)
            work.job_parts.remove(job.tenant_id, job.id)

        return replace(done, write=write)

    def _begin_anew(self, job: Job) -> Again:
        """Return what begins with the first stage again, as after a retry."""
        now, first = self._ground.clock(), list[Job]()

        def write(work: Work) -> None:
            first[:] = stage_rows.begin_anew(work, job, now)

        def after() -> None:
            self._jobs.tell(first)

        return Again(stage_rows.UNTIL_PARTS, write=write, after=after)

    def _forget_parts(self, job: Job) -> None:
        """Remove the parts of a job: the next try begins anew."""
        self._ground.store.run(lambda work: work.job_parts.remove(job.tenant_id, job.id))
