"""`visavis analyze` on real pictures with the real engine: what is written, said and returned."""

import csv
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NoReturn

import cv2
import numpy as np
import orjson
import pytest
from typer.testing import CliRunner, Result

from tests.entry.roofs import a_roof
from visavis.core.errors import Unavailable
from visavis.core.settings import Settings
from visavis.entry import wiring
from visavis.entry.cli import app
from visavis.entry.cli.console import Roof
from visavis.entry.cli.demo import portrait
from visavis.usecases.analysis_json import SCHEMA


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch, weights):
    """Stand in a folder with a portrait, a smaller copy of it below, and files that are none."""
    pictures = tmp_path / "pictures"
    (pictures / "sub").mkdir(parents=True)
    shutil.copy(portrait("skimage"), pictures / "a.png")
    pixels = cv2.imread(str(pictures / "a.png"))
    assert pixels is not None
    cv2.imwrite(str(pictures / "sub" / "a.webp"), cv2.resize(pixels, None, fx=0.5, fy=0.5))
    (pictures / "notes.txt").write_text("not a picture")
    (pictures / "cut.png").write_bytes((pictures / "a.png").read_bytes()[:5000])
    monkeypatch.chdir(tmp_path)
    return pictures


def run(*arguments: str, roof: Roof | None = None) -> Result:
    roof = roof or a_roof(build=wiring.build)
    result = CliRunner().invoke(app, ["analyze", *arguments], obj=roof)
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def test_without_an_output_results_go_to_a_folder_that_is_named():
    result = run("pictures")
    assert result.exit_code == 0
    assert result.stdout == ""
    assert "2 pictures, 2 faces, 1 failed, 1 skipped → visavis-out" in result.stderr
    assert sorted(p.as_posix() for p in Path("visavis-out").rglob("*.*")) == [
        *("visavis-out/a.jpg", "visavis-out/a.json"),
        *("visavis-out/sub/a.jpg", "visavis-out/sub/a.json"),
    ]
    written = orjson.loads(Path("visavis-out/sub/a.json").read_bytes())
    assert (written["schema"], written["name"]) == (SCHEMA, "pictures/sub/a.webp")
    plain, drawn = cv2.imread("pictures/a.png"), cv2.imread("visavis-out/a.jpg")
    assert plain is not None
    assert drawn is not None
    assert plain.shape == drawn.shape
    assert np.abs(plain.astype(int) - drawn).max() > 100  # a line was drawn in


def test_a_second_run_over_the_folder_does_not_analyse_its_own_output():
    assert run(".").exit_code == 0
    again = run(".")
    assert "2 pictures, 2 faces" in again.stderr


def test_json_on_stdout_is_one_document_with_everything(folder):
    result = run("pictures", "--json", "-", "--features", "points,mesh,embedding")
    document = orjson.loads(result.stdout)
    big, small = document["results"]
    assert [big["name"], small["name"]] == ["pictures/a.png", "pictures/sub/a.webp"]
    (face,) = big["faces"]
    assert len(face["mesh"]) == 468
    assert len(face["points"]) == 5
    assert np.linalg.norm(face["embedding"]) == pytest.approx(1, abs=1e-5)
    half = np.array(list(small["faces"][0]["box"].values()))
    assert np.abs(2 * half - list(face["box"].values())).max() < 0.1 * big["width"]
    assert [failure["name"] for failure in document["failures"]] == ["pictures/cut.png"]
    assert document["failures"][0]["error"]["category"] == "truncated"
    assert document["skipped"] == ["pictures/notes.txt"]
    assert not Path("visavis-out").exists()


def test_failed_and_skipped_files_are_named_with_the_reason():
    said = run("pictures").stderr.splitlines()
    assert any(line.startswith("failed: pictures/cut.png: ") for line in said)
    assert "skipped, not a picture: pictures/notes.txt" in said


def test_quiet_leaves_failures_only():
    said = run("pictures", "--quiet").stderr.splitlines()
    assert [line.partition(": ")[0] for line in said] == ["failed"]


def test_csv_and_json_files_can_be_written_in_one_run():
    assert run("pictures", "--csv", "t/faces.csv", "--json", "t/faces.json").exit_code == 0
    rows = list(csv.DictReader(Path("t/faces.csv").read_text().splitlines()))
    document = orjson.loads(Path("t/faces.json").read_bytes())
    assert [row["file"] for row in rows] == [result["name"] for result in document["results"]]
    assert float(rows[0]["x1"]) == document["results"][0]["faces"][0]["box"]["x1"]


@pytest.mark.parametrize(
    "option", [("--score", "1"), ("--min-size", "400"), ("--max-faces", "1", "--score", "1")]
)
def test_options_reach_the_detector(option):
    result = run("pictures/a.png", "--json", "-", *option)
    assert orjson.loads(result.stdout)["results"][0]["faces"] == []


def test_jobs_and_pack_reach_the_settings():
    seen: list[Settings] = []

    def build(settings: Settings):
        seen.append(settings)
        return wiring.build(settings)

    roof = a_roof(build=build, records=wiring.open_records, people=wiring.open_people)
    run("pictures/a.png", "--jobs", "3", "--pack", "default", roof=roof)
    assert (seen[0].runtime.workers, seen[0].pack) == (3, "default")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["missing.jpg"], "missing.jpg does not exist"),
        (["*.nothing"], "no file matches"),
        (["pictures", "--score", "7"], "detect.score_threshold"),
        (["pictures", "--jobs", "-1"], "runtime.workers"),
        (["pictures", "--features", "smile"], "there is no feature 'smile'"),
        (["pictures", "--pack", "smile"], "smile"),
        (["pictures", "--json", "-", "--csv", "-"], "name a file"),
        (["pictures/notes.txt"], "failed: pictures/notes.txt"),
        (["pictures/cut.png", "--json", "-"], "failed: pictures/cut.png"),
    ],
)
def test_bad_usage_and_unusable_input_end_with_2_and_a_sentence(arguments, said):
    result = run(*arguments)
    assert result.exit_code == 2
    assert said in result.stderr


def test_a_folder_without_pictures_is_unusable_input():
    Path("texts").mkdir()
    Path("texts/a.txt").write_text("not a picture")
    assert run("texts").exit_code == 2


def test_an_engine_that_cannot_be_built_ends_with_1():
    def build(_: Settings) -> NoReturn:
        raise Unavailable("the engine is away; wait")

    roof = a_roof(build=build, records=wiring.open_records, people=wiring.open_people)
    result = run("pictures", roof=roof)
    assert (result.exit_code, result.stderr) == (1, "error: the engine is away; wait\n")


def test_a_result_that_cannot_be_written_fails_its_picture_and_the_run():
    Path("out").mkdir()
    Path("out/sub").write_text("a file where a folder is needed")
    result = run("pictures", "--out", "out")
    assert result.exit_code == 1
    assert "failed: pictures/sub/a.webp: cannot write out/sub/a" in result.stderr
    assert Path("out/a.json").exists()


def test_an_output_that_cannot_be_opened_ends_with_1():
    Path("file").write_text("")
    result = run("pictures", "--json", "file/below.json")
    assert result.exit_code == 1
    assert result.stderr.startswith("error: ")


def test_a_file_that_vanishes_is_listed_in_its_turn(folder):
    def build(settings: Settings):
        (folder / "a.png").unlink()
        return wiring.build(settings)

    result = run(
        "pictures",
        "--json",
        "-",
        roof=a_roof(
            build=build,
            records=wiring.open_records,
            people=wiring.open_people,
        ),
    )
    document = orjson.loads(result.stdout)
    assert [entry["name"] for entry in document["results"]] == ["pictures/sub/a.webp"]
    assert [entry["error"]["category"] for entry in document["failures"]] == [
        *("unreadable", "truncated")
    ]


def test_a_name_with_terminal_commands_is_shown_harmless(folder):
    (folder / "\x1b[2Jclear.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    said = run("pictures").stderr
    assert "\x1b" not in said
    assert "clear.png" in said


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
def test_a_terminal_sees_a_bar_and_stdout_stays_clean():
    import pty

    main, terminal = pty.openpty()
    command = [sys.executable, "-c", "from visavis.entry.main import main; main()"]
    done = subprocess.run(
        [*command, "analyze", "pictures", "--json", "-"],
        stdout=subprocess.PIPE,
        stderr=terminal,
        env=os.environ | {"TERM": "xterm"},
        check=True,
    )
    os.close(terminal)
    said = os.read(main, 1_000_000).decode()
    os.close(main)
    assert "analysing" in said
    assert "2 pictures, 2 faces" in said
    assert len(orjson.loads(done.stdout)["results"]) == 2
