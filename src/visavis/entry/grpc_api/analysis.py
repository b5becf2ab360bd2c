"""`FaceAnalysis`: pictures in, faces out."""

from collections.abc import Iterator, Mapping

from visavis import __version__
from visavis.core.errors import DeadlineExceeded
from visavis.entry.grpc_api.access import ANALYSE
from visavis.entry.grpc_api.calls import Call, Method
from visavis.entry.grpc_api.pictures import Pictures
from visavis.entry.grpc_api.streaming import Stream
from visavis.entry.services import Records, Services
from visavis.rpc.generated import face_analysis_pb2 as pb


class FaceAnalysis:
    """Serves `FaceAnalysis`; safe to use from several threads.

    Args:
        services: Looks at pictures.
        records: Knows what an organisation allows.
        idle_s: How long a stream may do nothing at all.
    """

    def __init__(self, services: Services, records: Records, idle_s: float) -> None:
        self._services, self._idle_s = services, idle_s
        self._pictures = Pictures(services, records)

    def methods(self) -> Mapping[str, Method]:
        """Return how each method is served."""
        return {
            "Describe": Method(ANALYSE, self._describe),
            "Analyze": Method(ANALYSE, self._analyze),
            "AnalyzeStream": Method(ANALYSE, self._stream),
        }

    def _describe(self, _: Call, __: pb.DescribeRequest) -> pb.DescribeResponse:
        analyses, settings = self._services.analyses, self._services.settings
        return pb.DescribeResponse(
            pack=analyses.pack,
            embedder=analyses.embedder,
            version=__version__,
            max_image_bytes=settings.images.max_bytes,
        )

    def _analyze(self, call: Call, request: pb.AnalyzeRequest) -> pb.AnalyzeResponse:
        asked = self._pictures.submit(call.caller, request)
        try:
            found = asked.future.result(timeout=call.left_s())
        except TimeoutError as exc:
            asked.future.cancel()
            raise DeadlineExceeded("it took longer than allowed; allow more time") from exc
        return pb.AnalyzeResponse(analysis=self._pictures.told(asked, found))

    def _stream(
        self, call: Call, requests: Iterator[pb.AnalyzeStreamRequest]
    ) -> Iterator[pb.AnalyzeStreamResponse]:
        given = self._pictures, self._services.analyses, call, self._idle_s
        return Stream(*given).answers(requests)
