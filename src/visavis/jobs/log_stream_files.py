"""The log as files: one object a line, the newest in `visavis.jsonl`, older ones numbered.

Several processes of a machine may write into the same folder: one at a time.
"""

import json
import os
from collections.abc import Collection, Sequence
from datetime import datetime
from pathlib import Path

from filelock import FileLock

from visavis.core.log_lines import LogLine, as_dict

NAME = "visavis.jsonl"
_WAIT_S = 30.0


class LogFiles:
    """Files that are begun anew at a size, of which so many are kept.

    Args:
        folder: Where; it is made when the first line comes, for its owner only.
        file_bytes: Size at which the next file is begun.
        files: Closed files that are kept.
    """

    def __init__(self, folder: Path, file_bytes: int, files: int) -> None:
        self._folder, self._file_bytes, self._files = folder, file_bytes, files

    def write(self, lines: Sequence[LogLine], doubtful: Collection[str] = ()) -> None:
        """Add lines.

        Args:
            lines: In their order.
            doubtful: Ids of those that may be here already: these are looked for first.

        Raises:
            OSError: the disk is full, or the folder cannot be written.
        """
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with FileLock(self._folder / ".lock", timeout=_WAIT_S, mode=0o600):
            here = self._here(doubtful)
            texts = [_text(line) for line in lines if line.id not in here]
            self._append(texts)

    def forget_before(self, at: datetime) -> int:
        """Remove closed files whose last line is older; return how many."""
        removed = 0
        for path in self._closed():
            if path.stat().st_mtime < at.timestamp():
                path.unlink(missing_ok=True)
                removed += 1
        return removed

    def _append(self, texts: Sequence[bytes]) -> None:
        """Write lines, beginning the next file wherever one is full."""
        size, some = self._size(), list[bytes]()
        for text in texts:
            if size and size + len(text) > self._file_bytes:
                self._add(b"".join(some))
                self._turn()
                size, some = 0, []
            some.append(text)
            size += len(text)
        self._add(b"".join(some))

    def _add(self, data: bytes) -> None:
        """Add whole lines; one that a crash has cut off is ended first."""
        path = self._folder / NAME
        if not data:
            return
        data = data if _ends_whole(path) else b"\n" + data
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
        with os.fdopen(os.open(path, flags, 0o600), "ab") as file:
            file.write(data)

    def _size(self) -> int:
        path = self._folder / NAME
        return path.stat().st_size if path.exists() else 0

    def _turn(self) -> None:
        """Close the file: each number moves up by one, the highest goes."""
        for number in range(self._files, 0, -1):
            newer = self._numbered(number - 1)
            if newer.exists():
                newer.replace(self._numbered(number))
        for path in self._closed()[self._files :]:
            path.unlink(missing_ok=True)

    def _numbered(self, number: int) -> Path:
        return self._folder / (NAME if number == 0 else f"visavis.{number}.jsonl")

    def _closed(self) -> list[Path]:
        """Return the closed files, the newest first."""
        found = [path for path in self._folder.glob("visavis.*.jsonl") if _number(path)]
        return sorted(found, key=_number)

    def _here(self, ids: Collection[str]) -> set[str]:
        """Return which of some lines are in the files."""
        wanted, here = set(ids), set[str]()
        for path in [self._numbered(0), *self._closed()] if wanted else ():
            if path.exists() and wanted - here:
                with path.open("rb") as file:
                    here |= wanted & {_id_of(line) for line in file}
        return here


def _text(line: LogLine) -> bytes:
    return json.dumps(as_dict(line), separators=(",", ":")).encode() + b"\n"


def _ends_whole(path: Path) -> bool:
    if not path.exists() or path.stat().st_size == 0:
        return True
    with path.open("rb") as file:
        file.seek(-1, os.SEEK_END)
        return file.read() == b"\n"


def _number(path: Path) -> int:
    number = path.name.split(".")[1]
    return int(number) if number.isdecimal() else 0


def _id_of(text: bytes) -> str:
    """Return the id of a line; empty where it is cut off."""
    return text[7:39].decode("ascii", "replace") if _is_whole(text) else ""


def _is_whole(text: bytes) -> bool:
    """Return whether a line is all there; the end of a line may be all that a crash has cut off."""
    if text.endswith(b"}\n"):
        return True
    try:
        return isinstance(json.loads(text), dict)
    except ValueError:
        return False
