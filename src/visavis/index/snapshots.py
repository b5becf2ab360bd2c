"""Spaces in files, so that a restart need not build them from the database.

<folder>/<tenant>/<space>     names are hashes; each file is written whole or not at all

A file is a row of sealed pieces, each after its length. Within the seal a piece says which file it
belongs to and where it stands there, so that none can be left out, moved or taken from an older
file. The first piece says what the file holds, the others are the bytes of its arrays. What is
damaged, foreign or sealed by somebody else is not read: its space is empty then and is rebuilt.
"""

import hashlib
import os
import shutil
import struct
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO, TypeAlias
from uuid import uuid4

import numpy as np
import orjson
import structlog
from numpy.typing import NDArray

from visavis.core.errors import Unavailable, VisavisError
from visavis.index.base import CODE_BYTES, Space
from visavis.index.ids import ID_BYTES
from visavis.index.shelf import Arrays

log = structlog.get_logger(__name__)

Seal: TypeAlias = Callable[[Space, bytes], bytes]
"""Seals bytes for a space; unsealing gives them back, or raises for any others and other spaces."""

_MAGIC = b"visavis index 1\n"
_PIECE_BYTES = 4 * 1024 * 1024
_LENGTH = struct.Struct("<I")
_PLACE = struct.Struct("<16sI")
_STALE_S = 3600.0
"""Nobody writes one file for an hour: what is older was left behind by a crash."""

_UNREADABLE = (OSError, ValueError, KeyError, TypeError, struct.error, VisavisError)


class Snapshots:
    """Spaces in files.

    Args:
        folder: Where; made when first written to.
        seal: Seals a piece.
        unseal: Opens it.
    """

    def __init__(self, folder: Path, seal: Seal, unseal: Seal) -> None:
        self._folder = folder
        self._seal = seal
        self._unseal = unseal

    def write(self, space: Space, mark: int, arrays: Arrays) -> Path:
        """Write what is to be kept of a space, and return where; it does not count yet.

        Raises:
            Unavailable: the folder cannot be written.
        """
        path = self._path(space)
        part = path.with_name(f"{path.name}.{uuid4().hex}.part")
        try:
            path.parent.mkdir(0o700, parents=True, exist_ok=True)
            with open(part, "xb", opener=_private) as file:
                self._write(file, space, mark, arrays)
                file.flush()
                os.fsync(file.fileno())
        except BaseException as exc:
            discard(part)
            if isinstance(exc, OSError):
                raise _unusable(self._folder, exc) from exc
            raise
        return part

    def place(self, space: Space, part: Path) -> None:
        """Let what was written count, in place of what was kept before.

        Raises:
            Unavailable: the folder cannot be written.
        """
        try:
            part.replace(self._path(space))
            _sync(part.parent)
        except OSError as exc:
            discard(part)
            raise _unusable(self._folder, exc) from exc

    def load(self, tenant_id: str) -> Iterator[tuple[Space, int, Arrays]]:
        """Yield each space of a tenant with its mark; those that cannot be read are left out."""
        folder = self._folder / _hashed(tenant_id)
        for path in sorted(folder.iterdir()) if folder.is_dir() else ():
            if path.suffix == ".part":
                _remove_stale(path)
                continue
            started = time.perf_counter()
            try:
                space, mark, arrays = self._read(tenant_id, path)
            except _UNREADABLE as exc:
                log.warning("index_snapshot_ignored", file=path.name, reason=type(exc).__name__)
                continue
            took_ms = round((time.perf_counter() - started) * 1000)
            log.info("index_snapshot_read", entries=len(arrays["ids"]), mark=mark, took_ms=took_ms)
            yield space, mark, arrays

    def remove(self, space: Space) -> None:
        """Remove what is kept of a space, for good.

        Raises:
            Unavailable: it cannot be removed.
        """
        path = self._path(space)
        try:
            path.unlink()
            _sync(path.parent)
        except FileNotFoundError:
            return
        except OSError as exc:
            raise _unusable(self._folder, exc) from exc

    def remove_tenant(self, tenant_id: str) -> None:
        """Remove everything that is kept of a tenant, whether it can be read or not.

        Raises:
            Unavailable: it cannot be removed.
        """
        try:
            shutil.rmtree(self._folder / _hashed(tenant_id))
        except FileNotFoundError:
            return
        except OSError as exc:
            raise _unusable(self._folder, exc) from exc

    def _write(self, file: BinaryIO, space: Space, mark: int, arrays: Arrays) -> None:
        content = {
            "space": space.told,
            "mark": mark,
            "arrays": [[name, array.dtype.str, array.shape] for name, array in arrays.items()],
        }
        own = uuid4().bytes
        file.write(_MAGIC + _heading(space) + own)
        for place, piece in enumerate([orjson.dumps(content), *_cut(arrays)]):
            sealed = self._seal(space, _PLACE.pack(own, place) + piece)
            file.write(_LENGTH.pack(len(sealed)))
            file.write(sealed)

    def _read(self, tenant_id: str, path: Path) -> tuple[Space, int, Arrays]:
        with open(path, "rb", opener=_private) as file:
            size = os.fstat(file.fileno()).st_size
            space, own = _head(file, tenant_id)
            if path != self._path(space):
                raise ValueError("the file of another space")
            pieces = self._pieces(file, space, own)
            content = orjson.loads(next(pieces))
            if tuple(map(str, content["space"])) != space.told:
                raise ValueError("the content of another space")
            arrays = _empty(content["arrays"], size)
            _fill(arrays, pieces)
        _check(arrays, space)
        return space, int(content["mark"]), arrays

    def _pieces(self, file: BinaryIO, space: Space, own: bytes) -> Iterator[memoryview]:
        place = 0
        while length := file.read(_LENGTH.size):
            (wanted,) = _LENGTH.unpack(length)
            sealed = file.read(wanted)
            if len(sealed) != wanted:
                raise ValueError("a piece that is cut short")
            plain = self._unseal(space, sealed)
            if _PLACE.unpack_from(plain) != (own, place):
                raise ValueError("a piece from elsewhere")
            yield memoryview(plain)[_PLACE.size :]
            place += 1
        if not place:
            raise ValueError("the file has no pieces")

    def _path(self, space: Space) -> Path:
        name = _hashed("\n".join(space.told[1:]))
        return self._folder / _hashed(space.tenant_id) / name


def discard(part: Path) -> None:
    """Remove what was written and is not wanted."""
    with suppress(OSError):
        part.unlink(missing_ok=True)


def _heading(space: Space) -> bytes:
    """Return the lines that say which of a tenant's spaces a file is of."""
    _, embedder, *rest = space.told
    return f"{embedder}\n{' '.join(rest)}\n".encode()


def _head(file: BinaryIO, tenant_id: str) -> tuple[Space, bytes]:
    """Return the space that a file says it is of, and its own 16 bytes."""
    if file.read(len(_MAGIC)) != _MAGIC:
        raise ValueError("no snapshot")
    embedder, rest = file.readline(1000)[:-1].decode(), file.readline(100)[:-1].decode()
    version, _, collection = rest.partition(" ")
    return Space(tenant_id, embedder, int(version), collection), file.read(16)


def _cut(arrays: Arrays) -> Iterator[bytes]:
    """Yield the bytes of arrays, one after the other, in pieces."""
    for array in arrays.values():
        raw = _bytes(np.ascontiguousarray(array))
        for start in range(0, len(raw), _PIECE_BYTES):
            yield bytes(raw[start : start + _PIECE_BYTES])


def _empty(told: list[tuple[str, str, list[int]]], size: int) -> Mapping[str, NDArray[Any]]:
    """Return arrays that are to be filled; together they are no larger than the file."""
    shapes = [(name, np.dtype(kind), tuple(map(int, shape))) for name, kind, shape in told]
    if sum(int(np.prod(shape)) * kind.itemsize for _, kind, shape in shapes) > size:
        raise ValueError("the file is too short")
    return {name: np.empty(shape, kind) for name, kind, shape in shapes}


def _fill(arrays: Arrays, pieces: Iterator[memoryview]) -> None:
    """Fill arrays with what the pieces hold, which has to fit."""
    for array in arrays.values():
        raw = _bytes(array)
        for start in range(0, len(raw), _PIECE_BYTES):
            raw[start : start + _PIECE_BYTES] = next(pieces, b"")
    if next(pieces, None) is not None:
        raise ValueError("the file is too long")


def _check(arrays: Arrays, space: Space) -> None:
    """Refuse arrays that are none of a space."""
    ids, entries = arrays["ids"], arrays["entries"]
    dtype = np.uint8 if space.is_protected else np.float32
    fits = ids.shape == (len(entries), ID_BYTES) and ids.dtype == np.uint8
    if not fits or entries.ndim != 2 or entries.dtype != dtype:
        raise ValueError("rows of another kind")
    if space.is_protected and entries.shape[1] != CODE_BYTES:
        raise ValueError("codes of another length")


def _bytes(array: NDArray[Any]) -> memoryview:
    return array.reshape(-1).view(np.uint8).data


def _hashed(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _remove_stale(part: Path) -> None:
    with suppress(OSError):
        if time.time() - part.stat().st_mtime > _STALE_S:
            part.unlink()


def _sync(folder: Path) -> None:
    """Have the names in a folder written to the disk, where the system can."""
    if os.name != "posix":
        return
    place = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(place)
    finally:
        os.close(place)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags | getattr(os, "O_NOFOLLOW", 0), 0o600)


def _unusable(folder: Path, exc: OSError) -> Unavailable:
    return Unavailable(
        f"the folder of the search index {folder} cannot be used ({exc.strerror}); make room or "
        "let the server write there"
    )
