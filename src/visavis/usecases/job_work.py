"""Work of one process: jobs of some queues, and the sweep that finds what others lost."""

from collections.abc import Collection, Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import timedelta

import structlog

from visavis.core.errors import InvalidInput
from visavis.jobs.delivery import Delivery
from visavis.usecases.ground import Ground
from visavis.usecases.job_kinds import Kind
from visavis.usecases.job_running import Runner
from visavis.usecases.job_sweeping import Sweeping
from visavis.usecases.schedule import Act, Schedule

log = structlog.get_logger(__name__)


class JobWork:
    """Does jobs in this process.

    Args:
        ground: Of the deployment.
        delivery: Tells this process of jobs, and others.
        kinds: All that there are.
        threads: Jobs done at the same time.
    """

    def __init__(
        self, ground: Ground, delivery: Delivery, kinds: Sequence[Kind], threads: int
    ) -> None:
        self._ground, self._delivery, self._kinds = ground, delivery, tuple(kinds)
        self._threads = ground.settings.jobs.threads or threads
        self._sweeping = Sweeping(ground, delivery, kinds)

    @property
    def queues(self) -> frozenset[str]:
        """All queues that there are."""
        return frozenset(kind.queue for kind in self._kinds)

    @contextmanager
    def going_on(self, queues: Collection[str] = ()) -> Iterator[None]:
        """Do jobs meanwhile; at the end those that were begun are finished.

        Args:
            queues: Of which; empty = all.

        Raises:
            InvalidInput: there is no such queue.
        """
        chosen = frozenset(queues) or self.queues
        if unknown := sorted(chosen - self.queues):
            there = ", ".join(sorted(self.queues))
            raise InvalidInput(f"there is no queue {unknown[0]}; those are {there}")
        runner = Runner(self._ground, [kind for kind in self._kinds if kind.queue in chosen])
        with closing(runner), closing(self._sweeper()) as sweeper:
            with self._delivery.working(chosen, self._threads, runner.take_one):
                sweeper.start()
                log.info("working", queues=sorted(chosen), threads=self._threads)
                yield
            log.info("work_stopped", queues=sorted(chosen))

    def _sweeper(self) -> Schedule:
        acts = (
            Act("jobs", self._ground.settings.jobs.sweep, self._sweeping.sweep),
            Act("ended_jobs", timedelta(days=1), self._sweeping.remove_ended),
        )
        return Schedule(acts, timedelta(0))
