"""The gRPC server itself: health, reflection, TLS, ports, starting and stopping."""

import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf.descriptor_pool import DescriptorPool
from grpc_health.v1 import health_pb2
from grpc_health.v1.health_pb2_grpc import HealthStub
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import (
    ProtoReflectionDescriptorDatabase,
)
from grpc_reflection.v1alpha.reflection_pb2 import ServerReflectionRequest
from grpc_reflection.v1alpha.reflection_pb2_grpc import ServerReflectionStub

from tests.entry.certificates import authority, signed
from tests.entry.grpc_running import Asker, refusal, serving_grpc
from tests.entry.http_running import portraits
from visavis.core.errors import InvalidSettings, Unavailable
from visavis.core.settings import BatchOptions, GrpcOptions, ImageOptions, load_settings
from visavis.entry.grpc_api.server import GrpcServer
from visavis.entry.main import require_loopback
from visavis.entry.services import Records, Services
from visavis.entry.wiring import open_people, open_records
from visavis.rpc.client import AnalysisClient
from visavis.rpc.generated.face_analysis_pb2 import AnalyzeRequest, AnalyzeStreamRequest
from visavis.usecases.analysis import Analyses
from visavis.vision.analyzer import Analyzer

MAIN = [sys.executable, "-c", "from visavis.entry.main import main; main()"]
SERVED = {
    "grpc.health.v1.Health",
    "grpc.reflection.v1alpha.ServerReflection",
    "visavis.v1.Aggregator",
    "visavis.v1.FaceAnalysis",
    "visavis.v1.Recognition",
}
Status = health_pb2.HealthCheckResponse


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Records]:
    """Give accounts of a deployment where people log in."""
    settings = load_settings(data=tmp_path_factory.mktemp("guarded"))
    with closing(open_records(settings)) as opened:
        yield opened


def test_health_tells_everybody_whether_pictures_are_looked_at(
    services: Services, analyzer: Analyzer, guarded: Records
) -> None:
    mine = Analyses(analyzer, ImageOptions(), BatchOptions(), workers=1)
    with serving_grpc(replace(services, analyses=mine), guarded, token="ours") as asker:
        health = HealthStub(asker.channel)
        known = replace(asker, secret="ours").metadata
        before = [health.Check(health_pb2.HealthCheckRequest(service=n)).status for n in NAMES]
        watch = health.Watch(health_pb2.HealthCheckRequest(), metadata=known, timeout=60)
        watched = [next(watch).status]
        mine.close()
        after = [health.Check(health_pb2.HealthCheckRequest(service=n)).status for n in NAMES]
        watched.append(next(watch).status)
        listed = health.List(health_pb2.HealthListRequest(), metadata=known).statuses
        with pytest.raises(grpc.RpcError) as absent:
            health.Check(health_pb2.HealthCheckRequest(service="visavis.v1.Nothing"))
        with pytest.raises(grpc.RpcError) as stranger:
            next(health.Watch(health_pb2.HealthCheckRequest()))

    assert before == [Status.SERVING] * len(NAMES)
    assert after == [Status.NOT_SERVING] * len(NAMES)
    assert watched == [Status.SERVING, Status.NOT_SERVING]
    assert {name: each.status for name, each in listed.items()} == dict.fromkeys(
        NAMES, Status.NOT_SERVING
    )
    assert refusal(absent.value).code is grpc.StatusCode.NOT_FOUND
    assert refusal(stranger.value).code is grpc.StatusCode.UNAUTHENTICATED


NAMES = ("", "visavis.v1.FaceAnalysis", "visavis.v1.Recognition", "visavis.v1.Aggregator")


def test_reflection_tells_those_who_are_known_what_is_served(guarded: Records) -> None:
    with serving_grpc(None, guarded, token="ours") as asker:
        stub, ask = ServerReflectionStub(asker.channel), ServerReflectionRequest(list_services="")
        known = replace(asker, secret="ours").metadata
        (told,) = stub.ServerReflectionInfo(iter([ask]), metadata=known)
        with pytest.raises(grpc.RpcError) as stranger:
            next(stub.ServerReflectionInfo(iter([ask])))
    assert {each.name for each in told.list_services_response.service} == SERVED
    assert refusal(stranger.value).code is grpc.StatusCode.UNAUTHENTICATED


def test_a_client_that_has_no_proto_files_learns_the_messages(records: Records) -> None:
    with serving_grpc(None, records) as asker:
        pool = DescriptorPool(ProtoReflectionDescriptorDatabase(asker.channel))
        service = pool.FindServiceByName("visavis.v1.FaceAnalysis")
        assert {method.name for method in service.methods} == {
            "Describe",
            "Analyze",
            "AnalyzeStream",
        }
        assert pool.FindMessageTypeByName("visavis.v1.Face").fields_by_name["mesh"]


def test_tls_shows_a_certificate_and_may_ask_for_one(
    services: Services, records: Records, tmp_path: Path
) -> None:
    trusted = authority(tmp_path / "authority")
    ours, theirs = signed(tmp_path / "server", trusted), signed(tmp_path / "client", trusted)
    other = authority(tmp_path / "other")
    shown: dict[str, Any] = {"tls_cert": ours.cert_file, "tls_key": ours.key_file}

    def described(asker: Asker, **client: str) -> str:
        url = asker.address.replace("127.0.0.1", "localhost")
        options = GrpcOptions.model_validate({"url": url, "deadline_s": 10.0} | client)
        with closing(AnalysisClient(options)) as opened:
            return opened.describe(3.0).embedder

    embedder = services.analyses.embedder
    with serving_grpc(services, records, **shown) as asker:
        assert asker.address.startswith("grpcs://")
        assert described(asker, tls_ca=trusted.cert_file) == embedder
        with pytest.raises(Unavailable):
            described(asker, tls_ca=other.cert_file)
    with serving_grpc(services, records, **shown, tls_ca=trusted.cert_file) as asker:
        card = {"tls_cert": theirs.cert_file, "tls_key": theirs.key_file}
        assert described(asker, tls_ca=trusted.cert_file, **card) == embedder
        with pytest.raises(Unavailable):
            described(asker, tls_ca=trusted.cert_file)


@pytest.mark.parametrize("given", [{"tls_cert": "CERT"}, {"tls_cert": "CERT", "tls_key": "gone"}])
def test_a_key_that_is_missing_is_one_sentence(
    records: Records, tmp_path: Path, given: dict[str, str]
) -> None:
    made = authority(tmp_path / "made")
    options: dict[str, Any] = {
        name: made.cert_file if path == "CERT" else path for name, path in given.items()
    }
    with pytest.raises(InvalidSettings, match="TLS_"), serving_grpc(None, records, **options):
        pass


def test_a_taken_port_is_one_sentence(weights: None, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        command = [*MAIN, "grpc", "--port", str(port), "--data", str(tmp_path / "data")]
        done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 1
    assert done.stderr == f"error: cannot listen on 127.0.0.1:{port}; choose another port\n"


def test_two_servers_never_share_a_port(records: Records) -> None:
    with serving_grpc(None, records) as asker:
        port = int(asker.address.rpartition(":")[2])
        with pytest.raises(Unavailable), serving_grpc(None, records, port=port):
            pass


def test_stopping_lets_calls_in_progress_finish(
    services: Services, records: Records, shared_data: Path
) -> None:
    data = portraits(shared_data, 1)[0].read_bytes()
    sent, stopping = threading.Event(), threading.Event()

    def requests() -> Iterator[AnalyzeStreamRequest]:
        yield AnalyzeStreamRequest(id="first", picture=AnalyzeRequest(image=data))
        sent.set()
        assert stopping.wait(60)
        yield AnalyzeStreamRequest(id="second", picture=AnalyzeRequest(image=data))

    people = open_people(services, records)
    server = GrpcServer(GrpcOptions(port=0), services, records, people)
    server.start()
    with grpc.insecure_channel(f"localhost:{server.port}") as channel:
        asker = Asker(server.address, channel, server)
        stream = asker.stream("FaceAnalysis.AnalyzeStream", requests())
        ids = [next(stream).id]
        assert sent.wait(60)
        stop = threading.Thread(target=server.stop)
        stop.start()
        stopping.set()
        ids += [answer.id for answer in stream]
        stop.join(60)
    assert not stop.is_alive()
    assert ids == ["first", "second"]


def test_more_calls_than_can_wait_are_refused(services: Services, records: Records) -> None:
    opened = threading.Event()

    def nothing() -> Iterator[AnalyzeStreamRequest]:
        assert opened.wait(60)
        yield from ()

    with serving_grpc(services, records, workers=1) as asker:
        streams = [asker.stream("FaceAnalysis.AnalyzeStream", nothing()) for _ in range(5)]
        with pytest.raises(grpc.RpcError) as refused:
            HealthStub(asker.channel).Check(health_pb2.HealthCheckRequest(), timeout=60)
        opened.set()
        assert [list(stream) for stream in streams] == [[]] * 5
    assert refusal(refused.value).code is grpc.StatusCode.RESOURCE_EXHAUSTED


@pytest.mark.parametrize("told", [signal.SIGINT, signal.SIGTERM])
def test_the_command_serves_until_it_is_told_to_stop(tmp_path, weights, told) -> None:
    command = [*MAIN, "grpc", "--port", "0", "--data", str(tmp_path / "data")]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, cwd=tmp_path) as server:
        assert server.stderr is not None
        try:
            line = server.stderr.readline()
            place = re.search(r"grpc://(\S+)", line)
            assert place, line
            with grpc.insecure_channel(place[1]) as channel:
                asked = HealthStub(channel).Check(health_pb2.HealthCheckRequest(), timeout=60)
            assert asked.status == Status.SERVING
            server.send_signal(told)
            said = server.stderr.read()
        finally:
            if server.poll() is None:
                server.send_signal(told)
    assert (server.returncode, said) == (0, "stopped\n")


def test_without_logging_in_it_serves_this_machine_only(tmp_path: Path) -> None:
    settings = load_settings(data=tmp_path, accounts={"login": False}, grpc={"host": "0.0.0.0"})
    with pytest.raises(InvalidSettings, match="this machine only"):
        require_loopback(settings, settings.grpc.host)
