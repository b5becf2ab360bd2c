"""Results are written whole or not at all, and never over something that is not ours."""

import csv
import io
import os
from pathlib import Path

import numpy as np
import orjson
import pytest

from visavis.core.types import Faces, Feature
from visavis.entry.cli.files import open_target, replacing
from visavis.entry.cli.inputs import Item
from visavis.entry.cli.outputs import (
    CsvSink,
    FolderSink,
    JsonSink,
    ResultNotWritten,
)
from visavis.usecases.analysis import Analysis, Failure

POINTS = frozenset({Feature.POINTS})


def item(place: str) -> Item:
    return Item(path=Path(place), name=place, place=Path(place), chosen=True)


def analysis(name: str, faces: int = 1) -> Analysis:
    """Return an analysis whose picture is told by its annotated bytes."""
    found = Faces(
        boxes=np.arange(4 * faces, dtype=np.float32).reshape(faces, 4),
        scores=np.linspace(0.9, 0.8, faces, dtype=np.float32),
        points=np.arange(10 * faces, dtype=np.float32).reshape(faces, 5, 2),
    )
    return Analysis(name, "0" * 64, 640, 480, found, "default", 1.0, name.encode())


def write(folder: Path, *places: str) -> dict[str, str]:
    """Write one analysis a place and return file → picture it belongs to."""
    items = [item(place) for place in places]
    sink = FolderSink(folder, items, POINTS)
    for one in items:
        sink.add(one, analysis(one.name))
    return written(folder)


def written(folder: Path) -> dict[str, str]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {
        path.relative_to(folder).as_posix(): orjson.loads(path.read_bytes())["name"]
        if path.suffix == ".json"
        else path.read_text()
        for path in files
    }


def test_a_picture_gives_json_and_an_annotated_copy_in_its_folder(tmp_path):
    assert write(tmp_path / "out", "a.png", "sub/a.webp", "v1.2.jpg") == {
        "a.jpg": "a.png",
        "a.json": "a.png",
        "sub/a.jpg": "sub/a.webp",
        "sub/a.json": "sub/a.webp",
        "v1.2.jpg": "v1.2.jpg",
        "v1.2.json": "v1.2.jpg",
    }


def test_pictures_that_share_a_stem_keep_their_suffix(tmp_path):
    files = write(tmp_path, "a.jpg", "a.png", "A.webp")
    assert set(files.values()) == {"a.jpg", "a.png", "A.webp"}
    assert files["a.png.json"] == files["a.png.jpg"] == "a.png"
    assert len(files) == 6


def test_pictures_that_share_their_whole_place_are_numbered(tmp_path):
    files = write(tmp_path, "a.jpg", "a.jpg", "a.jpg")
    assert sorted(files) == [
        *("a.jpg-2.jpg", "a.jpg-2.json", "a.jpg-3.jpg", "a.jpg-3.json"),
        *("a.jpg.jpg", "a.jpg.json"),
    ]


def test_a_second_run_replaces_the_first(tmp_path):
    first = write(tmp_path, "a.jpg", "b.jpg")
    assert write(tmp_path, "a.jpg", "b.jpg") == first


@pytest.mark.parametrize("foreign", ["a.jpg", "a.json"])
def test_a_file_that_we_did_not_write_is_kept(tmp_path, foreign):
    (tmp_path / foreign).write_text('"mine"')
    FolderSink(tmp_path, [item("a.png")], POINTS).add(item("a.png"), analysis("a.png"))
    assert (tmp_path / foreign).read_text() == '"mine"'
    assert (tmp_path / "a.png.json").exists()
    assert (tmp_path / "a.png.jpg").read_text() == "a.png"


def test_a_name_as_long_as_the_file_system_allows_is_shortened(tmp_path):
    files = write(tmp_path, "x" * 255, "x" * 250 + ".jpg")
    assert set(files.values()) == {"x" * 255, "x" * 250 + ".jpg"}


def test_a_refused_write_fails_the_picture_and_leaves_nothing(tmp_path):
    (tmp_path / "blocked").write_text("a file where a folder is needed")
    sink = FolderSink(tmp_path, [item("blocked/a.jpg")], POINTS)
    with pytest.raises(ResultNotWritten, match="blocked"):
        sink.add(item("blocked/a.jpg"), analysis("a"))
    assert [path.name for path in tmp_path.iterdir()] == ["blocked"]


def test_a_file_is_replaced_only_when_all_of_it_is_written(tmp_path):
    target = tmp_path / "new" / "file"
    with replacing(target) as file:
        file.write(b"first")
    with pytest.raises(TypeError), replacing(target) as file:
        file.writelines([b"half of the sec", None])  # type: ignore[list-item]  # the fault
    assert target.read_bytes() == b"first"
    assert os.listdir(target.parent) == ["file"]  # noqa: PTH208  # hidden drafts would show


def test_the_json_document_holds_results_failures_and_skipped(tmp_path):
    target = tmp_path / "all.json"
    with open_target(str(target)) as file:
        sink = JsonSink(file, POINTS)
        for name in ("a", "b"):
            sink.add(item(name), analysis(name))
        sink.finish([Failure("c", "corrupt", "it is broken")], ["d.txt"])
    document = orjson.loads(target.read_bytes())
    assert [result["name"] for result in document["results"]] == ["a", "b"]
    assert document["failures"][0]["error"] == {"category": "corrupt", "reason": "it is broken"}
    assert document["skipped"] == ["d.txt"]


def test_an_empty_json_document_is_still_a_document():
    file = io.BytesIO()
    JsonSink(file, POINTS).finish([], [])
    assert orjson.loads(file.getvalue()) == {"results": [], "failures": [], "skipped": []}


@pytest.mark.parametrize(("features", "columns"), [(POINTS, 17), (frozenset(), 7)])
def test_the_table_has_a_row_a_face_and_numbers_in_their_columns(features, columns):
    file = io.BytesIO()
    sink = CsvSink(file, features)
    sink.add(item("none.jpg"), analysis("none.jpg", faces=0))
    sink.add(item('odd,"name.jpg'), analysis("odd", faces=2))
    sink.finish([], [])
    header, *rows = csv.reader(io.StringIO(file.getvalue().decode()))
    assert len(header) == columns
    assert [dict(zip(header, row, strict=True))["file"] for row in rows] == ['odd,"name.jpg'] * 2
    second = dict(zip(header, rows[1], strict=True))
    assert (second["face_index"], second["x1"], second["y2"]) == ("1", "4.00", "7.00")
    assert float(second["score"]) == pytest.approx(0.8)
    if features:
        assert (second["eye_left_x"], second["mouth_right_y"]) == ("10.00", "19.00")
