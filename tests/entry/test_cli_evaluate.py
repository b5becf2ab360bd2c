"""`visavis evaluate` on real pictures with the real engine: what is printed, and exit codes."""

import zipfile

import cv2
import numpy as np
import orjson
import pytest
from typer.testing import CliRunner

from tests.entry.roofs import a_roof
from visavis.core.types import Source
from visavis.entry import wiring
from visavis.entry.cli import app
from visavis.entry.cli.demo import portrait

ROOF = a_roof(
    build=wiring.build,
    records=wiring.open_records,
    people=wiring.open_people,
)


def run(*arguments):
    result = CliRunner().invoke(app, ["evaluate", *map(str, arguments)], obj=ROOF)
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


@pytest.fixture
def root(tmp_path, weights):
    """Two people with two pictures each, one picture without a face, one that is none."""
    folder = tmp_path / "pictures"
    folder.mkdir()
    for name, package in (("eileen", "skimage"), ("grace", "matplotlib")):
        pixels = cv2.imread(str(portrait(package)))
        assert pixels is not None
        cv2.imwrite(str(folder / f"{name}1.png"), pixels)
        cv2.imwrite(str(folder / f"{name}2.png"), cv2.resize(pixels, None, fx=0.7, fy=0.7))
    cv2.imwrite(str(folder / "sky.png"), np.full((200, 200, 3), 200, np.uint8))
    (folder / "text.jpg").write_text("no picture")
    return folder


def pairs_file(folder, *extra):
    rows = ["a,b,same", "eileen1.png,eileen2.png,1", "grace1.png,grace2.png,1"]
    rows += ["eileen1.png,grace1.png,0", "grace2.png,eileen2.png,0", *extra]
    path = folder / "pairs.csv"
    path.write_text("\n".join(rows) + "\n")
    return path


def test_verification_prints_one_json_object_and_nothing_else(root, tmp_path):
    result = run("verification", "--root", root, "--pairs", pairs_file(tmp_path), "--json")

    figures = orjson.loads(result.stdout)
    assert result.exit_code == 0
    assert figures["pairs"] == 4
    assert figures["accuracy"] == 1
    assert figures["eer"] == 0
    assert figures["tar_at_far"] == {"0.01": None, "0.001": None, "0.0001": None}
    assert figures["failures_to_acquire"] == 0
    assert figures["pack"] == "default"


def test_pictures_that_fail_count_as_errors_and_are_listed(root, tmp_path):
    extra = ["eileen1.png,sky.png,0", "eileen1.png,text.jpg,1", "grace1.png,gone.png,1"]
    result = run("verification", "--root", root, "--pairs", pairs_file(tmp_path, *extra), "--json")

    figures = orjson.loads(result.stdout)
    assert result.exit_code == 0
    assert figures["failures_to_acquire"] == 3
    assert figures["failed_pairs"] == 3
    assert figures["accuracy"] == pytest.approx(4 / 7)
    assert {failure["name"] for failure in figures["unreadable"]} == {"text.jpg", "gone.png"}
    assert "text.jpg" in result.stderr


def test_detection_reads_a_zip_in_place_and_finds_the_marked_face(root, tmp_path, services):
    picture = Source("eileen1.png", (root / "eileen1.png").read_bytes())
    (analysis,) = services.analyses.analyze([picture])
    x1, y1, x2, y2 = analysis.faces.boxes[0].round().astype(int)
    boxes = tmp_path / "boxes.txt"
    boxes.write_text(
        f"in/eileen1.png\n1\n{x1} {y1} {x2 - x1} {y2 - y1} 0 0 0 0 0 0\nin/sky.png\n0\n"
    )
    with zipfile.ZipFile(tmp_path / "pictures.zip", "w") as archive:
        for name in ("eileen1.png", "sky.png"):
            archive.write(root / name, f"in/{name}")

    result = run("detection", "--root", tmp_path / "pictures.zip", "--boxes", boxes, "--json")

    figures = orjson.loads(result.stdout)
    assert result.exit_code == 0
    assert (figures["images"], figures["faces"]) == (2, 1)
    assert figures["ap"] == {"all": 1, "h10": 1, "h30": 1, "h60": 1}
    assert figures["recall"] == {"all": 1, "h10": 1, "h30": 1, "h60": 1}
    assert figures["ms_per_image"] > 0


def test_without_json_a_table_shows_the_intervals(root, tmp_path):
    result = run("verification", "--root", root, "--pairs", pairs_file(tmp_path))

    assert result.exit_code == 0
    for words in ("accuracy", "1.0000", "95 % interval", "EER", "failures to acquire"):
        assert words in result.stdout


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ("a,b,same\n../x.png,y.png,1\ny.png,z.png,0\n", "outside the root"),
        ("a,b,same\nx.png,y.png,1\nu.png,z.png,0\n", "none of the listed pictures"),
        ("nonsense\n", "neither LFW's"),
    ],
)
def test_a_list_that_does_not_fit_ends_with_code_2_and_a_sentence(root, tmp_path, rows, words):
    path = tmp_path / "pairs.csv"
    path.write_text(rows)

    result = run("verification", "--root", root, "--pairs", path, "--json")

    assert result.exit_code == 2
    assert result.stdout == ""
    assert words in result.stderr
