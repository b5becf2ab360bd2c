"""What may go wrong around head files: mirrors, disks, files that break."""

import os
from pathlib import Path

import pytest
import structlog

from tests.lab.heads.files import BOTH, GENDER, WHO, add, made, serving
from tests.vision.heads.making import make_head
from visavis.core.errors import (
    Unavailable,
    WeightsCorrupt,
)
from visavis.lab.heads.folder import HeadFolder
from visavis.lab.heads.registry import HeadRegistry
from visavis.vision.heads.shelf import read_champions


class Noting:
    """A mirror that notes what it is told, and what serves at that moment."""

    def __init__(self, folder: Path, fault: Exception | None = None) -> None:
        self.folder, self.fault = folder, fault
        self.told: list[tuple[str, str, bool]] = []

    def _note(self, what: str, version: str) -> None:
        chosen = version in read_champions(self.folder).values()
        self.told.append((what, version, chosen))
        if self.fault:
            raise self.fault

    def added(self, version):
        assert version.path.name == f"{version.version}.onnx"
        assert version.path.is_file()
        self._note("added", version.version)

    def promoted(self, event):
        self._note("promoted", event.to)

    def rolled_back(self, event):
        self._note("rolled back", event.to)


def test_a_mirror_hears_of_everything_before_it_happens(folder, bundled, tmp_path):
    mirror = Noting(folder)
    registry = HeadRegistry(folder, bundled, mirror)
    add(registry, tmp_path, "p-1")
    registry.promote("p-1", **WHO)
    registry.rollback(reason="", by="bob")
    assert mirror.told == [
        ("added", "p-1", False),
        ("promoted", "p-1", False),
        ("rolled back", "b-1", False),
    ]


@pytest.mark.parametrize(
    "fault", [Unavailable("no answer; start it"), OSError("gone"), KeyError("x")]
)
def test_a_mirror_that_fails_leaves_everything_as_it_was(folder, bundled, tmp_path, fault):
    broken = HeadRegistry(folder, bundled, Noting(folder, fault))
    with pytest.raises(Unavailable, match="nothing was changed"):
        broken.add(made(tmp_path, "p-1"))
    assert [found.version for found in broken.versions()] == ["b-1"]
    add(HeadRegistry(folder, bundled), tmp_path, "p-1")
    with pytest.raises(Unavailable, match="nothing was changed"):
        broken.promote("p-1", **WHO)
    assert broken.history() == []
    assert serving(folder, bundled) == {"age": "b-1", "gender": "b-1"}


def test_a_file_that_changed_since_is_not_promoted(registry, folder, tmp_path):
    add(registry, tmp_path, "p-1")
    make_head(folder / "p-1.onnx", "p-1", BOTH, licence="other")
    with pytest.raises(WeightsCorrupt, match="has changed since it was added"):
        registry.promote("p-1", **WHO)


def test_a_rollback_never_leads_to_a_broken_file(registry, folder, bundled, tmp_path):
    for version, against in (("p-1", "b-1"), ("p-2", "p-1")):
        add(registry, tmp_path, version, against)
        registry.promote(version, **WHO)
    (folder / "p-1.onnx").unlink()
    with pytest.raises(WeightsCorrupt, match="p-1, which answered age before, is missing"):
        registry.rollback(reason="", by="bob")
    assert serving(folder, bundled)["age"] == "p-2"


def test_an_unreadable_choice_is_mended_by_a_rollback(registry, folder, bundled, tmp_path):
    for version, against in (("p-1", "b-1"), ("p-2", "p-1")):
        add(registry, tmp_path, version, against)
        registry.promote(version, **WHO)
    (folder / "champions.json").write_text("{")
    with structlog.testing.capture_logs() as lines:
        registry.rollback(GENDER, reason="", by="bob")
    assert any(line["event"] == "champions_not_readable" for line in lines)
    assert serving(folder, bundled) == {"age": "p-2", "gender": "p-1"}


def test_a_broken_file_hides_no_other(registry, folder, tmp_path):
    add(registry, tmp_path, "p-1")
    (folder / "junk.onnx").write_bytes(b"junk")
    with structlog.testing.capture_logs() as lines:
        assert [found.version for found in registry.versions()] == ["p-1", "b-1"]
    assert "junk.onnx" in lines[0]["reason"]


def test_a_folder_that_cannot_be_written_is_one_sentence(bundled, tmp_path):
    (tmp_path / "data").write_text("in the way")
    registry = HeadRegistry(tmp_path / "data" / "heads", bundled)
    with pytest.raises(Unavailable, match="set VISAVIS_DATA"):
        registry.add(made(tmp_path, "p-1"))


def test_a_full_disk_while_adding_leaves_nothing(registry, folder, tmp_path, monkeypatch):
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(Unavailable, match="No space left on device"):
        registry.add(made(tmp_path, "p-1"))
    monkeypatch.undo()
    assert [found.version for found in registry.versions()] == ["b-1"]


def test_a_line_that_was_cut_short_was_never_written(registry, folder, tmp_path):
    add(registry, tmp_path, "p-1")
    registry.promote("p-1", **WHO)
    path = folder / "history.jsonl"
    whole = path.read_text("utf-8")
    path.write_text(whole + whole[: len(whole) // 2], "utf-8")
    assert len(registry.history()) == 1
    registry.rollback(reason="", by="bob")
    assert path.read_text("utf-8").startswith(whole)
    assert [event.to for event in registry.history()] == ["p-1", "b-1"]


def test_a_damaged_history_is_one_sentence_and_what_serves_goes_on(
    registry, folder, bundled, tmp_path
):
    add(registry, tmp_path, "p-1")
    registry.promote("p-1", **WHO)
    (folder / "history.jsonl").write_text("junk\n")
    with pytest.raises(WeightsCorrupt, match="restore the file from a copy"):
        registry.rollback(reason="", by="bob")
    assert serving(folder, bundled)["age"] == "p-1"


def test_a_full_disk_after_the_exchange_still_ends_in_the_history(
    registry, folder, bundled, tmp_path, monkeypatch
):
    add(registry, tmp_path, "p-1")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(HeadFolder, "_append", full)
    registry.promote("p-1", **WHO)
    monkeypatch.undo()
    assert serving(folder, bundled)["age"] == "p-1"
    assert [event.to for event in registry.history()] == ["p-1"]
    registry.rollback(reason="", by="bob")
    assert [event.to for event in registry.history()] == ["p-1", "b-1"]
    assert len((folder / "history.jsonl").read_text("utf-8").splitlines()) == 2
