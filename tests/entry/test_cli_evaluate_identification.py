"""`visavis evaluate identification` on real pictures with the real engine."""

import zipfile

import orjson
import pytest
from typer.testing import CliRunner

from tests.entry.roofs import a_roof
from visavis.entry import wiring
from visavis.entry.cli import app

ROOF = a_roof(
    build=wiring.build,
    records=wiring.open_records,
    people=wiring.open_people,
)
PEOPLE = ("005", "006", "010", "011", "018", "022", "027", "038")


def run(*arguments):
    result = CliRunner().invoke(app, ["evaluate", "identification", *map(str, arguments)], obj=ROOF)
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


@pytest.fixture
def archive(shared_data, tmp_path, weights):
    """Eight people with two pictures each, a picture that is none, and a list of something."""
    path = tmp_path / "people.zip"
    with zipfile.ZipFile(path, "w") as packed:
        for person in PEOPLE:
            for look in ("neutral", "smiling"):
                source = shared_data / "london" / person / f"{look}.jpg"
                packed.write(source, f"set/{person}/{look}.jpg")
        packed.writestr("set/broken/1.jpg", b"no picture")
        packed.writestr("set/info.csv", "face_id\n")
    return path


def test_one_json_object_says_how_many_were_found_and_how_sure_that_is(archive):
    result = run("--root", archive, "--json")

    figures = orjson.loads(result.stdout)
    assert result.exit_code == 0
    assert figures["gallery"] == 4
    assert figures["probes"] == 4 + 9
    assert figures["rank1"] == 1
    assert set(figures["fnir_at_fpir"]) == {"0.1", "0.01", "0.001"}
    assert figures["fnir_at_fpir"]["0.001"] is None
    assert figures["intervals"]["rank1"][0] < 1
    assert figures["embedder"] == "dlib_resnet@1"
    assert figures["as_calibrated"]["0.01"]["threshold"] > 0.8
    assert figures["failures_to_acquire"] == 1
    assert figures["unreadable"][0]["name"] == "set/broken/1.jpg"
    assert "set/broken/1.jpg" in result.stderr


def test_a_folder_gives_the_same_and_a_table_shows_it(archive, tmp_path):
    with zipfile.ZipFile(archive) as packed:
        packed.extractall(tmp_path / "out")

    of_zip = orjson.loads(run("--root", archive, "--json").stdout)
    of_folder = orjson.loads(run("--root", tmp_path / "out", "--json").stdout)
    table = run("--root", tmp_path / "out")

    assert of_folder == of_zip
    assert table.exit_code == 0
    for words in ("Identification among 4 people", "rank 1", "FNIR at FPIR 0.1", "as calibrated"):
        assert words in table.stdout


def test_a_root_that_does_not_fit_ends_with_code_2_and_a_sentence(archive, tmp_path):
    for root, words in ((tmp_path / "gone", "does not exist"), (tmp_path, "one folder a person")):
        result = run("--root", root, "--json")

        assert result.exit_code == 2
        assert result.stdout == ""
        assert words in result.stderr
    result = run("--root", archive, "--enroll", "2")
    assert result.exit_code == 2
    assert "at least 3 pictures" in result.stderr
