"""`visavis harmonize fit` and `report` on real faces with both packs."""

import orjson
import pytest
from typer.testing import CliRunner

from tests.entry.roofs import a_roof
from tests.lab.portrait_files import piece
from visavis.core.settings import load_settings
from visavis.entry import wiring
from visavis.entry.cli import app
from visavis.index.harmonic_files import maps_in

OLD, NEW = "dlib_resnet@1", "visavis_lite@1"
PEOPLE = 12
ROOF = a_roof(
    build=wiring.build,
    records=wiring.open_records,
    people=wiring.open_people,
)


def run(*arguments):
    result = CliRunner().invoke(app, ["harmonize", *map(str, arguments)], obj=ROOF)
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def pairs_of(shared_data, path):
    """List the portraits of some people: each calm and smiling, and beside somebody else."""
    folders = sorted(each.parent.name for each in (shared_data / "london").glob("*/neutral.jpg"))
    folders = folders[:PEOPLE]
    rows = ["a,b,same"]
    for one, other in zip(folders, folders[1:] + folders[:1], strict=True):
        rows.append(f"{one}/neutral.jpg,{one}/smiling.jpg,1")
        rows.append(f"{one}/neutral.jpg,{other}/smiling.jpg,0")
    path.write_text("\n".join(rows))
    return path


@pytest.mark.slow
def test_maps_are_fitted_both_ways_and_the_server_takes_them(shared_data, weights, tmp_path):
    faces, _ = piece(shared_data, "fairface", tmp_path, 150)
    words = "fit", "--from", OLD, "--to", NEW, "--faces", faces, "--data", tmp_path / "data"
    result = run(*words, "--json")
    told = orjson.loads(result.stdout)
    assert [(each["source"], each["target"]) for each in told] == [(OLD, NEW), (NEW, OLD)]
    assert all(each["pairs"] >= 140 for each in told)
    assert len(maps_in(tmp_path / "data/harmonics")) == 2
    opened = wiring.open_harmonics(load_settings(data=tmp_path / "data"))
    assert opened.find(OLD, NEW).agreement.pairs == told[0]["pairs"]  # before those that ship


@pytest.mark.slow
def test_a_report_tells_what_the_map_costs(shared_data, weights, tmp_path):
    pairs = pairs_of(shared_data, tmp_path / "pairs.csv")
    words = (
        "report", "--from", OLD, "--to", NEW, "--root", shared_data / "london", "--pairs", pairs,
        "--data", tmp_path / "data",
    )  # fmt: skip
    told = orjson.loads(run(*words, "--json").stdout)
    assert told["within_source"]["pairs"] == 2 * PEOPLE
    assert told["mapped"]["accuracy"] > 0.9
    assert told["loss"] < 0.1
    assert told["unmapped"]["accuracy"] < 0.8
    shown = run(*words).stdout
    assert "across, mapped" in shown
    assert "the map costs" in shown


def test_an_unknown_embedder_is_named(weights, tmp_path):
    result = run("fit", "--from", OLD, "--to", "nobody@1", "--faces", tmp_path)
    assert result.exit_code == 2
    assert "no pack has the embedder nobody@1" in result.stderr
