"""Clients of our own services, over one connection each that mends itself."""

import json
from pathlib import Path
from typing import Any, TypeVar

import grpc
from google.protobuf.descriptor import MethodDescriptor, ServiceDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from visavis.core.errors import InvalidSettings
from visavis.core.settings import GrpcOptions
from visavis.core.trace import current_parent
from visavis.rpc.errors import raised
from visavis.rpc.generated import aggregator_pb2, face_analysis_pb2, faces_pb2

SECURE, PLAIN = "grpcs://", "grpc://"
PORT = 50051

_RETRIES = {
    "methodConfig": [
        {
            "name": [{}],
            "retryPolicy": {
                "maxAttempts": 5,  # the most that gRPC does
                "initialBackoff": "0.5s",
                "backoffMultiplier": 2,
                "maxBackoff": "3s",
                "retryableStatusCodes": ["UNAVAILABLE"],
            },
        }
    ]
}
"""About 6 seconds in all: a service that was started again answers by then. Each of our methods may
be asked twice; the second time changes nothing."""

_LIVENESS = (
    ("grpc.keepalive_time_ms", 30_000),
    ("grpc.keepalive_timeout_ms", 10_000),
    ("grpc.initial_reconnect_backoff_ms", 200),
    ("grpc.min_reconnect_backoff_ms", 2_000),
    ("grpc.max_reconnect_backoff_ms", 2_000),  # gRPC's own two minutes would outlast any outage
)

_Answer = TypeVar("_Answer", bound=Message)


class Connection:
    """One connection to one of our services; safe to use from several threads.

    It is made when it is first used, and anew whenever it breaks.

    Args:
        url: Where to, `grpc://HOST:PORT` or `grpcs://HOST:PORT`.
        options: With which token, how long to wait.

    Raises:
        InvalidSettings: there is no address, or a certificate cannot be read.
    """

    def __init__(self, url: str, options: GrpcOptions) -> None:
        self.address, secure = _target(url)
        self._deadline_s = options.deadline_s
        token = options.token.get_secret_value()
        self._metadata = (("authorization", f"Bearer {token}"),) if token else ()
        arguments = _arguments(options)
        if secure:
            trusted = _credentials(options)
            self._channel = grpc.secure_channel(self.address, trusted, arguments)
        else:
            self._channel = grpc.insecure_channel(self.address, arguments)

    def call(
        self, method: MethodDescriptor, request: Message, within_s: float | None = None
    ) -> Message:
        """Ask one thing and wait for the answer.

        Args:
            method: One that takes one message and gives one.
            request: What is asked.
            within_s: How long it may take, with all retries; None = as the settings say.

        Raises:
            VisavisError: what the service raised; `Unavailable` where it does not answer.
        """
        ask = self._channel.unary_unary(
            f"/{method.containing_service.full_name}/{method.name}",
            request_serializer=_to_bytes,
            response_deserializer=GetMessageClass(method.output_type).FromString,
        )
        trace = current_parent()
        told = (*self._metadata, ("traceparent", trace.header())) if trace else self._metadata
        try:
            answer: Message = ask(request, timeout=within_s or self._deadline_s, metadata=told)
        except grpc.RpcError as exc:
            failed: Any = exc  # what a call raises is the call itself
            raise raised(failed, self.address) from exc
        return answer

    def close(self) -> None:
        """End the connection, and every call on it."""
        self._channel.close()


class AnalysisClient:
    """Asks an analyzer elsewhere; raises as `Connection.call`.

    Args:
        options: Where it is.
    """

    def __init__(self, options: GrpcOptions) -> None:
        self._connection = Connection(options.url, options)
        self._methods = face_analysis_pb2.DESCRIPTOR.services_by_name["FaceAnalysis"]

    @property
    def address(self) -> str:
        """Where the analyzer is, host and port."""
        return self._connection.address

    def describe(self, within_s: float | None = None) -> face_analysis_pb2.DescribeResponse:
        """Return what the analyzer is made of."""
        method, request = _method(self._methods, "Describe"), face_analysis_pb2.DescribeRequest()
        answer = self._connection.call(method, request, within_s)
        return _checked(answer, face_analysis_pb2.DescribeResponse)

    def analyze(self, request: face_analysis_pb2.AnalyzeRequest) -> faces_pb2.Analysis:
        """Return what is found on one picture."""
        answer = self._connection.call(_method(self._methods, "Analyze"), request)
        return _checked(answer, face_analysis_pb2.AnalyzeResponse).analysis

    def close(self) -> None:
        """End the connection."""
        self._connection.close()


class AggregatorClient:
    """Hands in the parts of results; raises as `Connection.call`.

    Args:
        options: Where they meet.
    """

    def __init__(self, options: GrpcOptions) -> None:
        self._connection = Connection(options.aggregator_url, options)
        self._methods = aggregator_pb2.DESCRIPTOR.services_by_name["Aggregator"]

    def collect(self, tenant_id: str, job_id: str, part: str, analysis: faces_pb2.Analysis) -> bool:
        """Hand in one part; the same one may be handed in again.

        Args:
            tenant_id: Whose picture.
            job_id: Of which job.
            part: Which.
            analysis: What the stage found.

        Returns:
            Whether all parts are there.
        """
        request = aggregator_pb2.PartResult(
            tenant_id=tenant_id, job_id=job_id, part=part, analysis=analysis
        )
        answer = self._connection.call(_method(self._methods, "Collect"), request)
        return _checked(answer, aggregator_pb2.Collected).is_complete

    def close(self) -> None:
        """End the connection."""
        self._connection.close()


def _method(service: ServiceDescriptor, name: str) -> MethodDescriptor:
    return service.methods_by_name[name]


def _checked(answer: Message, wanted: type[_Answer]) -> _Answer:
    assert isinstance(answer, wanted)  # noqa: S101  # the descriptor says so
    return answer


def _to_bytes(message: Message) -> bytes:
    return message.SerializeToString()


def _target(url: str) -> tuple[str, bool]:
    """Return host and port of an address, and whether the way there is encrypted."""
    secure = url.startswith(SECURE)
    place = url.removeprefix(SECURE).removeprefix(PLAIN).rstrip("/")
    if not place:
        raise InvalidSettings(
            "there is no address of a gRPC service; set it to grpc://HOST:PORT, or with TLS to "
            "grpcs://HOST:PORT"
        )
    has_port = place.rpartition(":")[2].isdigit() and not place.endswith("]")
    return place if has_port else f"{place}:{PORT}", secure


def _arguments(options: GrpcOptions) -> list[tuple[str, int | str]]:
    cap = options.max_message_bytes
    return [
        *_LIVENESS,
        ("grpc.service_config", json.dumps(_RETRIES)),
        ("grpc.per_rpc_retry_buffer_size", cap),  # what does not fit in is never sent again
        ("grpc.max_receive_message_length", cap),
    ]


def _credentials(options: GrpcOptions) -> grpc.ChannelCredentials:
    """Return whom to trust, and the certificate to show where there is one."""
    return grpc.ssl_channel_credentials(
        root_certificates=read_pem(options.tls_ca),
        private_key=read_pem(options.tls_key),
        certificate_chain=read_pem(options.tls_cert),
    )


def read_pem(path: str) -> bytes | None:
    """Return what is in a certificate or key file; None where none is named.

    Raises:
        InvalidSettings: it cannot be read.
    """
    if not path:
        return None
    try:
        return Path(path).read_bytes()
    except OSError as exc:
        raise InvalidSettings(
            f"{path} cannot be read ({exc.strerror}); check VISAVIS_GRPC__TLS_CERT, _KEY and _CA"
        ) from exc
