"""What is read back from a result is told as it was told first."""

import orjson
import pytest

from tests.usecases.kept_results import analysis, picture
from tests.vision.pictures import jpeg, portrait
from visavis.core.types import Feature, Source
from visavis.usecases.analysis_json import to_dict, to_json
from visavis.usecases.results_analysis import read

ASKED = frozenset(Feature) - {Feature.EMBEDDING, Feature.EMOTION, Feature.RACE}


@pytest.mark.parametrize(
    "features",
    [frozenset(), {Feature.POINTS}, {Feature.AGE, Feature.QUALITY, Feature.POSE}, ASKED],
)
def test_a_real_analysis_comes_back(services, shared_data, features):
    source = Source("anna.jpg", jpeg(portrait(shared_data)))
    found = services.analyses.submit(source, features).result()
    told = orjson.loads(to_json(to_dict(found, features)))
    again = orjson.loads(to_json(to_dict(read(told), features)))
    assert again.pop("took_ms") == told.pop("took_ms")
    for face, before in zip(again["faces"], told["faces"], strict=True):
        for year in ("years", "low", "high") if "age" in before else ():
            assert face["age"].pop(year) == pytest.approx(before["age"].pop(year), abs=0.2)
        assert face == before
    assert {**again, "faces": ()} == {**told, "faces": ()}


def test_a_picture_without_faces_and_unsure_answers_come_back():
    nobody = to_dict(analysis(picture(), ages=()), ASKED)
    assert to_dict(read(nobody), ASKED) == nobody
    unsure = orjson.loads(to_json(to_dict(analysis(picture()), ASKED)))
    unsure["faces"][1]["gender"] |= {"value": "unknown", "confidence": 0.55}
    unsure["faces"][1]["gender"]["probabilities"] = {"female": 0.45, "male": 0.55}
    again = to_dict(read(unsure), ASKED)
    assert [face["gender"]["value"] for face in again["faces"]] == ["female", "unknown"]
