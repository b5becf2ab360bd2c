"""A zip that is given away while it is written: none of its files is ever held as a whole."""

import hashlib
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import IO, cast
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

import orjson

MANIFEST = "manifest.json"
"""The last file: the SHA-256 of all others."""

PIECE_BYTES = 64 * 1024
"""Fewest bytes of one piece that is given away, but for the last."""

_READABLE = orjson.OPT_INDENT_2


class _Sink:
    """Where the zip is written: gives what came since it was last asked."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self._size = 0

    def write(self, piece: bytes) -> int:
        self._pieces.append(bytes(piece))
        self._size += len(piece)
        return len(piece)

    def flush(self) -> None:
        """Nothing waits anywhere."""

    def take(self, least: int = PIECE_BYTES) -> Iterator[bytes]:
        """Give it in one piece, once it is so large."""
        if self._size >= least:
            taken, self._pieces, self._size = b"".join(self._pieces), [], 0
            yield taken


class ExportArchive:
    """Writes files into a zip, and gives its bytes in pieces.

    Args:
        now: When the files were made.
    """

    def __init__(self, now: datetime) -> None:
        self._sink = _Sink()
        # It writes and does nothing else, which is enough where a zip comes in one go.
        self._zip = ZipFile(cast("IO[bytes]", self._sink), "w", ZIP_DEFLATED)
        self._at = (now.year, now.month, now.day, now.hour, now.minute, now.second)
        self._hashes: dict[str, str] = {}

    def add(self, name: str, pieces: Iterable[bytes], size: int = 0) -> Iterator[bytes]:
        """Write a file and give the bytes of the zip that come of it.

        Args:
            name: Its path in the zip.
            pieces: Its content.
            size: How large it will be at most; only matters beyond 2 GiB.
        """
        info = ZipInfo(name, self._at)
        info.compress_type, info.file_size = ZIP_DEFLATED, size
        info.external_attr = 0o600 << 16  # for its owner only, once it is unpacked
        sha256 = hashlib.sha256()
        with self._zip.open(info, "w") as member:
            for piece in pieces:
                sha256.update(piece)
                member.write(piece)
                yield from self._sink.take()
        self._hashes[name] = sha256.hexdigest()
        yield from self._sink.take()

    def add_text(self, name: str, text: str) -> Iterator[bytes]:
        """Write a text file."""
        return self.add(name, (text.encode(),))

    def add_json(self, name: str, value: object) -> Iterator[bytes]:
        """Write a value as JSON; times are written in UTC."""
        return self.add(name, (as_json(value),))

    def end(self) -> Iterator[bytes]:
        """Write the manifest and the end of the zip."""
        listed = {"sha256": dict(self._hashes)}
        yield from self.add_json(MANIFEST, listed)
        self._zip.close()
        yield from self._sink.take(1)


def as_json(value: object) -> bytes:
    """Return a value as JSON that people can read."""
    return orjson.dumps(value, option=_READABLE | orjson.OPT_UTC_Z)
