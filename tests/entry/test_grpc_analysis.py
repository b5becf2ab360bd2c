"""`FaceAnalysis` on a real server with the real engine."""

import threading
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import grpc
import pytest

from tests.entry.grpc_running import Asker, refusal, serving_grpc
from tests.entry.http_running import portraits
from visavis.core.settings import BatchOptions, ImageOptions
from visavis.core.types import Feature, Source
from visavis.entry.services import Records, Services
from visavis.rpc.generated.face_analysis_pb2 import (
    AnalyzeRequest,
    AnalyzeStreamRequest,
    DescribeRequest,
)
from visavis.usecases.analysis import Analyses, Analysis
from visavis.usecases.analysis_json import to_dict, to_json
from visavis.usecases.analysis_messages import from_message
from visavis.vision.analyzer import Analyzer

ALL = frozenset(Feature) - {Feature.EMOTION, Feature.RACE}
Code = grpc.StatusCode


@pytest.fixture(scope="module")
def asker(services: Services, records: Records) -> Iterator[Asker]:
    with serving_grpc(services, records) as asker:
        yield asker


@pytest.fixture(scope="module")
def pictures(shared_data: Path) -> list[bytes]:
    return [path.read_bytes() for path in portraits(shared_data, 4)]


def told(found: Analysis, features: Iterable[Feature]) -> bytes:
    """Return the JSON of an analysis, but for the time that it took."""
    return to_json(to_dict(found, frozenset(features)) | {"took_ms": 0})


def test_an_analysis_is_the_local_one_to_the_last_digit(
    asker: Asker, services: Services, pictures: list[bytes]
) -> None:
    here = services.analyses.submit(Source("me", pictures[0]), ALL, annotate=True).result()
    request = AnalyzeRequest(name="me", image=pictures[0], features=sorted(ALL), annotate=True)
    message = asker.ask("FaceAnalysis.Analyze", request).analysis
    there = from_message(message)

    assert told(there, ALL) == told(here, ALL)
    assert there.annotated == here.annotated
    assert there.reasons == here.reasons
    assert message.embedder == services.analyses.embedder


def test_features_are_what_is_asked_for(asker: Asker, pictures: list[bytes]) -> None:
    def parts(*features: str, whole: bool = False) -> dict[str, bool]:
        request = AnalyzeRequest(image=pictures[0], features=features, whole=whole)
        (face,) = asker.ask("FaceAnalysis.Analyze", request).analysis.faces.faces
        assert face.points.nose.x > face.points.eye_left.x
        return {name: bool(getattr(face, name)) for name in ("mesh", "embedding", "answers")}

    nothing = {"mesh": False, "embedding": False, "answers": False}
    assert parts() == nothing
    assert parts("") == nothing
    assert parts("mesh,embedding") == nothing | {"mesh": True, "embedding": True}
    assert parts("age") == nothing | {"answers": True}
    assert parts("points", whole=True) == nothing | {"mesh": True}


def test_what_cannot_be_used_is_refused_with_its_reason(
    asker: Asker, pictures: list[bytes]
) -> None:
    text = asker.refusal("FaceAnalysis.Analyze", AnalyzeRequest(image=b"plain words"))
    cut = asker.refusal("FaceAnalysis.Analyze", AnalyzeRequest(image=pictures[0][:2000]))
    halo = AnalyzeRequest(image=pictures[0], features=["halo"])
    unknown = asker.refusal("FaceAnalysis.Analyze", halo)
    race = AnalyzeRequest(image=pictures[0], features=["race"])
    off = asker.refusal("FaceAnalysis.Analyze", race)

    assert (text.code, text.told["visavis-category"]) == (Code.INVALID_ARGUMENT, "unsupported")
    assert (cut.code, cut.told["visavis-category"]) == (Code.INVALID_ARGUMENT, "truncated")
    assert unknown.code is Code.INVALID_ARGUMENT
    assert "'halo'" in unknown.details
    assert unknown.told["visavis-problem"] == "invalid-input"
    assert off.code is Code.PERMISSION_DENIED
    assert "VISAVIS_POLICY__RACE_PURPOSE" in off.details


def test_a_stream_answers_every_picture_as_an_analysis_or_a_failure(
    asker: Asker, services: Services, pictures: list[bytes]
) -> None:
    bad = {"text": b"plain words", "empty": b"", "cut": pictures[0][:2000]}
    good = {f"good-{i}": pictures[i % len(pictures)] for i in range(20)}
    sent = [*list(good.items())[:10], *bad.items(), *list(good.items())[10:]]

    def requests() -> Iterator[AnalyzeStreamRequest]:
        for name, data in sent:
            picture = AnalyzeRequest(name=name, image=data, features=["points,embedding"])
            yield AnalyzeStreamRequest(id=name, picture=picture)
        halo = AnalyzeRequest(image=pictures[0], features=["halo"])
        yield AnalyzeStreamRequest(id="halo", picture=halo)
        race = AnalyzeRequest(image=pictures[0], features=["race"])
        yield AnalyzeStreamRequest(id="race", picture=race)
        yield AnalyzeStreamRequest(id="x" * 201, picture=halo)

    answers = list(asker.stream("FaceAnalysis.AnalyzeStream", requests()))
    failed = {a.id: a.failure.category for a in answers if a.WhichOneof("outcome") == "failure"}
    found = {a.id: from_message(a.analysis) for a in answers if a.HasField("analysis")}

    assert len(answers) == len(sent) + 3
    assert failed == {
        "text": "unsupported",
        "empty": "truncated",
        "cut": "truncated",
        "halo": "invalid_input",
        "race": "not_allowed",
        "x" * 200: "invalid_input",
    }
    assert found.keys() == good.keys()
    features = {Feature.POINTS, Feature.EMBEDDING}
    here = services.analyses.analyze([Source(n, data) for n, data in good.items()], features)
    for local in here:
        assert isinstance(local, Analysis)
        assert told(found[local.name], features) == told(local, features)


def test_a_stream_answers_while_its_caller_thinks_about_the_next_picture(
    asker: Asker, pictures: list[bytes]
) -> None:
    answered = threading.Semaphore(0)

    def one_after_the_other() -> Iterator[AnalyzeStreamRequest]:
        for i in range(3):
            yield AnalyzeStreamRequest(id=str(i), picture=AnalyzeRequest(image=pictures[i]))
            assert answered.acquire(timeout=60)

    ids = []
    for answer in asker.stream("FaceAnalysis.AnalyzeStream", one_after_the_other()):
        ids.append(answer.id)
        answered.release()
    assert ids == ["0", "1", "2"]


def test_a_caller_who_leaves_leaves_nothing_behind(
    asker: Asker, services: Services, pictures: list[bytes]
) -> None:
    def endless() -> Iterator[AnalyzeStreamRequest]:
        while True:
            yield AnalyzeStreamRequest(id="x", picture=AnalyzeRequest(image=pictures[0]))

    stream = asker.stream("FaceAnalysis.AnalyzeStream", endless())
    next(stream)
    stream.cancel()
    streams = [thread for thread in threading.enumerate() if thread.name == "stream"]
    for thread in streams:
        thread.join(60)
        assert not thread.is_alive()
    assert asker.ask("FaceAnalysis.Analyze", AnalyzeRequest(image=pictures[0])).analysis.width


def test_it_says_what_it_is_made_of(asker: Asker, services: Services) -> None:
    told = asker.ask("FaceAnalysis.Describe", DescribeRequest())
    analyses = services.analyses
    assert (told.pack, told.embedder) == (analyses.pack, analyses.embedder)
    assert told.max_image_bytes == services.settings.images.max_bytes


def test_what_is_too_large_is_refused_before_it_is_decoded(
    services: Services, analyzer: Analyzer, records: Records, pictures: list[bytes]
) -> None:
    analyses = Analyses(analyzer, ImageOptions(max_bytes=1000), BatchOptions(), workers=1)
    small = replace(services, analyses=analyses)
    with closing(analyses), serving_grpc(small, records) as asker:
        picture = asker.refusal("FaceAnalysis.Analyze", AnalyzeRequest(image=pictures[0]))
    with serving_grpc(services, records, max_message_bytes=1500) as asker:
        message = asker.refusal("FaceAnalysis.Analyze", AnalyzeRequest(image=bytes(2000)))

    assert picture.told["visavis-category"] == "too_large"
    assert message.code is Code.RESOURCE_EXHAUSTED
    assert "larger than max (2" in message.details


def test_a_call_ends_at_the_deadline_of_either_side(
    services: Services, records: Records, pictures: list[bytes]
) -> None:
    request = AnalyzeRequest(image=pictures[0])
    with serving_grpc(services, records, deadline_s=0.001) as asker:
        theirs = asker.refusal("FaceAnalysis.Analyze", request)
        opened = threading.Event()
        with pytest.raises(grpc.RpcError) as idle:
            list(asker.stream("FaceAnalysis.AnalyzeStream", waiting(opened)))
        opened.set()
    assert theirs.code is Code.DEADLINE_EXCEEDED
    assert refusal(idle.value).code is Code.DEADLINE_EXCEEDED
    with serving_grpc(services, records) as asker:
        ours = asker.refusal("FaceAnalysis.Analyze", request, within_s=0.001)
    assert ours.code is Code.DEADLINE_EXCEEDED


def waiting(until: threading.Event) -> Iterator[AnalyzeStreamRequest]:
    """Send nothing for a long time."""
    until.wait(60)
    yield from ()
