"""`visavis evaluate attributes` on real faces: what is printed, the card, and exit codes."""

import zipfile

import orjson
import pytest
from typer.testing import CliRunner

from tests.entry.promoted import VERSION, promote
from tests.entry.roofs import a_roof
from tests.lab.portrait_files import piece, text_of
from tests.vision.heads.making import make_head
from visavis.core.attributes import Head
from visavis.entry import wiring
from visavis.entry.cli import app

ROOF = a_roof(
    build=wiring.build,
    records=wiring.open_records,
    people=wiring.open_people,
)


def run(*arguments):
    command = ["evaluate", "attributes", *map(str, arguments)]
    result = CliRunner().invoke(app, command, obj=ROOF)
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


@pytest.fixture(autouse=True)
def deployment(tmp_path, monkeypatch, weights):
    """A deployment whose heads always say a woman of 30–39, white and happy."""
    monkeypatch.setenv("VISAVIS_DATA", str(promote(tmp_path / "data")))


@pytest.fixture
def faces(shared_data, tmp_path):
    """Twelve faces of FairFace: the folder and the rows of the list."""
    return piece(shared_data, "fairface", tmp_path, 12)


def listed(folder, rows):
    path = folder / "labels.csv"
    path.write_text(text_of(rows))
    return path


def test_one_json_object_and_nothing_else(faces, tmp_path):
    root, rows = faces
    result = run("--root", root, "--labels", listed(tmp_path, rows), "--json")

    figures = orjson.loads(result.stdout)
    women = sum(row[2] == "Female" for row in rows[1:]) / 12
    assert result.exit_code == 0
    assert (figures["faces"], figures["failures"]) == (12, 0)
    assert figures["gender"]["accuracy"] == pytest.approx(women)
    assert figures["versions"] == dict.fromkeys(["age", "gender", "race"], VERSION)
    assert set(figures["groups"]["age"]) >= {"gender=female", "gender=male"}
    assert len(figures["data"]) == 64


def test_heads_that_the_policy_keeps_off_are_measured_too(shared_data, tmp_path):
    root, rows = piece(shared_data, "fer2013", tmp_path, 12)
    result = run("--root", root, "--labels", listed(tmp_path, rows), "--json")

    happy = sum(row[1] == "happy" for row in rows[1:]) / 12
    assert orjson.loads(result.stdout)["emotion"]["accuracy"] == pytest.approx(happy)


def test_a_zip_is_read_in_place_and_failures_are_listed(faces, tmp_path):
    root, rows = faces
    with zipfile.ZipFile(tmp_path / "faces.zip", "w") as archive:
        for row in rows[1:]:
            archive.write(root / row[0], row[0])
    labels = listed(tmp_path, [*rows, ["gone.webp", "3-9", "Male", "Black"]])
    result = run("--root", tmp_path / "faces.zip", "--labels", labels, "--json")

    figures = orjson.loads(result.stdout)
    assert result.exit_code == 0
    assert (figures["pictures"], figures["faces"], figures["failures"]) == (13, 12, 1)
    assert figures["unreadable"][0]["name"] == "gone.webp"
    assert "failed: gone.webp" in result.stderr


def test_tables_show_figures_with_intervals_and_the_gap(faces, tmp_path, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    root, rows = faces
    result = run("--root", root, "--labels", listed(tmp_path, rows), "--limit", 6)

    assert result.exit_code == 0
    for words in (
        "6 faces",
        "95 % interval",
        "bin accuracy",
        "within one bin",
        "years off",
        "calibration error",
        "unknown",
        "ms a face",
        "Accuracy by group",
        "fewer than two",
    ):
        assert words in result.stdout


def test_only_the_heads_that_are_named(faces, tmp_path):
    root, rows = faces
    labels = listed(tmp_path, rows)
    result = run("--root", root, "--labels", labels, "--heads", "gender,race", "--json")

    figures = orjson.loads(result.stdout)
    assert {"gender", "race"} <= set(figures)
    assert not {"age", "emotion"} & set(figures)


@pytest.mark.parametrize("by", ["path", "version"])
def test_another_file_than_the_one_that_serves(faces, tmp_path, by):
    root, rows = faces
    path = make_head(tmp_path / "data" / "heads" / "new-1.onnx", "new-1", {Head.GENDER: (0.2, 0.8)})
    name = path if by == "path" else "new-1"
    result = run("--root", root, "--labels", listed(tmp_path, rows), "--file", name, "--json")

    figures = orjson.loads(result.stdout)
    men = sum(row[2] == "Male" for row in rows[1:]) / 12
    assert figures["versions"] == {"gender": "new-1"}
    assert figures["gender"]["accuracy"] == pytest.approx(men)
    assert "no head file here answers age, race: left out" in result.stderr


def test_the_card_is_written_beside_the_figures(faces, tmp_path):
    root, rows = faces
    card = tmp_path / "cards" / "made.md"
    result = run("--root", root, "--labels", listed(tmp_path, rows), "--card", card)

    page = card.read_text("utf-8")
    assert result.exit_code == 0
    assert f"# Model card: {VERSION}" in page
    assert "social construct" in page
    assert "12 labelled pictures" in page


def test_a_card_is_about_one_file(faces, tmp_path):
    root, rows = faces
    heads = tmp_path / "data" / "heads"
    make_head(heads / "new-1.onnx", "new-1", {Head.GENDER: (0.2, 0.8)})
    (heads / "champions.json").write_text(
        orjson.dumps({"age": VERSION, "gender": "new-1", "race": VERSION}).decode()
    )
    labels = listed(tmp_path, rows)
    result = run("--root", root, "--labels", labels, "--card", tmp_path / "card.md")

    assert result.exit_code == 2
    assert "choose with --file: made-1, new-1" in result.stderr
    assert not (tmp_path / "card.md").exists()


@pytest.mark.parametrize(
    ("text", "arguments", "sentence"),
    [
        ("file,race\n1.webp,Martian\n", (), "row 2 (1.webp): there is no race 'Martian'; use one"),
        (
            "file,age,gender\n1.webp,3-9\n",
            (),
            "row 2 (1.webp): its columns are 2, those of the header 3",
        ),
        ("file,age\n1.webp,3-9\n", (), "the root holds none of the listed pictures"),
        ("file,age\n1.webp,3-9\n", ("--heads", "emotion"), "no column emotion"),
        ("file,age\n1.webp,3-9\n", ("--heads", "shoe"), "there is no head 'shoe'; choose from age"),
        ("file,age\n1.webp,3-9\n", ("--file", "x-9"), "there is no head file x-9"),
    ],
)
def test_what_does_not_fit_ends_with_code_2_and_a_sentence(tmp_path, text, arguments, sentence):
    labels = tmp_path / "labels.csv"
    labels.write_text(text)
    result = run("--root", tmp_path, "--labels", labels, "--json", *arguments)

    assert result.exit_code == 2
    assert result.stdout == ""
    assert sentence in result.stderr
    assert result.stderr.count("\n") == 1


def test_a_list_as_spreadsheets_save_it_is_read(faces, tmp_path):
    root, rows = faces
    labels = tmp_path / "labels.csv"
    labels.write_text(text_of(rows), "utf-8-sig")
    result = run("--root", root, "--labels", labels, "--json")

    assert result.exit_code == 0
    assert orjson.loads(result.stdout)["faces"] == 12
