"""Which `visavis up` runs for a data folder: one file, which names its process beyond doubt.

Ids of processes are used again. So the file says also when the process started, and a lock that
ends with the process says whether it runs at all.
"""

import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from visavis.core.errors import Unavailable
from visavis.entry.cli.processes import Child

NAME, LOCK = "up.json", "up.lock"

_PROC = Path("/proc")
_BOOT = _PROC / "sys/kernel/random/boot_id"
_LOOK_EVERY_S = 0.1


@dataclass(frozen=True, slots=True)
class Listed:
    """A service as the file lists it.

    Attributes:
        name: What people call it.
        pid: Its process; None = it is started again in a moment.
        starts: How often it was started.
    """

    name: str
    pid: int | None
    starts: int


@dataclass(frozen=True, slots=True)
class Running:
    """A `visavis up`.

    Attributes:
        pid: Its process.
        started: When that started, in the words of the system.
        services: What it keeps running.
    """

    pid: int
    started: str
    services: tuple[Listed, ...] = ()

    @property
    def is_alive(self) -> bool:
        """Whether it still runs, and is no other process of the same id."""
        return started(self.pid) == self.started


class UpFile:
    """The file of one data folder.

    Args:
        folder: The data folder.
    """

    def __init__(self, folder: Path) -> None:
        self._folder, self._path = folder, folder / NAME

    @contextmanager
    def held(self) -> Iterator[None]:
        """Be the only one for this folder while the block lasts.

        Raises:
            Unavailable: another one is; the message names it.
        """
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            with FileLock(self._folder / LOCK, timeout=0, mode=0o600):
                yield
                self._path.unlink(missing_ok=True)
        except Timeout as exc:
            there = self.running()
            which = f" (process {there.pid})" if there else ""
            raise Unavailable(
                f"services run for {self._folder} already{which}; stop them with visavis down"
            ) from exc

    def note(self, children: Sequence[Child]) -> None:
        """Write down what runs; whoever reads meanwhile sees what was there before."""
        services = tuple(Listed(each.name, each.pid, each.starts) for each in children)
        running = Running(os.getpid(), started(os.getpid()) or "", services)
        fresh = self._path.with_suffix(".new")
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            json.dump(asdict(running), file)
        fresh.replace(self._path)

    def running(self) -> Running | None:
        """Return what runs; None where nothing does."""
        try:
            told = json.loads(self._path.read_text())
            services = tuple(Listed(**each) for each in told["services"])
            found = Running(told["pid"], told["started"], services)
        except (FileNotFoundError, ValueError, TypeError, KeyError):
            return None
        return found if found.is_alive else None


def stop(running: Running, within_s: float) -> bool:
    """Tell a `visavis up` to stop, and wait; return whether it has."""
    _signal(running)
    until = time.monotonic() + within_s
    while running.is_alive:
        if time.monotonic() > until:
            return False
        time.sleep(_LOOK_EVERY_S)
    return True


def started(pid: int) -> str | None:
    """Return when a process started, in the words of the system; None where there is none."""
    if _BOOT.exists():
        return _started_of_proc(pid)
    told = subprocess.run(
        ["ps", "-o", "lstart=", "-p", str(pid)],
        env=os.environ | {"LC_ALL": "C"},
        capture_output=True,
        text=True,
        check=False,
    )
    return told.stdout.strip() or None


def _started_of_proc(pid: int) -> str | None:
    try:
        told = (_PROC / str(pid) / "stat").read_text()
    except OSError:
        return None
    state, *rest = told.rpartition(")")[2].split()  # the name before may hold anything
    return None if state == "Z" else f"{_BOOT.read_text().strip()} {rest[18]}"


def _signal(running: Running) -> None:
    """Tell the process to stop; where the system can, in a way that cannot reach another one."""
    try:
        if not hasattr(os, "pidfd_open"):
            if running.is_alive:
                os.kill(running.pid, signal.SIGTERM)
            return
        handle = os.pidfd_open(running.pid)
        try:
            if running.is_alive:
                signal.pidfd_send_signal(handle, signal.SIGTERM)
        finally:
            os.close(handle)
    except ProcessLookupError:
        return
