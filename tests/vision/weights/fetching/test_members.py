"""One file out of an archive, and nothing else."""

import io
import random
import tarfile
import zipfile
from pathlib import Path

import pytest

from visavis.core.errors import WeightsCorrupt, WeightsUnavailable
from visavis.vision.weights.fetching import members
from visavis.vision.weights.fetching.members import extract


def write_tar(path: Path, entries: dict[str, bytes | str]) -> Path:
    """Write a .tar.gz; a value of text is the target of a symbolic link."""
    with tarfile.open(path, "w:gz") as archive:
        for name, content in entries.items():
            entry = tarfile.TarInfo(name)
            if isinstance(content, str):
                entry.type, entry.linkname = tarfile.SYMTYPE, content
                archive.addfile(entry)
            else:
                entry.size = len(content)
                archive.addfile(entry, io.BytesIO(content))
    return path


def test_a_member_below_the_top_folder_of_an_sdist(tmp_path: Path) -> None:
    archive = write_tar(tmp_path / "a.tar.gz", {"a-1/x": b"no", "a-1/b/x": b"yes"})
    extract(archive, "b/x", tmp_path / "raw")
    assert (tmp_path / "raw").read_bytes() == b"yes"


def test_links_and_outside_paths_are_never_followed(tmp_path: Path) -> None:
    archive = write_tar(tmp_path / "a.tar.gz", {"a-1/x": "/etc/passwd", "../../y": b"out"})
    with pytest.raises(WeightsUnavailable, match="holds no x"):
        extract(archive, "x", tmp_path / "raw")
    assert {path.name for path in tmp_path.iterdir()} == {"a.tar.gz"}


@pytest.mark.parametrize("part", [0, 0.05, 0.5])
@pytest.mark.parametrize("kind", ["zip", "tar.gz"])
def test_a_damaged_archive_is_refused(tmp_path: Path, kind: str, part: float) -> None:
    whole, noise = tmp_path / f"whole.{kind}", random.Random(1).randbytes(4000)
    if kind == "zip":
        with zipfile.ZipFile(whole, "w") as archive:
            archive.writestr("a-1/x", noise)
    else:
        write_tar(whole, {"a-1/x": noise})
    data = whole.read_bytes()
    damaged = tmp_path / f"damaged.{kind}"
    damaged.write_bytes(data[: int(len(data) * part)])
    with pytest.raises((WeightsCorrupt, WeightsUnavailable)):
        extract(damaged, "x", tmp_path / "raw")


def test_a_member_that_swells_is_cut_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(members, "MAX_BYTES", 1000)
    path = tmp_path / "bomb.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x", bytes(1 << 22))
    with pytest.raises(WeightsCorrupt, match="larger than 1000 bytes"):
        extract(path, "x", tmp_path / "raw")
