"""A real gRPC server on a free port, and a plain client for it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import grpc
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from tests.entry.http_running import faulty_services
from visavis.core.settings import GrpcOptions
from visavis.entry.grpc_api.aggregator import Collector
from visavis.entry.grpc_api.server import GrpcServer
from visavis.entry.services import Records, Services
from visavis.entry.wiring import open_people
from visavis.rpc.generated import aggregator_pb2, face_analysis_pb2, recognition_pb2

SERVICES = {
    name: service
    for module in (face_analysis_pb2, recognition_pb2, aggregator_pb2)
    for name, service in module.DESCRIPTOR.services_by_name.items()
}

WITHIN_S = 120
_UNCAPPED = (("grpc.max_receive_message_length", -1),)


@dataclass(frozen=True)
class Asker:
    """A client of a server.

    Attributes:
        address: Of the server, as it tells it.
        channel: To there.
        server: Itself.
        secret: Shown with every call.
    """

    address: str
    channel: grpc.Channel
    server: GrpcServer
    secret: str = ""

    @property
    def metadata(self) -> tuple[tuple[str, str], ...]:
        return (("authorization", f"Bearer {self.secret}"),) if self.secret else ()

    def ask(self, method: str, request: Message, within_s: float = WITHIN_S) -> Any:
        """Ask `Service.Method` one thing."""
        call = self.channel.unary_unary(*_of(method))
        return call(request, timeout=within_s, metadata=self.metadata)

    def stream(self, method: str, requests: Iterator[Any], within_s: float = WITHIN_S) -> Any:
        """Open a stream."""
        call = self.channel.stream_stream(*_of(method))
        return call(requests, timeout=within_s, metadata=self.metadata)

    def refusal(self, method: str, request: Message, within_s: float = WITHIN_S) -> "Refusal":
        """Ask what is refused; return how."""
        try:
            answer = self.ask(method, request, within_s)
        except grpc.RpcError as exc:
            return refusal(exc)
        raise AssertionError(f"it is answered: {answer}")


@dataclass(frozen=True)
class Refusal:
    """How a call was refused."""

    code: grpc.StatusCode
    details: str
    told: dict[str, str]


def refusal(error: Any) -> Refusal:
    told = {key: str(value) for key, value in error.trailing_metadata() or ()}
    return Refusal(error.code(), error.details() or "", told)


def _of(method: str) -> tuple[str, Any, Any]:
    service, _, name = method.partition(".")
    described = SERVICES[service].methods_by_name[name]
    path = f"/{SERVICES[service].full_name}/{name}"
    read = GetMessageClass(described.output_type).FromString
    return path, lambda message: message.SerializeToString(), read


@contextmanager
def serving_grpc(
    services: Services | None,
    records: Records,
    collector: Collector | None = None,
    credentials: grpc.ChannelCredentials | None = None,
    **given: Any,
) -> Iterator[Asker]:
    """Serve on a free port.

    Args:
        services: Look at pictures; None = every picture is refused.
        records: Know who may.
        collector: Takes the parts of results.
        credentials: With which the client connects, where the server uses TLS.
        given: Options of the server.
    """
    settings = records.ground.settings
    services = services or faulty_services(_unseen, settings)
    options = GrpcOptions.model_validate({"port": 0} | given)
    people = open_people(services, records)
    server = GrpcServer(options, services, records, people, collector)
    server.start()
    try:
        place = server.address.partition("://")[2].replace("127.0.0.1", "localhost")
        if credentials is None:
            channel = grpc.insecure_channel(place, _UNCAPPED)
        else:
            channel = grpc.secure_channel(place, credentials, _UNCAPPED)
        with channel:
            yield Asker(server.address, channel, server)
    finally:
        server.stop(5)


def _unseen() -> None:
    raise AssertionError("no picture comes this far")
