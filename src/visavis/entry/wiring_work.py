"""Wiring of what does jobs: which weights a process loads follows from the queues it works on."""

from collections.abc import Collection, Iterator
from contextlib import ExitStack, closing, contextmanager
from functools import partial

from visavis.core.memory import keep_flat
from visavis.core.settings import Settings
from visavis.entry.services import Records, Services
from visavis.entry.wiring import build_analyzer
from visavis.rpc.client import AggregatorClient
from visavis.usecases.aggregation import RemoteAggregation
from visavis.usecases.job_kinds import Told, timed
from visavis.usecases.job_work import JobWork
from visavis.usecases.policy import Policy
from visavis.usecases.queues import DESCRIBE, DETECT
from visavis.usecases.split_jobs import Collector, SplitJobs
from visavis.usecases.stage_looking import LoadedWhenNeeded, Looking
from visavis.vision.engines.onnx_engine import worker_count
from visavis.vision.weights.shelf import WeightShelf

_JOBS_A_WORKER = 4
"""Jobs done at the same time for each picture that is analysed at the same time: the others read
pictures and write results meanwhile."""


@contextmanager
def open_work(
    records: Records,
    services: Services | None,
    ready_for: Collection[str] = (),
    told: Told = lambda *_: None,
) -> Iterator[JobWork]:
    """Join pictures and jobs: what does in this process what was asked for in any.

    Args:
        records: Where jobs are written down.
        services: Looks at whole pictures; None = this process does not work on these.
        ready_for: Queues whose first job shall not wait for weights.
        told: Hears how long each try took.

    Raises:
        WeightsError: a weight is missing and cannot be had.
        InvalidSettings: the aggregator's address is none.
    """
    ground, settings = records.ground, records.ground.settings
    with ExitStack() as stack:
        looking = stack.enter_context(closing(LoadedWhenNeeded(partial(_looking, settings))))
        _prepare(looking, ready_for)
        pictures, parts = records.picture_jobs, records.aggregation
        collector: Collector = parts
        if settings.grpc.aggregator_url:
            there = RemoteAggregation(AggregatorClient(settings.grpc))
            collector = stack.enter_context(closing(there))
        split = SplitJobs(ground, records.jobs, pictures, parts, collector, looking)
        whole = pictures.kind(services.analyses if services else None)
        threads = _JOBS_A_WORKER * worker_count(settings.runtime)
        kinds = [timed(kind, told) for kind in (whole, *split.kinds())]
        yield JobWork(ground, records.delivery, kinds, threads)


def _looking(settings: Settings) -> Looking:
    """Load what looks at pictures by stages."""
    keep_flat()
    analyzer = build_analyzer(settings, WeightShelf(settings.cache))
    given = settings.images, settings.batch, worker_count(settings.runtime)
    return Looking(analyzer, *given, Policy.of(settings.policy), settings.quality)


def _prepare(looking: LoadedWhenNeeded, queues: Collection[str]) -> None:
    """Load what the stages of some queues need; faces are found without the heads."""
    if DESCRIBE in queues:
        looking.get().warm_up()
    elif DETECT in queues:
        looking.get()
