"""Processes of one deployment, killed at random and started again as a supervisor would."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from scripts.bench.server import SERVE

VISAVIS = (sys.executable, "-c", SERVE)
_STOP_S = 60.0
_LOOK_S = 0.2


class Fleet:
    """Keeps processes running; what they say goes into files of a folder.

    Args:
        folder: For their logs.
        environment: Further variables of all of them.
    """

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        self._folder, self._environment = folder, os.environ | dict(environment)
        self._commands: dict[str, Sequence[str]] = {}
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._lock, self._over = threading.Lock(), threading.Event()
        self._keeper = threading.Thread(target=self._keep, name="fleet", daemon=True)
        self.kills: dict[str, int] = {}

    def start(self, name: str, command: Sequence[str]) -> None:
        """Start a process, and again whenever it ends."""
        with self._lock:
            self._commands[name] = command
            self._running[name] = self._spawned(name)

    def kill(self, name: str) -> None:
        """Kill a process with signal 9."""
        with self._lock:
            self._running[name].send_signal(signal.SIGKILL)
        self.kills[name] = self.kills.get(name, 0) + 1

    def tail(self, name: str, size: int = 2000) -> str:
        """Return the end of what a process said."""
        return (self._folder / f"{name}.log").read_bytes()[-size:].decode(errors="replace")

    @contextmanager
    def kept(self) -> Iterator["Fleet"]:
        """Keep processes running until the block ends, then stop them."""
        self._keeper.start()
        try:
            yield self
        finally:
            self._over.set()
            self._keeper.join()
            for process in self._running.values():
                process.terminate()
            until = time.monotonic() + _STOP_S
            for process in self._running.values():
                try:
                    process.wait(max(0.1, until - time.monotonic()))
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()

    def _keep(self) -> None:
        while not self._over.wait(_LOOK_S):
            with self._lock:
                for name, process in self._running.items():
                    if process.poll() is not None:
                        self._running[name] = self._spawned(name)

    def _spawned(self, name: str) -> "subprocess.Popen[bytes]":
        with (self._folder / f"{name}.log").open("ab") as said:
            return subprocess.Popen(
                self._commands[name], env=self._environment, stdout=said, stderr=said
            )
