"""What a deployment has beside rows and files: root keys and head files; and the seal of a backup.

The seal is the SHA-256 of the manifest, sealed under the root key. The manifest tells the SHA-256
of all else, so whoever holds the key sees whether anything was changed since.
"""

import hashlib
from base64 import b64decode, b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from visavis.core.errors import Unavailable
from visavis.core.settings import Settings
from visavis.vault.errors import RootKeyUnavailable, SealBroken
from visavis.vault.root_keys import FILE, LocalRootKeys, open_root_keys
from visavis.vault.sealing import Context

_CONTEXT = Context("", "", "backup manifest")
_PATIENCE_S = 60.0


def vault_folder(settings: Settings) -> Path:
    """Return where the file of the root keys lies."""
    return settings.data / "vault"


def heads_folder(settings: Settings) -> Path:
    """Return where the head files lie."""
    return settings.data / "heads"


def blobs_folder(settings: Settings) -> Path:
    """Return where files lie, or wait for the bucket."""
    return settings.data / "blobs"


def root_keys(settings: Settings) -> LocalRootKeys | None:
    """Return the root keys of a deployment, None where there are none; none are made."""
    folder = vault_folder(settings)
    if settings.vault.root_key.get_secret_value() or (folder / FILE).exists():
        return open_root_keys(settings.vault, folder)
    return None


def seal(roots: LocalRootKeys | None, manifest: bytes) -> bytes:
    """Return the seal of a manifest; empty where there is no key."""
    if roots is None:
        return b""
    return b64encode(roots.wrap(hashlib.sha256(manifest).digest(), _CONTEXT))


def opens(roots: LocalRootKeys | None, root_id: str, sealed: bytes, manifest: bytes) -> bool:
    """Return whether the key that sealed a manifest is here.

    Args:
        roots: The keys that are here.
        root_id: Which one it was sealed under; empty = none.
        sealed: The seal.
        manifest: What it is of.

    Raises:
        SealBroken: the manifest was changed since, or the key is another one of the same name.
    """
    if roots is None or not root_id:
        return False
    try:
        told = roots.unwrap(b64decode(sealed), _CONTEXT, root_id)
    except RootKeyUnavailable:
        return False
    except ValueError:
        raise SealBroken("the seal is none") from None
    if told != hashlib.sha256(manifest).digest():
        raise SealBroken("the seal is of another manifest")
    return True


def head_files(folder: Path) -> list[Path]:
    """Return the files in the folder of heads that make it what it is."""
    plain = [folder / name for name in ("champions.json", "history.jsonl", "pending.json")]
    found = [*plain, *folder.glob("*.onnx"), *(folder / "records").glob("*.json")]
    return sorted(path for path in found if path.is_file())


@contextmanager
def unchanged(folder: Path) -> Iterator[None]:
    """Let no other process change the folder of heads meanwhile.

    Raises:
        Unavailable: one does so for too long.
    """
    try:
        with FileLock(folder / "lock", timeout=_PATIENCE_S):
            yield
    except Timeout:
        raise Unavailable(
            f"another process is changing {folder}; try again when it is done"
        ) from None
