"""Where the parts of results meet: each counts once, and the last one lets the job go on.

A part is kept in the unit in which what follows from it is written: from the boxes the stage that
describes them, from the last part that the whole job is due. So whoever dies, either both happened
or neither did, and the part comes again.
"""

from visavis.core.errors import InvalidInput
from visavis.jobs.delivery import Delivery
from visavis.rpc.client import AggregatorClient
from visavis.rpc.generated.faces_pb2 import Analysis as Message
from visavis.store.jobs import Job
from visavis.store.kinds import JobState
from visavis.store.work import Work
from visavis.usecases import stage_rows
from visavis.usecases.analysis import Analysis
from visavis.usecases.analysis_messages import from_message, to_message
from visavis.usecases.ground import Ground
from visavis.usecases.queues import DESCRIBE, STORE
from visavis.usecases.stage_parts import Part, features_of, needed
from visavis.usecases.tenant_sealing import TenantSealing

PURPOSE = "parts"
"""Purpose of the tenants' key that seals them."""


class Aggregation:
    """Puts parts together; safe to use from several threads and processes.

    Args:
        ground: Of the deployment.
        delivery: Tells workers what follows.
    """

    def __init__(self, ground: Ground, delivery: Delivery) -> None:
        self._ground, self._delivery = ground, delivery
        self._sealing = TenantSealing(ground, PURPOSE)

    def collect(self, tenant_id: str, job_id: str, part: str, analysis: Analysis) -> bool:
        """Take one part; the same one may come again and counts once.

        A part of a job that has ended, or is begun anew just now, counts for nothing.

        Args:
            tenant_id: Whose picture.
            job_id: Of which job.
            part: One of `Part`.
            analysis: What that stage found.

        Returns:
            Whether all parts are there.

        Raises:
            InvalidInput: there is no such part, or no such tenant.
            Unavailable: the database does not answer.
        """
        if part not in set(Part):
            raise InvalidInput(f"a part is one of {', '.join(Part)}; send one of them")
        data = self._sealing.seal(tenant_id, to_message(analysis, "").SerializeToString())
        follows: list[str] = []

        def keep(work: Work) -> bool:
            follows.clear()
            job = work.jobs.hold(tenant_id, job_id)
            if job is None or job.queue != STORE or job.state is not JobState.WAITING:
                return False
            if work.job_parts.add(tenant_id, job_id, part, data, self._ground.clock()):
                follows.extend(self._follow(work, job, Part(part)))
            return self._is_whole(work, job)

        is_whole = self._ground.store.run(keep)
        for queue in follows:
            self._delivery.tell(queue)
        return is_whole

    def found(self, job: Job, part: Part) -> Analysis | None:
        """Return a part that was handed in; None where it was not.

        Raises:
            SealBroken: it was changed.
        """
        with self._ground.store.reading() as work:
            kept = work.job_parts.find(job.tenant_id, job.id, part)
        if kept is None:
            return None
        return from_message(Message.FromString(self._sealing.unseal(job.tenant_id, kept.data)))

    def _follow(self, work: Work, job: Job, part: Part) -> list[str]:
        """Write down what can begin now; return the queues that are to be told."""
        now = self._ground.clock()
        if part is Part.BOXES:
            stage_rows.describe(work, job, now)
            return [DESCRIBE]
        if self._is_whole(work, job) and work.jobs.make_due(job.tenant_id, job.id, now):
            return [STORE]
        return []

    @staticmethod
    def _is_whole(work: Work, job: Job) -> bool:
        return needed(features_of(job)) <= work.job_parts.names(job.tenant_id, job.id)


class RemoteAggregation:
    """Hands parts in where they meet in another process.

    Args:
        client: Of that process.
    """

    def __init__(self, client: AggregatorClient) -> None:
        self._client = client

    def collect(self, tenant_id: str, job_id: str, part: str, analysis: Analysis) -> bool:
        """Hand in one part, see `Aggregation.collect`.

        Raises:
            Unavailable: nobody answers there.
        """
        return self._client.collect(tenant_id, job_id, part, to_message(analysis, ""))

    def close(self) -> None:
        """End the connection."""
        self._client.close()
