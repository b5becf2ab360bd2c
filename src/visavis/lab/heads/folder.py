"""The folder of heads on disk: changed by one process at a time, whole at every moment.

<data>/heads/
    champions.json          which file answers which head; all that serving reads, with the files
    <version>.onnx          the files that were added
    records/<version>.json  when a file was added, its SHA-256, the reports that came with it
    history.jsonl           what was promoted and rolled back, oldest first
    pending.json            the change under way
    lock                    held by the process that makes it

A change is made in four steps: note it in `pending.json`, replace `champions.json`, add the line to
the history, remove the note. The choice is the truth: a process that is killed before the second
step has changed nothing, and one killed after it has changed what serves. Whoever comes next sees
by the note which of both it was, and drops the note or adds the missing line.
"""

import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from uuid import uuid4

import structlog
from filelock import FileLock, Timeout

from visavis.core.attributes import Head
from visavis.core.errors import Unavailable, WeightsCorrupt
from visavis.lab.heads.history import Event, choice, read_event
from visavis.vision.heads.shelf import CHAMPIONS, read_champions

log = structlog.get_logger(__name__)

PATIENCE_S = 60.0
"""How long to wait for another process; one change takes less than a second without a mirror, and
half a minute with one that does not answer."""

_WORK = "work-"


class HeadFolder:
    """Reads and changes the folder.

    Args:
        root: `<data>/heads`; it is made when first written to.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._history = root / "history.jsonl"
        self._pending = root / "pending.json"
        self._records = root / "records"

    def file(self, version: str) -> Path:
        """Return where a head file lies, or would lie."""
        return self.root / f"{version}.onnx"

    def files(self) -> list[Path]:
        """Return the head files that were added."""
        return sorted(self.root.glob("*.onnx"))

    def record(self, version: str) -> dict[str, Any]:
        """Return what was noted when a file was added; empty where nothing usable was."""
        try:
            found = json.loads((self._records / f"{version}.json").read_text("utf-8"))
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}

    def champions(self) -> dict[Head, str]:
        """Return the promoted versions; where they cannot be read, as the history tells them."""
        try:
            return read_champions(self.root)
        except WeightsCorrupt as exc:
            log.warning("champions_not_readable", reason=str(exc))
            return choice(self.events())

    def events(self) -> list[Event]:
        """Return the history, oldest first, with a change whose line is still to be added.

        Raises:
            WeightsCorrupt: it cannot be understood.
        """
        pending = self._noted()  # before the lines: it goes when its line is there
        events = [read_event(line) for line in self._lines()]
        if pending and self._has_happened(pending) and pending not in events:
            events.append(pending)
        return events

    @contextmanager
    def changing(self) -> Iterator[None]:
        """Hold the folder alone; what a killed process left behind is put right first.

        Raises:
            Unavailable: another process holds it for too long, or the disk refuses.
        """
        try:
            self._records.mkdir(parents=True, exist_ok=True)
            with FileLock(self.root / "lock", timeout=PATIENCE_S):
                self._repair()
                yield
        except Timeout as exc:
            raise Unavailable(
                f"another process is changing {self.root}; try again when it is done"
            ) from exc
        except OSError as exc:
            raise Unavailable(
                f"the folder of heads {self.root} cannot be changed ({exc}); make room, or set "
                "VISAVIS_DATA to a folder that can be written"
            ) from exc

    @contextmanager
    def staged(self, source: Path) -> Iterator[Path]:
        """Lend a copy of a file on the same disk, so that it can be renamed into place."""
        with tempfile.TemporaryDirectory(dir=self.root, prefix=_WORK) as folder:
            yield Path(shutil.copyfile(source, Path(folder, "head.onnx")))

    def keep(self, staged: Path, version: str, record: Mapping[str, Any]) -> None:
        """Move a checked file into place, after its record: one without a file does no harm."""
        self.note(version, record)
        _replace(staged, self.file(version))

    def note(self, version: str, record: Mapping[str, Any]) -> None:
        """Replace the record of a file."""
        self._write(self._records / f"{version}.json", record)

    def commit(self, event: Event) -> None:
        """Make a change: from the second step on it has happened."""
        champions = self._after(event)
        self._write(self._pending, event.as_json())
        self._write(self.root / CHAMPIONS, champions)
        with suppress(OSError):  # a full disk: what serves has changed, the line follows later
            self._finish(event)

    def _after(self, event: Event) -> dict[str, str]:
        """Return the whole choice after an event."""
        chosen: dict[Head, str | None] = dict(self.champions())
        chosen |= {head: event.pointer(event.after[head]) for head in event.heads}
        return {head.value: version for head, version in sorted(chosen.items()) if version}

    def _noted(self) -> Event | None:
        try:
            return read_event(self._pending.read_text("utf-8"))
        except FileNotFoundError:
            return None
        except (OSError, ValueError, WeightsCorrupt) as exc:
            log.warning("pending_not_readable", reason=str(exc))
            return None

    def _has_happened(self, pending: Event) -> bool:
        """Return whether what serves is what the noted change was to lead to."""
        try:
            serving = read_champions(self.root)
        except WeightsCorrupt:
            return False
        wanted = {head: pending.pointer(pending.after[head]) for head in pending.heads}
        return all(serving.get(head) == version for head, version in wanted.items())

    def _repair(self) -> None:
        """Finish or drop a change that was cut short; the caller holds the lock."""
        for left in self.root.glob(f"{_WORK}*"):
            if left.is_dir():
                shutil.rmtree(left, ignore_errors=True)
            else:
                left.unlink(missing_ok=True)
        pending = self._noted()
        if pending and self._has_happened(pending):
            self._finish(pending)
        self._pending.unlink(missing_ok=True)

    def _finish(self, event: Event) -> None:
        """Add the line unless it is there, and remove the note."""
        if event not in [read_event(line) for line in self._lines()]:
            self._append(json.dumps(event.as_json(), ensure_ascii=False))
        self._pending.unlink(missing_ok=True)

    def _lines(self) -> list[str]:
        """Return the whole lines of the history; one without an end was never written."""
        try:
            text = self._history.read_text("utf-8", errors="replace")
        except FileNotFoundError:
            return []
        return [line for line in text[: text.rfind("\n") + 1].split("\n") if line.strip()]

    def _append(self, line: str) -> None:
        with self._history.open("a+b") as file:
            file.seek(0)
            file.truncate(file.read().rfind(b"\n") + 1)
            file.write(f"{line}\n".encode())
            file.flush()
            os.fsync(file.fileno())
        _sync_folder(self.root)

    def _write(self, path: Path, content: object) -> None:
        made = self.root / f"{_WORK}{uuid4().hex}"
        made.write_text(
            json.dumps(content, ensure_ascii=False, indent=1, default=float) + "\n", "utf-8"
        )
        _replace(made, path)


def _replace(made: Path, path: Path) -> None:
    """Rename a file into place; its content is on the disk before its name is."""
    with made.open("rb+") as file:
        os.fsync(file.fileno())
    made.replace(path)
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    """Have the names in a folder written to the disk, where the system can."""
    if os.name != "posix":
        return
    place = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(place)
    finally:
        os.close(place)
