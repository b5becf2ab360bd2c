"""`Aggregator`: where the parts of one result meet."""

from collections.abc import Mapping
from typing import Protocol

from visavis.core.errors import InvalidInput
from visavis.entry.grpc_api.access import SERVICES
from visavis.entry.grpc_api.calls import Call, Method
from visavis.entry.grpc_api.errors import NotServed
from visavis.rpc.generated import aggregator_pb2 as pb
from visavis.usecases.analysis import Analysis
from visavis.usecases.analysis_messages import from_message
from visavis.usecases.stage_parts import Part


class Collector(Protocol):
    """Puts the parts of results together."""

    def collect(self, tenant_id: str, job_id: str, part: str, analysis: Analysis) -> bool:
        """Take one part; the same one may come again and counts once.

        Args:
            tenant_id: Whose picture.
            job_id: Of which job.
            part: One of `Part`.
            analysis: What that stage found.

        Returns:
            Whether all parts are there.
        """


class Aggregator:
    """Serves `Aggregator`.

    Args:
        collector: Takes the parts; None = they do not meet here.
    """

    def __init__(self, collector: Collector | None) -> None:
        self._collector = collector

    def methods(self) -> Mapping[str, Method]:
        """Return how each method is served."""
        return {"Collect": Method(SERVICES, self._collect)}

    def _collect(self, _: Call, request: pb.PartResult) -> pb.Collected:
        if self._collector is None:
            raise NotServed("the parts of results do not meet at this server; ask another one")
        if request.part not in set(Part):
            raise InvalidInput(f"a part is {' or '.join(Part)}; send one of them")
        if not (request.tenant_id and request.job_id and request.HasField("analysis")):
            raise InvalidInput("a part says whose it is, of which job, and what was found")
        told = request.tenant_id, request.job_id, request.part
        analysis = from_message(request.analysis)
        return pb.Collected(is_complete=self._collector.collect(*told, analysis))
