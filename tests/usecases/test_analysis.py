import json
from concurrent.futures import Future
from typing import Any

import pytest

from tests.vision.pictures import jpeg, portrait
from visavis.core.errors import DeadlineExceeded, InvalidImage
from visavis.core.settings import BatchOptions, ImageOptions
from visavis.core.types import Feature, Source
from visavis.usecases.analysis import Analyses, Analysis, Failure
from visavis.usecases.analysis_json import to_dict, to_json

ALL = frozenset(Feature)


@pytest.fixture
def good(shared_data):
    return Source("anna.jpg", jpeg(portrait(shared_data)))


def test_results_come_in_order_and_a_bad_picture_fails_alone(services, good):
    sources = [good, Source("notes.txt", b"dear diary"), good, Source("cut.jpg", good.data[:5000])]
    outcomes: list[Any] = list(services.analyses.analyze(iter(sources * 5)))
    assert [type(outcome) for outcome in outcomes] == [Analysis, Failure, Analysis, Failure] * 5
    assert [outcome.name for outcome in outcomes] == [source.name for source in sources] * 5
    assert outcomes[1].category == "unsupported"
    assert outcomes[3].category == "truncated"


def test_sources_are_read_only_a_few_ahead(services, good):
    read = 0

    def endless():
        nonlocal read
        while True:
            read += 1
            yield good

    results = services.analyses.analyze(endless())
    next(results)
    assert read < 60
    results.close()


def test_a_future_raises_what_happened(services):
    future = services.analyses.submit(Source("x", b""))
    with pytest.raises(InvalidImage):
        services.analyses.result(future)


def test_a_caller_does_not_wait_for_ever(analyzer):
    analyses = Analyses(analyzer, ImageOptions(), BatchOptions(deadline_s=0.01), workers=1)
    never: Future[Analysis] = Future()
    with pytest.raises(DeadlineExceeded, match="smaller picture"):
        analyses.result(never)
    late = analyses.outcome("x", Future())
    assert isinstance(late, Failure)
    assert late.category == "deadline"
    analyses.close()


def test_warming_up_changes_nothing_but_the_wait(services, good):
    before = next(services.analyses.analyze([good], ALL))
    services.analyses.warm_up()
    after = next(services.analyses.analyze([good], ALL))
    assert isinstance(before, Analysis)
    assert isinstance(after, Analysis)
    assert (before.faces.boxes == after.faces.boxes).all()


def test_ready_until_closed(analyzer):
    analyses = Analyses(analyzer, ImageOptions(), BatchOptions(), workers=2)
    assert analyses.problems() == []
    analyses.close()
    assert analyses.problems() == ["0 of 2 analysis workers are alive"]


def test_json_holds_what_was_asked_for(services, good):
    outcome = next(services.analyses.analyze([good], ALL, annotate=True))
    everything = json.loads(to_json(to_dict(outcome, ALL)))
    face = everything["faces"][0]
    assert everything["num_faces"] == 1
    assert set(face["box"]) == {"x1", "y1", "x2", "y2"}
    assert list(face["points"]) == ["eye_left", "eye_right", "nose", "mouth_left", "mouth_right"]
    assert len(face["mesh"]) == 468
    assert len(face["embedding"]) == 128
    assert outcome.annotated.startswith(b"\xff\xd8")
    plain = to_dict(outcome, set())["faces"][0]
    assert set(plain) == {"face_index", "box", "score"}
    failure = to_dict(Failure("x", "corrupt", "why"), ALL)
    assert failure == {"name": "x", "error": {"category": "corrupt", "reason": "why"}}
