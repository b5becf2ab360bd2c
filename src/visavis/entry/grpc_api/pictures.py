"""One picture that came over gRPC: what may be looked for, and what is told of it."""

from collections.abc import Collection
from concurrent.futures import Future
from dataclasses import dataclass

from visavis.core.types import Feature, Source
from visavis.entry.grpc_api.access import Caller
from visavis.entry.services import Records, Services
from visavis.rpc.generated.face_analysis_pb2 import AnalyzeRequest
from visavis.rpc.generated.faces_pb2 import Analysis as Message
from visavis.usecases.analysis import Analysis
from visavis.usecases.analysis_messages import only, to_message
from visavis.usecases.sensitive_use import note_sensitive_use

DEFAULT_FEATURES = frozenset({Feature.POINTS})

LONGEST_NAME = 200
"""Characters of a name that come back."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A picture that is being looked at.

    Attributes:
        caller: Who asked.
        name: What they call it.
        features: What is looked for.
        whole: Whether they want also what is found on the way.
        future: What will be found.
    """

    caller: Caller
    name: str
    features: Collection[Feature]
    whole: bool
    future: "Future[Analysis]"


class Pictures:
    """Has pictures looked at; safe to use from several threads.

    Args:
        services: Looks at pictures.
        records: Knows what an organisation allows.
    """

    def __init__(self, services: Services, records: Records) -> None:
        self._services, self._records = services, records

    def submit(self, caller: Caller, request: AnalyzeRequest, *, wait: bool = False) -> Asked:
        """Queue one picture.

        Args:
            caller: Who asks.
            request: What they sent.
            wait: Block while the queue is full, instead of refusing.

        Raises:
            InvalidInput: there is no such feature.
            NotAllowed: deployment or organisation do not allow one of them.
            Overloaded: the queue is full.
        """
        features, name = self._features(caller, request.features), request.name[:LONGEST_NAME]
        source = Source(name, request.image)
        annotate = request.annotate
        future = self._services.analyses.submit(source, features, annotate=annotate, wait=wait)
        return Asked(caller, name, features, request.whole, future)

    def told(self, asked: Asked, found: Analysis) -> Message:
        """Return what is told of a picture; where that was sensitive, it is written down."""
        if asked.caller.actor is not None:
            used = self._records.ground, asked.caller.actor, asked.features
            note_sensitive_use(*used, 1, len(found.faces))
        found = found if asked.whole else only(found, asked.features)
        return to_message(found, self._services.analyses.embedder)

    def _features(self, caller: Caller, asked: Collection[str]) -> Collection[Feature]:
        """Return what is looked for; services of ours have asked the organisation's rules."""
        if not asked:
            return DEFAULT_FEATURES
        if caller.actor is None:
            return self._services.policy.parse(asked)
        return self._records.privacy.features(caller.actor, asked)
