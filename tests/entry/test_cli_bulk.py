"""`visavis analyze --format parquet` with the real engine: what is written, resumed and refused."""

import os
import shutil
import sys
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import orjson
import pytest
from pyarrow import parquet

from tests.entry.test_cli_analysis import run
from visavis.core.errors import InvalidInput
from visavis.core.settings import load_settings
from visavis.entry import cli
from visavis.entry.cli.bulk_worker import Job, Worker, sent
from visavis.entry.cli.demo import portrait
from visavis.usecases.bulk import Bulk
from visavis.usecases.bulk_places import FolderPlace

GOOD = 9


def make_pictures(folder: Path) -> None:
    """Put nine portraits, two broken pictures and a text into a folder and one below it."""
    (folder / "sub").mkdir(parents=True)
    pixels = cv2.imread(str(portrait("skimage")))
    assert pixels is not None
    for i in range(GOOD):
        small = cv2.resize(pixels, None, fx=0.4 + 0.05 * i, fy=0.4 + 0.05 * i)
        cv2.imwrite(
            str(folder / ("sub" if i % 2 else "") / f"{i}.{'png' if i % 3 else 'jpg'}"), small
        )
    (folder / "cut.png").write_bytes((folder / "sub" / "1.png").read_bytes()[:5000])
    (folder / "sub" / "empty.jpg").write_bytes(b"")
    (folder / "notes.txt").write_text("not a picture")


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch, weights):
    """Stand in a folder with pictures; a picture's digits do not depend on what it is run with."""
    make_pictures(tmp_path / "pictures")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("VISAVIS_BATCH__MAX_ITEMS", "1")
    return tmp_path / "pictures"


def bulk(*arguments: str):
    return run(*arguments, "--format", "parquet")


def told(lines: bytes) -> list[dict[str, Any]]:
    """Return what JSON lines say, without the time it took."""
    found = [orjson.loads(line) for line in lines.splitlines()]
    for document in found:
        document.pop("took_ms", None)
    return found


def results(out: str = "visavis-out") -> list[dict[str, Any]]:
    files = sorted(Path(out, "json").iterdir())
    return told(b"".join(file.read_bytes() for file in files))


def marks(out: str = "visavis-out") -> dict[str, int]:
    return {file.name: file.stat().st_mtime_ns for file in Path(out, "done").iterdir()}


def test_it_finds_what_analyze_finds_field_for_field():
    assert bulk("pictures", "--features", "all,mesh,embedding").exit_code == 0
    plain = orjson.loads(run("pictures", "--json", "-", "--features", "all,mesh,embedding").stdout)
    for result in plain["results"]:
        result.pop("took_ms")
    assert len(plain["results"]) == GOOD
    assert results() == plain["results"]
    assert told(Path("visavis-out/failures.jsonl").read_bytes()) == plain["failures"]
    pictures = parquet.read_table("visavis-out/pictures").to_pylist()
    assert [p["name"] for p in pictures if p["status"] == "skipped"] == plain["skipped"]


def test_the_tables_hold_what_the_json_says():
    bulk("pictures", "--features", "all,mesh,embedding")
    table = parquet.read_table("visavis-out/faces")
    rows = {(row["name"], row["face_index"]): row for row in table.to_pylist()}
    documents = results()
    assert len(rows) == sum(document["num_faces"] for document in documents) >= GOOD
    for document in documents:
        for face in document["faces"]:
            row = rows[document["name"], face["face_index"]]
            assert row["sha256"] == document["sha256"]
            assert {side: row[side] for side in face["box"]} == face["box"]
            assert np.array_equal(np.float32(row["embedding"]), np.float32(face["embedding"]))
            assert row["mesh"] == pytest.approx(
                [x for spot in face["mesh"] for x in spot], abs=0.01
            )
            assert row["points"][:2] == pytest.approx(list(face["points"]["eye_left"].values()))
            assert row["age_years"] == face["age"]["years"]
            assert row["gender_probabilities"] == face["gender"]["probabilities"]
            assert row["quality_reasons"] == face["quality"]["reasons"]
            smile = face["expression"]["smile"]
            assert row["expression_smile_value"] == (smile and smile["value"])
    for name in ("points", "mesh", "embedding"):
        assert str(table.schema.field(name).type).startswith("list<element: float")
    pictures = {p["name"]: p for p in parquet.read_table("visavis-out/pictures").to_pylist()}
    assert pictures["pictures/cut.png"]["error_category"] == "truncated"
    assert pictures["pictures/0.jpg"]["num_faces"] == 1


def test_a_table_without_faces_has_the_same_columns(folder):
    shutil.copy(folder / "0.jpg", "face.jpg")
    bulk("face.jpg", "--out", "none", "--score", "1")
    bulk("face.jpg", "--out", "one")
    none, one = parquet.read_table("none/faces"), parquet.read_table("one/faces")
    assert (len(none), len(one)) == (0, 1)
    assert none.schema == one.schema


def test_json_prints_one_summary_and_nothing_else():
    result = bulk("pictures", "--json", "-")
    summary = orjson.loads(result.stdout)
    counts = {key: summary[key] for key in ("pictures", "faces", "failed", "skipped", "parts")}
    assert counts == {"pictures": GOOD, "faces": GOOD, "failed": 2, "skipped": 1, "parts": 3}
    assert [failure["name"] for failure in summary["failures"]] == [
        *("pictures/cut.png", "pictures/sub/empty.jpg")
    ]
    assert orjson.loads(Path("visavis-out/summary.json").read_bytes()) == summary
    assert "failed: pictures/cut.png: " in result.stderr
    assert f"{GOOD} pictures, {GOOD} faces, 2 failed, 1 skipped" in result.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="needs a named pipe")
def test_a_pipe_that_the_summary_goes_to_stays_one(tmp_path):
    os.mkfifo("pipe")
    with ThreadPoolExecutor(1) as pool:
        heard = pool.submit(Path("pipe").read_bytes)
        assert bulk("pictures/0.jpg", "--json", "pipe").exit_code == 0
        assert orjson.loads(heard.result())["pictures"] == 1
    assert Path("pipe").is_fifo()


def test_the_same_command_does_nothing_again_and_takes_what_is_new(folder):
    bulk("pictures")
    before = marks()
    again = orjson.loads(bulk("pictures", "--json", "-").stdout)
    assert (again["done_before"], again["workers"]) == (12, 0)
    assert marks() == before
    shutil.copy(folder / "0.jpg", folder / "new.jpg")
    more = orjson.loads(bulk("pictures", "--json", "-").stdout)
    assert (more["done_before"], more["pictures"], more["parts"]) == (12, GOOD + 1, 4)
    assert before.items() <= marks().items()
    assert results()[-1]["name"] == "pictures/new.jpg"


@pytest.mark.parametrize("lost", ["done/part-00001.json", "faces/part-00001.parquet"])
def test_a_part_that_is_not_whole_is_done_again_alone(lost):
    bulk("pictures")
    first, whole = marks(), results()
    Path("visavis-out", lost).unlink()
    result = bulk("pictures")
    assert "going on: 8 of 12 pictures were done before" in result.stderr
    again = marks()
    assert {name for name in first if first[name] != again[name]} == {"part-00001.json"}
    assert results() == whole


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["pictures", "--features", "age"], "features was age,expression"),
        (["pictures", "--score", "0.7"], "detect.score_threshold was 0.5, is 0.7"),
        (["pictures/sub"], "paths was"),
    ],
)
def test_another_question_is_refused_and_restart_begins_anew(arguments, said):
    bulk("pictures")
    first = marks()
    refused = bulk(*arguments)
    assert refused.exit_code == 2
    assert said in refused.stderr
    assert "give another --out, or start anew with --restart" in refused.stderr
    assert marks() == first
    assert bulk(*arguments, "--restart").exit_code == 0
    assert not first.items() & marks().items()
    assert orjson.loads(Path("visavis-out/summary.json").read_bytes())["done_before"] == 0


def test_the_pictures_of_a_zip_are_read_in_place(folder):
    bulk("pictures", "--out", "plain")
    with zipfile.ZipFile("pictures.zip", "w") as archive:
        for file in sorted(folder.rglob("*.*")):
            archive.write(file, file.relative_to(folder))
        archive.writestr(".hidden/x.jpg", b"")
        archive.writestr("../../above.jpg", b"no picture, and written nowhere")
    bulk("pictures.zip", "--out", "zipped")
    found = {
        result["name"].replace("pictures.zip/", "pictures/"): result["faces"]
        for result in results("zipped")
    }
    assert found == {result["name"]: result["faces"] for result in results("plain")}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["pictures", "--format", "parquet", "--csv", "-"], "--csv is for --format files"),
        (["s3://bucket/x"], "are for --format parquet"),
        (["pictures", "--restart"], "are for --format parquet"),
        (["pictures", "--engine", "ray", "--format", "files"], "are for --format parquet"),
        (["missing", "--format", "parquet"], "missing does not exist"),
        (["s3:///x", "--format", "parquet"], "names no bucket"),
    ],
)
def test_what_cannot_work_is_refused_with_a_sentence(arguments, said):
    result = run(*arguments)
    assert result.exit_code == 2
    assert said in result.stderr
    assert not Path("visavis-out").exists()


def test_a_manifest_of_somebody_else_is_not_touched():
    Path("visavis-out").mkdir()
    Path("visavis-out/manifest.json").write_text('{"name": "an app"}')
    result = bulk("pictures", "--restart")
    assert result.exit_code == 2
    assert "is not ours; give another --out" in result.stderr
    assert Path("visavis-out/manifest.json").read_text() == '{"name": "an app"}'


def test_without_a_usable_picture_the_input_was_bad():
    assert bulk("pictures/cut.png").exit_code == 2


def test_a_place_that_cannot_be_written_stops_the_work():
    bulk("pictures")
    shutil.rmtree("visavis-out/faces")
    Path("visavis-out/faces").write_text("a file where a folder is needed")
    result = bulk("pictures")
    assert result.exit_code == 1
    assert "visavis-out/faces" in result.stderr


@pytest.mark.parametrize(
    ("missing", "arguments"), [("pyarrow", ["--format", "parquet"]), ("ray", ["--engine", "ray"])]
)
def test_a_missing_library_is_named_with_the_command(missing, arguments, monkeypatch):
    for name in list(sys.modules):
        ours = name.startswith(("visavis.entry.cli.bulk", "visavis.usecases.bulk"))
        if ours or name.split(".")[0] == missing:
            monkeypatch.delitem(sys.modules, name)
    monkeypatch.delattr(cli, "bulk", raising=False)
    monkeypatch.delattr(cli, "bulk_ray", raising=False)
    monkeypatch.setitem(sys.modules, missing, None)
    result = run("pictures", *arguments)
    assert result.exit_code == 2
    assert "needs one more library: pip install 'visavis[ray]'" in result.stderr


@pytest.fixture
def job():
    """Give what a worker is told about work that was just begun."""
    place = FolderPlace(Path("out"))
    run_id = Bulk.open(place, {"features": []}).run_id
    told = sent(load_settings(), same_machine=True)
    return Job(place.url, run_id, (), told, ("age",), {"age": "another-file"})


def test_a_worker_with_other_heads_or_without_the_folders_refuses(job):
    worker = Worker(job)
    with pytest.raises(InvalidInput, match="promote the same ones there"):
        worker.do(0)
    worker.close()
    unseen = Job(job.place, job.run_id, ("/nowhere/pictures",), job.settings, (), {})
    with pytest.raises(InvalidInput, match="does not see /nowhere/pictures"):
        Worker(unseen)
    other = Job(job.place, "another run", (), job.settings, (), {})
    with pytest.raises(InvalidInput, match=r"does not see .*out"):
        Worker(other)


def test_a_worker_is_told_no_secrets(monkeypatch):
    monkeypatch.setenv("VISAVIS_VAULT__ROOT_KEY", "a:secret-key")
    monkeypatch.setenv("VISAVIS_MAIL__PASSWORD", "a-secret-password")
    monkeypatch.setenv("VISAVIS_STORE__URL", "postgresql://u:secret-too@h/d")
    assert "secret" not in str(sent(load_settings(), same_machine=True))
