"""The folder of one weight in the cache: its files, what was recorded, whether they still hold.

<cache>/weights/<name>/
    raw             the file as published (absent when it is published as ONNX)
    model.onnx      what runs
    record.json     hashes, converter, source and date
    accepted.json   that somebody accepted a licence, and when
    lock            held while one process works on the folder
"""

import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

from pydantic import BaseModel, ConfigDict, ValidationError

from visavis.core.errors import WeightsCorrupt
from visavis.vision.weights.catalog import Weight
from visavis.vision.weights.conversion import converter_stamp

_WORK = "work-"


class Record(BaseModel):
    """What is known about the files in a slot.

    Attributes:
        name: The weight's name.
        source: Where the raw file came from, for people.
        pulled_at: When, ISO 8601, UTC.
        raw_sha256: Of the raw file as fetched.
        converter: Name and version of the converter, or why there is none.
        onnx_sha256: Of the graph; empty while it is not made yet.
        onnx_bytes: Size of the graph.
        onnx_mtime_ns: When the graph was last changed, as the file system states it.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    name: str
    source: str
    pulled_at: str
    raw_sha256: str
    converter: str = ""
    onnx_sha256: str = ""
    onnx_bytes: int = 0
    onnx_mtime_ns: int = 0


class Slot:
    """One weight's folder.

    Args:
        root: Folder of all weights.
        weight: The catalog's entry.
    """

    def __init__(self, root: Path, weight: Weight) -> None:
        self.weight = weight
        self.folder = root / weight.name
        self.onnx = self.folder / "model.onnx"
        self.raw = self.folder / "raw" if weight.converter else self.onnx
        self.lock = self.folder / "lock"
        self._record = self.folder / "record.json"
        self._accepted = self.folder / "accepted.json"

    @property
    def record(self) -> Record | None:
        """What was recorded, or None where nothing usable was."""
        try:
            return Record.model_validate_json(self._record.read_bytes())
        except (OSError, ValidationError):
            return None

    def is_usable(self, *, thorough: bool = False) -> bool:
        """Say whether the graph is the recorded one, made by today's converter from today's file.

        Size and time of change stand for the content: hashing costs a second and more for a large
        pack at every start, and files that rot without a change of either are found by `verify`.
        Where they differ (a copied cache) the hash decides.
        """
        record = self.record
        if record is None or record.converter != converter_stamp(self.weight):
            return False
        if self.weight.sha256 not in {None, record.raw_sha256}:
            return False
        try:
            stat = self.onnx.stat()
        except OSError:
            return False
        if stat.st_size != record.onnx_bytes:
            return False
        if stat.st_mtime_ns == record.onnx_mtime_ns and not thorough:
            return True
        if sha256_of(self.onnx) != record.onnx_sha256:
            return False
        self._note_time(record, stat.st_mtime_ns)
        return True

    def faults(self) -> list[str]:
        """Hash all files and return what is wrong, one sentence each."""
        record = self.record
        if record is None:
            return [f"{self.weight.name} has no record of what was pulled"]
        faults = []
        if self.weight.sha256 not in {None, record.raw_sha256}:
            faults.append(f"{self.weight.name} is not the file that the catalog names")
        for path, wanted in ((self.raw, record.raw_sha256), (self.onnx, record.onnx_sha256)):
            if not path.is_file():
                faults.append(f"{path} is missing")
            elif sha256_of(path) != wanted:
                faults.append(f"{path} has changed since it was pulled")
        return list(dict.fromkeys(faults))

    @property
    def accepted(self) -> bool:
        """Whether somebody accepted the licence in its present words."""
        try:
            return Acceptance.model_validate_json(self._accepted.read_bytes()).licence == (
                self.weight.licence
            )
        except (OSError, ValidationError):
            return False

    def accept(self) -> None:
        """Record that the licence was accepted now."""
        self.folder.mkdir(parents=True, exist_ok=True)
        words = Acceptance(licence=self.weight.licence, accepted_at=_now())
        self._place_text(self._accepted, words)

    def sweep(self) -> None:
        """Remove what killed processes left behind; call it with the lock held."""
        for left in self.folder.glob(f"{_WORK}*"):
            if left.is_dir():
                shutil.rmtree(left, ignore_errors=True)
            else:
                left.unlink(missing_ok=True)

    @contextmanager
    def workspace(self) -> Iterator[Path]:
        """Lend a folder beside the files, so that a finished file can be renamed into place."""
        with tempfile.TemporaryDirectory(dir=self.folder, prefix=_WORK) as folder:
            yield Path(folder)

    def keep_raw(self, fetched: Path, digest: str, source: str) -> None:
        """Move a checked raw file into place and record where it came from."""
        _place(fetched, self.raw, digest)
        self.record_raw(digest, source)

    def record_raw(self, digest: str, source: str) -> None:
        """Record a raw file that lies in place; the graph is to be made from it."""
        name = self.weight.name
        self._write(Record(name=name, source=source, pulled_at=_now(), raw_sha256=digest))

    def keep_onnx(self, made: Path, digest: str) -> None:
        """Move the graph into place, unless it is the raw file, and record it."""
        if made != self.onnx:
            _place(made, self.onnx, digest)
        record = self.record
        if record is None:
            raise WeightsCorrupt(f"{self._record} cannot be read back; check the disk")
        stat = self.onnx.stat()
        self._write(
            record.model_copy(
                update={
                    "converter": converter_stamp(self.weight),
                    "onnx_sha256": digest,
                    "onnx_bytes": stat.st_size,
                    "onnx_mtime_ns": stat.st_mtime_ns,
                }
            )
        )

    def _note_time(self, record: Record, mtime_ns: int) -> None:
        """Remember a new time of change, to spare the next start the hash, if we may write."""
        with suppress(OSError):
            self._write(record.model_copy(update={"onnx_mtime_ns": mtime_ns}))

    def _write(self, record: Record) -> None:
        self._place_text(self._record, record)

    def _place_text(self, path: Path, content: BaseModel) -> None:
        made = self.folder / f"{_WORK}{uuid4().hex}"
        made.write_text(content.model_dump_json(indent=2) + "\n", encoding="utf-8")
        _replace(made, path)


class Acceptance(BaseModel):
    """That somebody accepted a licence.

    Attributes:
        licence: Its words as the catalog had them.
        accepted_at: When, ISO 8601, UTC.
    """

    licence: str
    accepted_at: str


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file, lower-case hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _place(made: Path, path: Path, digest: str) -> None:
    """Rename a finished file into place after reading back what the disk holds."""
    if sha256_of(made) != digest:
        raise WeightsCorrupt(f"{path} does not read back as it was written; check the disk")
    _replace(made, path)


def _replace(made: Path, path: Path) -> None:
    with made.open("rb+") as file:
        os.fsync(file.fileno())
    made.replace(path)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
