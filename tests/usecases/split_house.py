"""Services of one deployment in one process: jobs are done when a test says so."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from tests.usecases.conftest import Clock, House, Mailbox, make_ground, make_house
from visavis.core.settings import load_settings
from visavis.core.types import Feature, Source
from visavis.jobs.delivery import open_delivery
from visavis.store.blobs.base import Blobs
from visavis.store.blobs.opening import open_blobs
from visavis.store.jobs import Job
from visavis.store.kinds import JobState, Mode
from visavis.usecases import queues
from visavis.usecases.aggregation import Aggregation
from visavis.usecases.analysis import Analyses
from visavis.usecases.ground import Ground
from visavis.usecases.job_running import Runner
from visavis.usecases.job_sweeping import Sweeping
from visavis.usecases.jobs import Jobs
from visavis.usecases.picture_jobs import PictureJobs
from visavis.usecases.policy import Policy
from visavis.usecases.results import Results
from visavis.usecases.results_sealing import Part
from visavis.usecases.split_jobs import Collector, SplitJobs
from visavis.usecases.stage_looking import LoadedWhenNeeded, Looking
from visavis.usecases.waiting_pictures import WaitingPictures
from visavis.vision.analyzer import Analyzer

FEATURES = frozenset(
    {
        *(Feature.POINTS, Feature.MESH, Feature.AGE, Feature.GENDER),
        *(Feature.POSE, Feature.QUALITY, Feature.EXPRESSION),
    }
)


class Workshop:
    """Does the jobs of a deployment, one after the other."""

    def __init__(self, ground: Ground, analyzer: Analyzer, clock: Clock) -> None:
        self.ground, self.clock = ground, clock
        self.blobs: Blobs = open_blobs(ground.settings.blobs, ground.settings.data / "blobs")
        self.house: House = make_house(ground, mode=Mode.ANONYMOUS)
        self.tenant_id = self.house.tenant_id
        self.delivery = open_delivery("", queues.ALL)
        self.results = Results(ground, self.blobs)
        self.jobs = Jobs(ground, self.delivery, queues.ALL)
        waiting = WaitingPictures(ground, self.blobs)
        self.pictures = PictureJobs(ground, self.jobs, waiting, self.results)
        self.parts = Aggregation(ground, self.delivery)
        settings = ground.settings
        shared = settings.images, settings.batch, 1
        self.analyses = Analyses(analyzer, *shared)
        self.looking = Looking(analyzer, *shared, Policy(), settings.quality)
        self.collect_in(self.parts)

    def collect_in(self, collector: Collector) -> None:
        """Have the stages hand their parts in somewhere."""
        looking = LoadedWhenNeeded(lambda: self.looking)
        shared = self.ground, self.jobs, self.pictures, self.parts
        split = SplitJobs(*shared, collector, looking)
        self.kinds = (self.pictures.kind(self.analyses), *split.kinds())
        self.runner = Runner(self.ground, self.kinds)
        self.sweeping = Sweeping(self.ground, self.delivery, self.kinds)

    def close(self) -> None:
        self.runner.close()
        self.looking.close()
        self.analyses.close()
        self.delivery.close()

    def submit(
        self, *sources: Source, features: frozenset[Feature] = FEATURES, **more: Any
    ) -> tuple[Job, ...]:
        """Send pictures."""
        return self.pictures.submit(self.house.operator, sources, features, **more)

    def do(self, *names: str) -> int:
        """Do what is due in some queues, or in all; return how many jobs that were."""
        done = 0
        while any(self.runner.take_one(name) for name in names or queues.ALL):
            done += 1
        return done

    def take(self, queue: str) -> Job | None:
        """Take a job, where one is due, and do not live to end it."""
        now = self.clock()
        until = now + self.ground.settings.jobs.lease
        return self.ground.store.run(lambda work: work.job_queues.take(queue, now, until))

    def job(self, job: Job) -> Job:
        with self.ground.store.reading() as work:
            found = work.jobs.find(job.tenant_id, job.id)
        assert found is not None
        return found

    def state(self, job: Job) -> JobState:
        return self.job(job).state

    def stages(self, job: Job) -> dict[str, JobState]:
        """Return how far the stages of a job are."""
        with self.ground.store.reading() as work:
            return {each.kind: each.state for each in work.jobs.stages(job.tenant_id, job.id)}

    def part_names(self, job: Job) -> frozenset[str]:
        with self.ground.store.reading() as work:
            return work.job_parts.names(job.tenant_id, job.id)

    def told(self, job: Job) -> tuple[dict[str, Any], bytes, bytes]:
        """Return the document of a job's result without what no two share, and both pictures."""
        name = str(job.payload["sha256"])
        document = self.results.document(self.house.operator, name)
        del document["timestamp"]
        del document["visavis"]["job_id"], document["visavis"]["batch_id"]
        del document["visavis"]["analysis"]["took_ms"]
        pictures = [
            self.results.open(self.house.operator, name, part)[1]
            for part in (Part.PICTURE, Part.ANNOTATED)
        ]
        return document, pictures[0], pictures[1]

    def files(self) -> int:
        """Return how many files the tenant has."""
        return len(list(self.blobs.names(self.tenant_id)))


@contextmanager
def workshop(
    folder: Path, analyzer: Analyzer, *, split: bool = True, url: str = ""
) -> Iterator[Workshop]:
    """Open a deployment in a folder, on a database of its own unless another is named."""
    given = {"data": folder / "data", "store": {"url": url}, "jobs": {"split": split}}
    clock, settings = Clock(), load_settings(**given)
    ground = make_ground(settings, clock, Mailbox())
    try:
        with closing(Workshop(ground, analyzer, clock)) as opened:
            yield opened
    finally:
        ground.background.close()
        ground.store.close()


def portraits(folder: Path, count: int) -> list[Source]:
    """Return some pictures of people."""
    paths = sorted((folder / "london").glob("*/*.jpg"))[:count]
    return [Source(path.name, path.read_bytes()) for path in paths]
