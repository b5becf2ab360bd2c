"""Bulk work: no picture is lost or done twice, whatever was added and wherever it stopped."""

import os
from pathlib import Path
from tempfile import TemporaryDirectory

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from visavis.core.errors import InvalidInput
from visavis.core.types import Feature
from visavis.usecases.bulk import (
    DONE,
    FACES,
    JSON,
    PICTURES,
    Bulk,
    Picture,
    file_of,
    read_mark,
    read_plan,
)
from visavis.usecases.bulk_part import PartWork
from visavis.usecases.bulk_places import FolderPlace
from visavis.usecases.bulk_tables import Tables

ASKED = {"features": ["age"], "detect": {"score_threshold": 0.5}}


def pictures(names: list[str]) -> list[Picture]:
    return [Picture("", f"/photos/{name}", name, chosen=False) for name in names]


def finish(place: FolderPlace, part: int, folders: tuple[str, ...]) -> None:
    for folder in folders:
        place.put(file_of(folder, part), b"{}")


LISTS = st.lists(st.lists(st.integers(0, 60).map(str), max_size=40), min_size=1, max_size=5)


@settings(max_examples=60)
@given(listings=LISTS, stops=st.lists(st.integers(0, 4), max_size=12))
def test_each_picture_is_in_one_part_and_parts_never_change(listings, stops):
    with TemporaryDirectory() as folder:
        place = FolderPlace(Path(folder))
        before: dict[int, list[Picture]] = {}
        for listing in listings:
            bulk = Bulk.open(place, ASKED)
            bulk.add(pictures(list(dict.fromkeys(listing))))
            numbers = Bulk.open(place, ASKED).left()
            planned = {part: read_plan(place, part) for part in numbers}
            assert before.items() <= planned.items()
            before = planned
        names = [picture.name for plan in before.values() for picture in plan]
        assert len(names) == len(set(names))
        assert set(names) == {name for listing in listings for name in listing}
        # Files are written in this order; a part counts when it has all of them.
        order = (FACES, PICTURES, JSON, DONE)
        reached = dict(zip(before, stops, strict=False))
        for part, steps in reached.items():
            finish(place, part, order[:steps])
        whole = {part for part, steps in reached.items() if steps == len(order)}
        assert set(Bulk.open(place, ASKED).left()) == set(before) - whole


@pytest.mark.skipif(os.name != "posix", reason="other systems have no such names")
def test_a_name_that_is_no_text_comes_back_as_it_was(tmp_path):
    key = os.fsdecode(b"/photos/\xff\xfe.jpg")
    place = FolderPlace(tmp_path)
    Bulk.open(place, {"paths": [key]}).add([Picture("", key, "?.jpg", chosen=True)])
    bulk = Bulk.open(place, {"paths": [key]})
    assert read_plan(place, *bulk.left()) == [Picture("", key, "?.jpg", chosen=True)]


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"features": ["age", "pose"], "detect": {"score_threshold": 0.5}}, "was age, is age,pose"),
        ({"features": ["age"], "detect": {"score_threshold": 0.6}}, "was 0.5, is 0.6"),
        ({"features": ["age"], "detect": {}}, "was 0.5, is None"),
    ],
)
def test_another_question_is_refused_by_what_changed(tmp_path, asked, said):
    Bulk.open(FolderPlace(tmp_path), ASKED)
    with pytest.raises(InvalidInput, match=said):
        Bulk.open(FolderPlace(tmp_path), asked)


def test_nothing_is_left_of_a_draft_that_cannot_be_written(tmp_path):
    place = FolderPlace(tmp_path)
    (tmp_path / "faces" / "part-00000.parquet").mkdir(parents=True)
    with pytest.raises(Exception, match="cannot be written"):
        place.put("faces/part-00000.parquet", b"x")
    assert [path.name for path in (tmp_path / "faces").iterdir()] == ["part-00000.parquet"]


class Killed(BaseException):
    """The process ends here."""


@pytest.fixture
def deadly(services, tmp_path):
    """Give work on four pictures of which the third kills whoever reads it, and its place."""
    place = FolderPlace(tmp_path)
    Bulk.open(place, ASKED).add(pictures(["a", "b", "deadly", "d"]))

    def read(picture: Picture) -> bytes:
        if picture.name == "deadly":
            raise Killed
        return b"no picture"

    features = frozenset({Feature.POINTS})
    work = PartWork(services.analyses, 1, read, Tables(features).encode, place, features)
    return work, place


def test_a_picture_that_kills_its_workers_is_left_out_in_the_end(deadly):
    work, place = deadly
    deaths = 0
    while True:
        try:
            done = work.do(0)
            break
        except Killed:
            deaths += 1
            assert deaths < 10
            assert Bulk.open(place, ASKED).left() == [0]
    assert (done.failed, done.skipped) == (1, 3)
    (failure,) = read_mark(place, 0)["failures"]
    assert failure["name"] == "deadly"
    assert failure["error"]["category"] == "deadly"
    assert Bulk.open(place, ASKED).left() == []
    assert place.names("tries") == []


def test_failures_are_written_down_in_full(deadly):
    _, place = deadly
    failed = {"name": "a", "error": {"category": "corrupt", "reason": "it is."}}
    mark = {"part": 0, "pictures": 3, "faces": 5, "failures": [failed], "skipped": []}
    place.put(file_of(DONE, 0), orjson.dumps(mark))
    total, failures = Bulk.open(place, ASKED).finish()
    assert (total.part, total.pictures, total.faces, total.seen) == (1, 3, 5, 4)
    assert failures == [failed]
    assert orjson.loads(place.get("failures.jsonl") or b"") == failed
