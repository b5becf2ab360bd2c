"""`visavis demo` analyses the portraits that other packages ship."""

import importlib.util

import orjson
from typer.testing import CliRunner

from tests.entry.roofs import a_roof
from visavis.entry import wiring
from visavis.entry.cli import app

ROOF = a_roof(
    build=wiring.build,
    records=wiring.open_records,
    people=wiring.open_people,
)


def test_both_portraits_have_one_face_and_the_person_is_told_where(tmp_path, weights):
    out = tmp_path / "out"
    result = CliRunner().invoke(app, ["demo", "--out", str(out)], obj=ROOF)
    assert result.exit_code == 0
    for name in ("astronaut", "grace_hopper"):
        assert str(out / f"{name}.jpg") in result.stderr
        assert orjson.loads((out / f"{name}.json").read_bytes())["num_faces"] == 1
        assert (out / f"{name}.jpg").read_bytes().startswith(b"\xff\xd8")


def test_without_the_extra_it_says_what_to_install(monkeypatch, tmp_path):
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    result = CliRunner().invoke(app, ["demo", "--out", str(tmp_path)], obj=ROOF)
    assert result.exit_code == 1
    assert "pip install 'visavis[demo]'" in result.stderr
