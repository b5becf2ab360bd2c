"""`visavis backup` and `visavis restore`, through the whole command line."""

import zipfile
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from tests.usecases.deployments import fill, opened
from visavis.core.settings import load_settings
from visavis.entry.cli import app
from visavis.usecases.backup_archive import KEYS


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, [*map(str, arguments)])


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give the data folder of a deployment with a SQLite file in it, where it is by default."""
    monkeypatch.chdir(tmp_path)
    with opened(load_settings(data=tmp_path / "data")) as here:
        fill(here)
    return tmp_path / "data"


def test_a_deployment_goes_into_a_file_and_comes_out_of_it(data: Path, tmp_path: Path) -> None:
    target, other = tmp_path / "copy.zip", tmp_path / "other"
    made = run("backup", target, "--data", data, "--with-keys")
    assert made.exit_code == 0, made.output
    assert made.stdout == ""
    assert "THE ROOT KEY IS IN IT" in made.stderr
    assert "3 files" in made.stderr
    restored = run("restore", target, "--data", other)
    assert restored.exit_code == 0, restored.output
    assert "1 audit logs verified" in restored.stderr
    assert "erase them again" in restored.stderr
    with opened(load_settings(data=data)) as here, opened(load_settings(data=other)) as there:
        assert there.files() == here.files()
        assert there.rows()["users"] == here.rows()["users"]


def test_the_root_key_is_left_out_and_that_is_said(data: Path, tmp_path: Path) -> None:
    made = run("backup", tmp_path / "copy.zip", "--data", data)
    assert "The root key is NOT in it" in made.stderr
    with zipfile.ZipFile(tmp_path / "copy.zip") as archive:
        assert KEYS not in archive.namelist()
    restored = run("restore", tmp_path / "copy.zip", "--data", tmp_path / "other")
    assert restored.exit_code == 0
    assert "is not here: put the copy of vault/root.key back" in restored.stderr


def test_nothing_is_replaced_unless_asked(data: Path, tmp_path: Path) -> None:
    target = tmp_path / "copy.zip"
    assert run("backup", target, "--data", data).exit_code == 0
    again = run("backup", target, "--data", data)
    assert (again.exit_code, again.stderr.count("\n")) == (2, 1)
    assert run("backup", target, "--data", data, "--force").exit_code == 0
    refused = run("restore", target, "--data", data)
    assert refused.exit_code == 2
    assert "not empty" in refused.stderr
    assert run("restore", target, "--data", data, "--force").exit_code == 0


def test_a_file_that_is_no_backup_is_refused_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "x.zip").write_bytes(b"no backup")
    refused = run("restore", tmp_path / "x.zip", "--data", tmp_path / "data")
    assert (refused.exit_code, refused.stderr.count("\n")) == (2, 1)
    assert refused.stderr.startswith("error: this is no backup of Visavis")
    assert not (tmp_path / "data").exists()


def test_lost_files_are_an_error_and_the_rest_is_copied(data: Path, tmp_path: Path) -> None:
    with opened(load_settings(data=data)) as here:
        name, *_ = here.files()
        here.blobs.remove(*name)
    made = run("backup", tmp_path / "copy.zip", "--data", data)
    assert made.exit_code == 1
    assert "1 files are lost or damaged" in made.stderr
    assert run("restore", tmp_path / "copy.zip", "--data", tmp_path / "other").exit_code == 0


def test_without_a_deployment_nothing_is_copied(tmp_path: Path) -> None:
    made = run("backup", tmp_path / "copy.zip", "--data", tmp_path / "data")
    assert made.exit_code == 2
    assert "nothing to back up" in made.stderr
    assert not (tmp_path / "copy.zip").exists()
