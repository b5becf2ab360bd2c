import json
from concurrent.futures import Future
from contextlib import closing
from dataclasses import replace
from itertools import repeat
from typing import Any

import pytest
from structlog.testing import capture_logs

from tests.entry.promoted import PURPOSES, promote
from tests.vision.pictures import jpeg, portrait
from visavis.core.attributes import Head
from visavis.core.errors import DeadlineExceeded, InvalidImage, NotAllowed
from visavis.core.settings import BatchOptions, ImageOptions, RuntimeOptions, load_settings
from visavis.core.types import Feature, Source
from visavis.entry.wiring import build
from visavis.usecases.analysis import Analyses, Analysis, Failure
from visavis.usecases.analysis_json import to_dict, to_json
from visavis.vision.heads.shelf import HeadShelf
from visavis.vision.stages.attributes import Attributes

ALL = frozenset({Feature.POINTS, Feature.MESH, Feature.EMBEDDING})


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


@pytest.mark.parametrize("feature", [Feature.EMOTION, Feature.RACE])
def test_what_the_policy_forbids_is_refused_before_anything_is_queued(analyzer, good, feature):
    analyses = Analyses(analyzer, ImageOptions(), BatchOptions(), workers=1)
    with pytest.raises(NotAllowed, match=feature):
        analyses.submit(good, {feature})
    with pytest.raises(NotAllowed, match=feature):
        list(analyses.analyze([good], {Feature.AGE, feature}))
    assert analyses.waiting() == 0
    analyses.close()


def test_sensitive_answers_come_with_a_record_and_drift_is_counted(analyzer, good, tmp_path):
    settings = load_settings(data=promote(tmp_path), policy=PURPOSES)
    services = build(settings)
    with closing(services.analyses), capture_logs() as logged:
        wanted = {Feature.RACE, Feature.EMOTION, Feature.GENDER}
        (outcome,) = services.analyses.analyze([good], wanted)
        readings = {reading.subject: reading for reading in services.drift.readings()}
    assert isinstance(outcome, Analysis)
    assert set(outcome.faces.heads) == {Head.RACE, Head.EMOTION, Head.GENDER}
    uses = [entry for entry in logged if entry["event"] == "sensitive_feature_used"]
    assert [(use["feature"], use["faces"]) for use in uses] == [("emotion", 1), ("race", 1)]
    assert [use["purpose"] for use in uses] == list(PURPOSES.values())
    assert good.name not in str(logged)
    assert [readings[name].faces for name in ("age", "gender", "race")] == [0, 1, 1]


def test_versions_are_those_of_the_set_that_answered_while_heads_are_exchanged(good, tmp_path):
    women, men = {Head.GENDER: (0.9, 0.1)}, {Head.GENDER: (0.2, 0.8)}
    services = build(load_settings(data=promote(tmp_path, "women-1", women)))
    seen: set[str] = set()
    with closing(services.analyses):
        for outcome in services.analyses.analyze(repeat(good), {Feature.GENDER}):
            assert isinstance(outcome, Analysis)
            said = to_dict(outcome, {Feature.GENDER})["faces"][0]["gender"]
            assert (said["version"], said["value"]) in {("women-1", "female"), ("men-1", "male")}
            if not seen:
                promote(tmp_path, "men-1", men)
            seen.add(said["version"])
            if len(seen) == 2:
                break
        assert "men-1" in {reading.version for reading in services.drift.readings()}


def test_a_head_that_nobody_answers_is_named(good, analyzer, tmp_path):
    nobody = Attributes(HeadShelf(tmp_path, RuntimeOptions(), bundled=tmp_path))
    headless = replace(analyzer, attributes=nobody)
    analyses = Analyses(headless, ImageOptions(), BatchOptions(), workers=1)
    with closing(analyses):
        (outcome,) = analyses.analyze([good], {Feature.AGE})
    assert isinstance(outcome, Failure)
    assert outcome.category == "weights"
    assert "age" in outcome.reason


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
