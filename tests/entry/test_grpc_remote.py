"""A deployment that has its pictures looked at by another machine, over gRPC."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from tests.entry.grpc_running import Asker, serving_grpc
from tests.entry.http_running import portraits, running_private
from tests.entry.promoted import PURPOSES
from visavis.core.errors import (
    ImageFault,
    InvalidImage,
    InvalidSettings,
    NotAllowed,
    Unavailable,
)
from visavis.core.settings import BatchOptions, GrpcOptions, ImageOptions, load_settings
from visavis.core.types import Feature, Source
from visavis.entry.services import Records, Services
from visavis.entry.wiring import build, open_records
from visavis.rpc.client import AggregatorClient, AnalysisClient
from visavis.rpc.generated.faces_pb2 import Analysis as Message
from visavis.usecases.analysis import Analyses, Analysis, Failure
from visavis.usecases.analysis_json import to_dict, to_json
from visavis.vision.analyzer import Analyzer

TOKEN = "of this deployment alone"
ALL = "all,mesh,embedding"


@pytest.fixture(scope="module")
def there(services: Services, records: Records) -> Iterator[Asker]:
    """Serve what looks at pictures."""
    with serving_grpc(services, records, token=TOKEN) as asker:
        yield asker


@contextmanager
def far(address: str, **more: Any) -> Iterator[Services]:
    """Build a deployment whose pictures are looked at at an address."""
    grpc = {"url": address, "token": TOKEN} | more.pop("grpc", {})
    services = build(load_settings(grpc=grpc, **more))
    with closing(services.analyses):
        yield services


@pytest.fixture
def pictures(shared_data: Path) -> list[Source]:
    return [Source(path.parent.name, path.read_bytes()) for path in portraits(shared_data, 3)]


def test_the_http_api_answers_the_same_wherever_pictures_are_looked_at(
    there: Asker, services: Services, pictures: list[Source]
) -> None:
    files = [("files", (one.name, one.data)) for one in pictures]
    files.insert(1, ("files", ("notes.txt", b"plain words")))
    with ExitStack() as stack:
        distant = stack.enter_context(far(there.address))
        doors = [stack.enter_context(running_private(each)) for each in (services, distant)]
        answers = []
        for door in doors:
            asked = {"features": ALL, "render": "annotated"}
            told = door.post("/api/v1/analyze", files=files, params=asked).json()
            answers.append([entry | {"took_ms": 0} for entry in told["results"]])
            lone = door.post("/api/v1/analyze", files=[("files", ("x", b""))])
            answers[-1].append(lone.json() | {"instance": ""})
            assert door.get("/readyz").json() == {"ready": True, "problems": []}

    here, distant_answer = answers
    assert here == distant_answer
    assert here[1]["error"]["category"] == "unsupported"
    assert here[0]["annotated_jpeg"]


def test_batches_come_in_order_and_a_bad_picture_fails_alone(
    there: Asker, services: Services, pictures: list[Source]
) -> None:
    sent = [pictures[0], Source("words", b"plain words"), *pictures[1:]] * 3
    with far(there.address) as distant:
        assert distant.analyses.embedder == services.analyses.embedder
        assert distant.analyses.pack == services.analyses.pack
        found = list(distant.analyses.analyze(iter(sent), frozenset(Feature) - HIDDEN))
    local = list(services.analyses.analyze(iter(sent), frozenset(Feature) - HIDDEN))
    assert [told(one) for one in found] == [told(one) for one in local]


HIDDEN = frozenset({Feature.EMOTION, Feature.RACE})


def told(outcome: Analysis | Failure) -> bytes:
    return to_json(to_dict(outcome, frozenset(Feature)) | {"took_ms": 0})


def test_what_is_forbidden_or_too_large_here_is_not_asked_there(
    there: Asker, pictures: list[Source], tmp_path: Path
) -> None:
    big = {"images": {"max_bytes": 1000}}
    with far(there.address, **big) as distant:
        with pytest.raises(NotAllowed, match="RACE_PURPOSE"):
            distant.analyses.submit(pictures[0], {Feature.RACE})
        with pytest.raises(InvalidImage) as large:
            distant.analyses.submit(pictures[0]).result(60)
    assert large.value.category is ImageFault.TOO_LARGE
    with (
        far(there.address, policy=PURPOSES) as distant,  # allowed here alone
        pytest.raises(NotAllowed, match="RACE_PURPOSE"),
    ):
        distant.analyses.submit(pictures[0], {Feature.RACE}).result(60)


def test_what_was_seen_is_counted_here(there: Asker, pictures: list[Source]) -> None:
    with far(there.address) as distant, capture_logs() as logged:
        (found,) = distant.analyses.analyze([pictures[0]], {Feature.AGE, Feature.QUALITY})
        counted = {one.subject: round(one.faces) for one in distant.drift.readings()}
    assert isinstance(found, Analysis)
    assert counted["age"] == counted["quality"] == 1
    assert pictures[0].name not in str(logged)


def test_a_server_starts_before_the_other_and_is_ready_when_that_is(
    services: Services, records: Records, pictures: list[Source]
) -> None:
    with serving_grpc(services, records, token=TOKEN) as asker:
        address, port = asker.address, int(asker.address.rpartition(":")[2])
    with far(address) as distant, ThreadPoolExecutor(1) as pool:
        distant.analyses.warm_up()
        assert any("127.0.0.1" in problem for problem in distant.analyses.problems())
        asked = pool.submit(lambda: distant.analyses.submit(pictures[0]).result(60))
        with serving_grpc(services, records, token=TOKEN, port=port):
            assert len(asked.result().faces) == 1
            assert distant.analyses.problems() == []
        with serving_grpc(services, records, token=TOKEN, port=port):  # it was started again
            assert len(distant.analyses.submit(pictures[0]).result(60).faces) == 1


def test_where_nobody_answers_that_is_what_is_told(pictures: list[Source]) -> None:
    nowhere = {"url": "grpc://127.0.0.1:1", "deadline_s": 20.0}
    with far("", grpc=nowhere) as distant:
        with pytest.raises(Unavailable, match=r"nothing answers at 127\.0\.0\.1:1"):
            distant.analyses.submit(pictures[0]).result(60)
        assert distant.analyses.waiting() == 0


def test_the_wrong_token_is_told_to_whoever_runs_it(
    services: Services, tmp_path: Path, pictures: list[Source]
) -> None:
    with (
        closing(open_records(load_settings(data=tmp_path))) as guarded,
        serving_grpc(services, guarded, token="another one") as asker,
        far(asker.address) as distant,
    ):
        (problem,) = distant.analyses.problems()
        with pytest.raises(Unavailable, match="VISAVIS_GRPC__TOKEN"):
            distant.analyses.submit(pictures[0]).result(60)
    assert "VISAVIS_GRPC__TOKEN" in problem


def test_vectors_of_another_embedder_are_refused(
    services: Services, records: Records, analyzer: Analyzer, pictures: list[Source]
) -> None:
    other = replace(analyzer, embedder="another@1")
    changed = Analyses(other, ImageOptions(), BatchOptions(), workers=1)
    with serving_grpc(services, records, token=TOKEN) as asker:
        address, port = asker.address, int(asker.address.rpartition(":")[2])
        with far(address) as distant:
            assert distant.analyses.embedder == "dlib_resnet@1"
            asker.channel.close()
            with ExitStack() as stack:
                stack.callback(changed.close)
                swap(asker, stack, replace(services, analyses=changed), records, port)
                with pytest.raises(Unavailable, match="another@1 now"):
                    distant.analyses.submit(pictures[0], {Feature.EMBEDDING}).result(60)
                assert "start this server again" in distant.analyses.problems()[0]


def swap(asker: Asker, stack: ExitStack, services: Services, records: Records, port: int) -> None:
    """Stop the server behind an asker and start another one in its place."""
    asker.server.stop(0)
    stack.enter_context(serving_grpc(services, records, token=TOKEN, port=port))


class Collected:
    def __init__(self) -> None:
        self.seen: list[Any] = []

    def collect(self, tenant_id: str, job_id: str, part: str, analysis: Analysis) -> bool:
        self.seen.append((tenant_id, job_id, part, analysis.sha256))
        return part == "describe"


def test_parts_of_results_are_handed_in(records: Records) -> None:
    collected = Collected()
    with serving_grpc(None, records, collected, token=TOKEN) as asker:
        options = {"aggregator_url": asker.address, "token": TOKEN}
        with closing(AggregatorClient(GrpcOptions.model_validate(options))) as client:
            part = Message(sha256="a" * 64)
            assert not client.collect("t", "j", "detect", part)
            assert client.collect("t", "j", "describe", part)
    assert [each[2:] for each in collected.seen] == [
        ("detect", "a" * 64),
        ("describe", "a" * 64),
    ]


def test_an_address_that_is_none_is_one_sentence(records: Records) -> None:
    with pytest.raises(InvalidSettings, match="url"):
        load_settings(grpc={"url": "http://somewhere:1"})
    with pytest.raises(InvalidSettings, match="grpc://HOST:PORT"):
        AggregatorClient(GrpcOptions())
    with pytest.raises(InvalidSettings, match="cannot be read"):
        AnalysisClient(GrpcOptions(url="grpcs://somewhere", tls_ca="gone.pem"))
    with closing(AnalysisClient(GrpcOptions(url="grpc://somewhere"))) as client:
        assert client.address == "somewhere:50051"
