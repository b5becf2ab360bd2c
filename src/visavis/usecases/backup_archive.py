"""The file of a backup: a ZIP of known parts, each with its size and SHA-256 in a manifest.

manifest.json            what there is; see `Manifest`
manifest.seal            proof that whoever made it held the root key
rows/<table>.jsonl       the rows of a table
blobs/<tenant>/<sha256>  a file, as it is
heads/<name>             the head files that were added
keys/root.key            only when asked for

Nothing in it is compressed: most of it would not get smaller, and no part can be larger than the
file. Whoever restores may have got it from anywhere: names that are not of this list are refused,
and so is whatever is packed or of another size than it says.
"""

import hashlib
import re
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import IO, Annotated, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from visavis.core.errors import InvalidInput
from visavis.core.settings import MIB
from visavis.store.backup import LONGEST_LINE
from visavis.store.blobs.base import BlobName

MANIFEST, SEAL = "manifest.json", "manifest.seal"
KEYS = "keys/root.key"

PIECE_BYTES = 256 * 1024
LONGEST_MANIFEST = 16 * MIB

_NAME = re.compile(
    r"rows/[a-z_]{1,64}\.jsonl"
    r"|blobs/[0-9a-f]{32}/[0-9a-f]{64}"
    r"|heads/(?:records/)?[A-Za-z0-9][A-Za-z0-9._-]{0,127}"
    rf"|{re.escape(KEYS)}|{re.escape(MANIFEST)}|{re.escape(SEAL)}"
)
_ENCRYPTED = 1

Sha256 = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
Count = Annotated[int, Field(ge=0, lt=2**63)]


class BackupUnusable(InvalidInput):
    """A file is no backup of ours, is damaged, or was changed; nothing was restored."""


class Part(BaseModel):
    """One part of a backup that is no blob.

    Attributes:
        bytes: Its size, unpacked.
        sha256: Of its content.
        rows: How many rows it holds, where it holds any.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    bytes: Count
    sha256: Sha256
    rows: Count = 0


class Manifest(BaseModel):
    """What a backup holds.

    Attributes:
        format: Always `visavis backup`.
        format_version: Of this list.
        version: Of the program that made it.
        made_at: When, ISO 8601.
        revision: Of the tables.
        database: Where the rows came from.
        root_id: Name of the root key that was current; empty = there was none.
        parts: By name; blobs are not among them, their names say what they hold.
        blobs: How many files there are.
        blob_bytes: How many bytes they have together.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Annotated[str, Field(pattern="^visavis backup$")] = "visavis backup"
    format_version: Annotated[int, Field(ge=1, le=1)] = 1
    version: Annotated[str, Field(max_length=64)]
    made_at: AwareDatetime
    revision: Annotated[str, Field(pattern="^[0-9]{4}$")]
    database: Annotated[str, Field(max_length=32)]
    root_id: Annotated[str, Field(max_length=64)]
    parts: dict[str, Part]
    blobs: Count
    blob_bytes: Count


def rows_name(table: str) -> str:
    """Return the name of the part that holds a table."""
    return f"rows/{table}.jsonl"


def blob_name(blob: BlobName) -> str:
    """Return the name of a file."""
    return "blobs/{}/{}".format(*blob)


@dataclass
class ArchiveWriter:
    """Writes a backup, part by part.

    Attributes:
        file: Where to; it can be sought.
        when: The time that the parts bear.
    """

    file: IO[bytes]
    when: datetime
    _zip: zipfile.ZipFile = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Begin."""
        self._zip = zipfile.ZipFile(self.file, "w", allowZip64=True)

    def add(self, name: str, pieces: Iterable[bytes]) -> Part:
        """Add a part and return what it is."""
        info = zipfile.ZipInfo(name, self.when.timetuple()[:6])
        info.external_attr = (stat.S_IFREG | 0o600) << 16
        hashed, size = hashlib.sha256(), 0
        with self._zip.open(info, "w", force_zip64=True) as part:
            for piece in pieces:
                part.write(piece)
                hashed.update(piece)
                size += len(piece)
        return Part(bytes=size, sha256=hashed.hexdigest())

    def close(self) -> None:
        """End it; without this nobody can read it."""
        self._zip.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """End it; when something failed, whatever the file takes."""
        with suppress(*((OSError, ValueError) if kind else ())):
            self.close()


class Archive:
    """A backup that is read; its names and its manifest are checked when it is opened.

    Args:
        file: The backup; it can be sought.

    Raises:
        BackupUnusable: it is none, or does not hold what its manifest says.
    """

    def __init__(self, file: IO[bytes]) -> None:
        with _reading():
            self._zip = zipfile.ZipFile(file)
        self._members = _checked(self._zip.infolist())
        self.told = self._small(MANIFEST)
        self.seal = self._small(SEAL)
        self.manifest = _manifest(self.told)
        self._compare()

    def size(self, name: str) -> int:
        """Return how many bytes a part has; 0 where there is none."""
        info = self._members.get(name)
        return info.file_size if info else 0

    def has(self, name: str) -> bool:
        """Return whether there is a part of that name."""
        return name in self._members

    def pieces(self, name: str) -> Iterator[bytes]:
        """Give a part in pieces.

        Raises:
            BackupUnusable: it is damaged or not what the manifest says; told at its end.
        """
        hashed, size, info = hashlib.sha256(), 0, self._members[name]
        with _reading():
            part = self._zip.open(info)
        with part:
            while piece := _piece(part):
                hashed.update(piece)
                size += len(piece)
                yield piece
        expected = self.manifest.parts.get(name)
        sha256 = expected.sha256 if expected else name.rpartition("/")[2]
        if size != info.file_size or hashed.hexdigest() != sha256:
            raise BackupUnusable(f"{name} in the backup is not what it was; take another copy")

    def lines(self, name: str) -> Iterator[bytes]:
        """Give a part line by line; raises as `pieces` does."""
        rest = b""
        for piece in self.pieces(name):
            *lines, rest = (rest + piece).split(b"\n")
            yield from lines
            if len(rest) > LONGEST_LINE:
                raise BackupUnusable(f"a line of {name} in the backup is too long to be a row")
        if rest:
            raise BackupUnusable(f"{name} in the backup ends in the middle of a row")

    def read(self, name: str, most: int = MIB) -> bytes:
        """Return a small part; raises as `pieces` does."""
        if self.size(name) > most:
            raise BackupUnusable(f"{name} in the backup is larger than it can be")
        return b"".join(self.pieces(name))

    def _small(self, name: str) -> bytes:
        """Return one of the parts that come before all checks."""
        info = self._members.get(name)
        if info is None or info.file_size > LONGEST_MANIFEST:
            raise BackupUnusable("this is no backup of Visavis: it has no usable manifest")
        with _reading():
            return self._zip.read(info)

    def _compare(self) -> None:
        """Compare the members with the manifest."""
        manifest = self.manifest
        blobs = [info for name, info in self._members.items() if name.startswith("blobs/")]
        named = set(self._members) - {MANIFEST, SEAL} - {info.filename for info in blobs}
        if named != set(manifest.parts):
            raise BackupUnusable("the backup holds other parts than its manifest says")
        if any(part.bytes != self.size(name) for name, part in manifest.parts.items()):
            raise BackupUnusable("a part of the backup is of another size than its manifest says")
        size = sum(info.file_size for info in blobs)
        if (len(blobs), size) != (manifest.blobs, manifest.blob_bytes):
            raise BackupUnusable("the backup holds other files than its manifest says")


def _manifest(told: bytes) -> Manifest:
    try:
        return Manifest.model_validate_json(told)
    except ValidationError:
        raise BackupUnusable(
            "the manifest of the backup cannot be read; a newer version of Visavis may have made it"
        ) from None


def _checked(members: Iterable[zipfile.ZipInfo]) -> Mapping[str, zipfile.ZipInfo]:
    """Return the members by name when each is one that a backup may have."""
    found: dict[str, zipfile.ZipInfo] = {}
    for info in members:
        if not _NAME.fullmatch(info.filename) or info.filename in found or ".." in info.filename:
            raise BackupUnusable(f"the backup holds what no backup has: {info.filename[:100]!r}")
        if fault := _fault(info):
            raise BackupUnusable(f"{info.filename} in the backup {fault}")
        found[info.filename] = info
    return found


def _fault(info: zipfile.ZipInfo) -> str:
    """Return what is wrong with a member, empty where nothing is."""
    if not stat.S_ISREG(info.external_attr >> 16):
        return "is no plain file"
    if info.flag_bits & _ENCRYPTED or info.compress_type != zipfile.ZIP_STORED:
        return "is packed, and no part of a backup is"
    return "is not as large as it says" if info.file_size != info.compress_size else ""


def _piece(part: IO[bytes]) -> bytes:
    with _reading():
        return part.read(PIECE_BYTES)


@contextmanager
def _reading() -> Iterator[None]:
    """Turn what the library says of a damaged file into our error."""
    try:
        yield
    except (
        zipfile.BadZipFile,
        zlib.error,
        struct.error,
        EOFError,
        NotImplementedError,
        OverflowError,
        RuntimeError,
        ValueError,
    ):
        raise BackupUnusable(
            "this is no backup of Visavis, or a damaged one; take another copy"
        ) from None
