"""Files that commands write: whole or not at all."""

import os
import secrets
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import BinaryIO

STDOUT = "-"


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """Open a file that takes the place of `path` when the block ends well, and vanishes if not."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{os.getpid()}-{secrets.token_hex(4)}.part")
    try:
        with draft.open("xb") as file:
            yield file
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def open_target(target: str) -> AbstractContextManager[BinaryIO]:
    """Open `target` for writing; `-` is standard output, and a device or pipe stays one."""
    if target == STDOUT:
        return nullcontext(sys.stdout.buffer)
    path = Path(target)
    return path.open("wb") if path.exists() and not path.is_file() else replacing(path)
