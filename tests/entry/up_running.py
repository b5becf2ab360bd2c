"""`visavis up` as people run it, on a database and a Redis of its own."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event

from tests.captured_logs import keep_logs_of
from tests.mail.smtp_running import free_port
from tests.throttle.redis_running import own_redis
from visavis.core.settings import load_settings
from visavis.entry.cli.up_file import Running, UpFile

MAIN = [sys.executable, "-c", "from visavis.entry.main import main; main()"]
PATIENCE = 4800
"""Looks at something that takes its time, twenty a second."""


@dataclass(frozen=True)
class Up:
    """A `visavis up` under test."""

    process: "subprocess.Popen[bytes]"
    data: Path
    url: str
    environment: dict[str, str]
    output: Path

    def said(self) -> str:
        return self.output.read_text()

    def running(self) -> Running:
        found = UpFile(self.data).running()
        assert found is not None
        return found

    def pid(self, name: str) -> int:
        """Return the process of a service, once it has one."""
        found: list[int] = []

        def runs() -> bool:
            found[:] = [s.pid for s in self.running().services if s.name == name and s.pid]
            return bool(found)

        until(runs)
        return found[0]

    def starts(self, name: str) -> int:
        return next(s.starts for s in self.running().services if s.name == name)

    def left(self) -> list[int]:
        """Return the processes that have this deployment's settings."""
        return of_deployment(self.data)

    def command(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """Run another command for this deployment."""
        told = [*MAIN, *arguments, "--data", str(self.data)]
        return subprocess.run(
            told, env=self.environment, capture_output=True, text=True, cwd=self.data, check=False
        )


@contextmanager
def up(root: Path, *arguments: str, **settings: str) -> Iterator[Up]:
    """Run `visavis up` until the block ends, and everything it started."""
    data, output = root / "data", root / "said"
    data.mkdir()
    redis, http, grpc = free_port(), free_port(), free_port()
    own: dict[str, object] = {
        "VISAVIS_CACHE": load_settings().cache.absolute(),
        "VISAVIS_DATA": data,
        "VISAVIS_ACCOUNTS__LOGIN": "false",
        "VISAVIS_JOBS__BROKER_URL": f"redis://127.0.0.1:{redis}/0",
        "VISAVIS_JOBS__LEASE_S": "5",
        "VISAVIS_JOBS__SWEEP_S": "1",
        "VISAVIS_GRPC__PORT": str(grpc),
        "TMPDIR": root,
    }
    environment = os.environ | {name: str(value) for name, value in (own | settings).items()}
    told = [*MAIN, "up", "--port", str(http), "--data", str(data), *arguments]
    with own_redis(redis, root), output.open("wb") as said:
        process = subprocess.Popen(told, env=environment, stderr=said, stdout=said, cwd=root)
        try:
            yield Up(process, data, f"http://127.0.0.1:{http}", environment, output)
        finally:
            process.terminate()
            process.wait()
            keep_logs_of(output.read_text())


def of_deployment(data: Path) -> list[int]:
    """Return the processes whose settings name a data folder, whoever started them."""
    mark, found = f"VISAVIS_DATA={data}\0".encode(), []
    for each in Path("/proc").iterdir():
        try:
            if each.name.isdecimal() and mark in (each / "environ").read_bytes() + b"\0":
                found.append(int(each.name))
        except OSError:  # ended meanwhile, or is another's
            continue
    return found


def until(holds: Callable[[], bool], why: Callable[[], str] = lambda: "") -> None:
    """Look until something holds."""
    for _ in range(PATIENCE):
        if holds():
            return
        Event().wait(0.05)
    raise AssertionError(why())
