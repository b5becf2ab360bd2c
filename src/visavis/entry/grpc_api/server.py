"""The gRPC server: services, caps, TLS; serves until it is told to stop."""

import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import grpc
from google.protobuf.descriptor import ServiceDescriptor
from grpc_health.v1 import health_pb2
from grpc_reflection.v1alpha import reflection_pb2
from grpc_reflection.v1alpha.reflection import ReflectionServicer

from visavis.core.errors import InvalidSettings, Unavailable
from visavis.core.settings import GrpcOptions
from visavis.entry.grpc_api.access import ANYBODY_KNOWN, Admission
from visavis.entry.grpc_api.aggregator import Aggregator, Collector
from visavis.entry.grpc_api.analysis import FaceAnalysis
from visavis.entry.grpc_api.calls import Calls, Method
from visavis.entry.grpc_api.health import Health
from visavis.entry.grpc_api.recognition import Recognition
from visavis.entry.services import People, Records, Services
from visavis.rpc.client import read_pem
from visavis.rpc.generated import aggregator_pb2, face_analysis_pb2, recognition_pb2

STOP_WITHIN_S = 20
"""How long calls in progress may take to finish after a stop signal."""

WAITING = 4
"""Calls that wait for a thread, for each thread; more of them are refused."""

_LIVENESS = (
    ("grpc.keepalive_time_ms", 60_000),
    ("grpc.keepalive_timeout_ms", 20_000),
    ("grpc.http2.min_ping_interval_without_data_ms", 10_000),
    ("grpc.keepalive_permit_without_calls", 1),
)
"""Who does not answer for 80 s is gone; who asks every 10 s whether we are there is no nuisance."""


class GrpcServer:
    """A server on one port; start it, stop it.

    Args:
        options: Where it listens, and its caps.
        services: Looks at pictures.
        records: Knows users and keys.
        people: Tells who somebody is.
        collector: Puts the parts of results together; None = not here.

    Raises:
        Unavailable: the address cannot be listened on.
        InvalidSettings: certificate and key do not fit, or cannot be read.
    """

    def __init__(
        self,
        options: GrpcOptions,
        services: Services,
        records: Records,
        people: People,
        collector: Collector | None = None,
    ) -> None:
        self._options = options
        analysis = FaceAnalysis(services, records, options.deadline_s)
        ours = {
            _service(face_analysis_pb2): analysis.methods(),
            _service(recognition_pb2): Recognition(records, people).methods(),
            _service(aggregator_pb2): Aggregator(collector).methods(),
        }
        self._health = Health(services, records, [service.full_name for service in ours])
        served = ours | {_service(health_pb2): self._health.methods()}
        reflection = _service(reflection_pb2)
        names = [each.full_name for each in (*served, reflection)]
        served |= {reflection: _reflection(names)}
        calls = Calls(Admission(records, options), options.deadline_s)
        self._pool = ThreadPoolExecutor(options.workers, thread_name_prefix="grpc")
        self._server = grpc.server(
            self._pool,
            handlers=[calls.handler(service, methods) for service, methods in served.items()],
            options=_arguments(options),
            maximum_concurrent_rpcs=(1 + WAITING) * options.workers,
        )
        self.port = self._listen()

    @property
    def address(self) -> str:
        """What a client is told, such as `grpc://127.0.0.1:50051`."""
        host = self._options.host
        name = "localhost" if host in {"0.0.0.0", "::", ""} else host  # noqa: S104  # shown
        scheme = "grpcs" if self._options.tls_cert else "grpc"
        return f"{scheme}://{f'[{name}]' if ':' in name else name}:{self.port}"

    def start(self) -> None:
        """Begin to answer."""
        self._health.start()
        self._server.start()

    def stop(self, within_s: float = STOP_WITHIN_S) -> None:
        """Take no more calls and let those in progress finish, for a while."""
        self._health.stop()
        self._server.stop(within_s).wait()
        self._pool.shutdown()

    def _listen(self) -> int:
        host, port = self._options.host, self._options.port
        place = f"{f'[{host}]' if ':' in host else host}:{port}"
        try:
            if self._options.tls_cert or self._options.tls_key:
                return self._server.add_secure_port(place, _credentials(self._options))
            return self._server.add_insecure_port(place)
        except RuntimeError as exc:
            raise Unavailable(f"cannot listen on {host}:{port}; choose another port") from exc


def serve(server: GrpcServer, listening: Callable[[str], None] | None = None) -> None:
    """Serve until SIGINT or SIGTERM, then let calls in progress finish.

    Args:
        server: Which was not started yet.
        listening: Called with the address once calls are answered.
    """
    told = threading.Event()
    with _stops(told):
        server.start()
        try:
            if listening is not None:
                listening(server.address)
            told.wait()
        finally:
            server.stop()


@contextmanager
def _stops(told: threading.Event) -> Iterator[None]:
    """Let signals end the wait and nothing else, so that whoever called can clean up."""
    signals = (signal.SIGINT, signal.SIGTERM)
    before = {number: signal.getsignal(number) for number in signals}
    try:
        for number in signals:
            signal.signal(number, lambda *_: told.set())
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _service(module: object) -> ServiceDescriptor:
    """Return the service that a module of messages describes."""
    services: list[ServiceDescriptor] = list(module.DESCRIPTOR.services_by_name.values())  # type: ignore[attr-defined]  # every such module has one
    return services[0]


def _reflection(names: list[str]) -> dict[str, Method]:
    """Return how clients learn what is served; a stream, and so only for those who are known."""
    reflection = ReflectionServicer(names)
    return {
        "ServerReflectionInfo": Method(
            ANYBODY_KNOWN,
            lambda call, requests: reflection.ServerReflectionInfo(requests, call.context),
        )
    }


def _arguments(options: GrpcOptions) -> list[tuple[str, int]]:
    return [
        *_LIVENESS,
        ("grpc.max_receive_message_length", options.max_message_bytes),
        ("grpc.max_send_message_length", options.max_message_bytes),
        ("grpc.so_reuseport", 0),  # a port that is taken is an error
    ]


def _credentials(options: GrpcOptions) -> grpc.ServerCredentials:
    """Return the certificate to show, and whose certificates clients must show.

    Raises:
        InvalidSettings: a file is missing.
    """
    key, certificate = read_pem(options.tls_key), read_pem(options.tls_cert)
    if key is None or certificate is None:
        raise InvalidSettings(
            "TLS takes VISAVIS_GRPC__TLS_CERT and VISAVIS_GRPC__TLS_KEY; set both"
        )
    trusted = read_pem(options.tls_ca)
    return grpc.ssl_server_credentials(
        [(key, certificate)], root_certificates=trusted, require_client_auth=trusted is not None
    )
