"""Root keys: what wraps the keys of tenants. A file, the environment, or a service that holds them.

Text form, in the file as in the environment: `ID:BASE64` of 32 bytes, one a line or separated by
blanks. The first is used for what is wrapped from now on; the others open what is older.
"""

import base64
import binascii
import os
import re
import secrets
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from filelock import FileLock

from visavis.core.settings import VaultOptions
from visavis.vault.errors import RootKeyUnavailable, RootKeyUnusable, no_root_key
from visavis.vault.sealing import KEY_BYTES, Context, DataKey, new_secret

FILE = "root.key"
_ID = re.compile(r"[A-Za-z0-9_.-]{1,32}")
_LONGEST = 64 * 1024
"""Bytes of a key file that are read: hundreds of keys."""


class RootKeys(Protocol):
    """Wraps keys under keys that never leave it: the seam for a key management service."""

    @property
    def current(self) -> str:
        """Name of the root key that wraps from now on."""

    def wrap(self, secret: bytes, context: Context) -> bytes:
        """Return `secret` wrapped under the current root key.

        Raises:
            RootKeyUnavailable: the key cannot be had now.
        """

    def unwrap(self, wrapped: bytes, context: Context, root_id: str) -> bytes:
        """Return what was wrapped under a root key.

        Raises:
            RootKeyUnavailable: nobody knows that root key.
            SealBroken: the bytes were changed, or belong to someone else.
        """


class LocalRootKeys:
    """Root keys in this process's memory.

    Args:
        keys: 32 bytes by name; the first is the current one.
    """

    def __init__(self, keys: Mapping[str, bytes]) -> None:
        self._keys = _data_keys(keys)
        self.current = next(iter(self._keys))

    def wrap(self, secret: bytes, context: Context) -> bytes:
        """Return `secret` wrapped under the current root key."""
        return self._keys[self.current].seal(secret, context)

    def unwrap(self, wrapped: bytes, context: Context, root_id: str) -> bytes:
        """Return what was wrapped under a root key."""
        if root_id not in self._keys:
            self._look_again()
        if root_id not in self._keys:
            raise no_root_key(root_id, self._keys)
        return self._keys[root_id].unseal(wrapped, context)

    def _look_again(self) -> None:
        """Take in keys that have come since; there is nowhere to look."""


class FileRootKeys(LocalRootKeys):
    """Root keys of a file that may get a further one while this process runs.

    What another process has wrapped under the new one opens; what is wrapped here stays under the
    one that was current at the start, as long as the process runs.

    Args:
        path: The file.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(_of_file(path))
        self._path = path

    def _look_again(self) -> None:
        """Take in keys that the file has got since."""
        self._keys = _data_keys(_of_file(self._path)) | self._keys


def open_root_keys(options: VaultOptions, folder: Path) -> LocalRootKeys:
    """Return the root keys of the settings, or those of the file, which is made if there is none.

    Args:
        options: May name the keys.
        folder: Where the file lies, `<data>/vault`.

    Raises:
        RootKeyUnusable: what is configured is no key, or others may read the file.
        RootKeyUnavailable: the file cannot be read or made.
    """
    if given := options.root_key.get_secret_value():
        return LocalRootKeys(_parsed(given, "VISAVIS_VAULT__ROOT_KEY"))
    path = folder / FILE
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with FileLock(folder / "lock"):  # two processes that start together make one key
            if not path.exists():
                _write(path, [_line(secrets.token_hex(4), new_secret())])
    except OSError as exc:
        raise RootKeyUnavailable(f"the root key {path} cannot be used: {exc.strerror}") from exc
    return FileRootKeys(path)


def add_root_key(folder: Path, name: str) -> None:
    """Put a new root key in front of those of the file; the old ones stay to open what is older.

    Raises:
        RootKeyUnusable: the name is taken or no name.
        RootKeyUnavailable: the file cannot be read or written.
    """
    path = folder / FILE
    try:
        with FileLock(folder / "lock"):
            lines = _read_private(path).split()
            if not _ID.fullmatch(name) or name in {line.partition(":")[0] for line in lines}:
                raise RootKeyUnusable(f"{name!r} is taken or no name; use letters, digits, _ . -")
            _write(path, [_line(name, new_secret()), *lines])
    except OSError as exc:
        raise RootKeyUnavailable(f"the root key {path} cannot be used: {exc.strerror}") from exc


def read_root_keys(text: str, where: str) -> LocalRootKeys:
    """Return the root keys that a text holds, such as the copy of a key file.

    Args:
        text: `ID:BASE64`, one a line.
        where: What an error calls it.

    Raises:
        RootKeyUnusable: it holds none, or something else.
    """
    return LocalRootKeys(_parsed(text, where))


def merge_root_keys(folder: Path, text: str, where: str) -> bytes | None:
    """Put root keys in front of those of the file, which is made if there is none.

    Those that are there stay behind them: nothing that they open is lost.

    Args:
        folder: Where the file lies.
        text: The keys, `ID:BASE64`, one a line.
        where: What an error calls the text.

    Returns:
        The file as it was, None = there was none; `put_root_keys_back` takes it.

    Raises:
        RootKeyUnusable: the text holds no keys, or another key has the name of one of them.
        RootKeyUnavailable: the file cannot be read or written.
    """
    path, given = folder / FILE, _parsed(text, where)
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with FileLock(folder / "lock"):
            before = _read_private(path) if path.exists() else None
            there = _parsed(before, str(path)) if before is not None else {}
            if taken := [name for name in given if there.get(name, given[name]) != given[name]]:
                raise RootKeyUnusable(f"{path} has another key called {taken[0]}; rename that one")
            _write(path, [_line(name, secret) for name, secret in {**given, **there}.items()])
    except OSError as exc:
        raise RootKeyUnavailable(f"the root key {path} cannot be used: {exc.strerror}") from exc
    return None if before is None else before.encode()


def put_root_keys_back(folder: Path, before: bytes | None) -> None:
    """Undo `merge_root_keys`.

    Raises:
        RootKeyUnavailable: the file cannot be written.
    """
    path = folder / FILE
    try:
        with FileLock(folder / "lock"):
            if before is None:
                path.unlink(missing_ok=True)
            else:
                _write(path, before.decode().split())
    except OSError as exc:
        raise RootKeyUnavailable(f"the root key {path} cannot be used: {exc.strerror}") from exc


def _line(name: str, secret: bytes) -> str:
    return f"{name}:{base64.b64encode(secret).decode()}"


def _write(path: Path, lines: list[str]) -> None:
    """Replace the file at once: a key that is half written would lock everything in for good."""
    partial = path.with_suffix(".part")
    partial.unlink(missing_ok=True)
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write("".join(f"{line}\n" for line in lines))
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)


def _read_private(path: Path) -> str:
    with path.open("rb") as file:
        mode = os.fstat(file.fileno()).st_mode
        if os.name == "posix" and mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise RootKeyUnusable(f"others may read the root key {path}; run `chmod 600` on it")
        return file.read(_LONGEST).decode("ascii", "replace")


def _data_keys(keys: Mapping[str, bytes]) -> dict[str, DataKey]:
    return {name: DataKey.of(1, secret) for name, secret in keys.items()}


def _of_file(path: Path) -> dict[str, bytes]:
    try:
        return _parsed(_read_private(path), str(path))
    except OSError as exc:
        raise RootKeyUnavailable(f"the root key {path} cannot be used: {exc.strerror}") from exc


def _parsed(text: str, where: str) -> dict[str, bytes]:
    keys: dict[str, bytes] = {}
    for place, entry in enumerate(text.split(), 1):
        name, _, encoded = entry.partition(":")
        try:
            secret = base64.b64decode(encoded, validate=True)
        except (binascii.Error, ValueError):
            secret = b""
        if not _ID.fullmatch(name) or len(secret) != KEY_BYTES or name in keys:
            raise RootKeyUnusable(f"entry {place} of {where} is no `ID:BASE64` of 32 bytes")
        keys[name] = secret
    if not keys:
        raise RootKeyUnusable(f"{where} holds no root key; put the backup of it back")
    return keys
