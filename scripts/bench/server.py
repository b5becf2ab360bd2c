"""A real `visavis serve` in its own process, and what it takes of the machine's memory."""

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scripts.bench.figures import Missing
from scripts.bench.ground import REPO
from visavis.core.settings import Settings

START_S = 120.0
SERVE = "from visavis.entry.main import main; main()"


@dataclass(frozen=True, slots=True)
class Server:
    """A running server.

    Attributes:
        process: Its process.
        port: Where it listens on 127.0.0.1.
    """

    process: "subprocess.Popen[bytes]"
    port: int

    def load(self, paths: Sequence[Path], clients: int, features: str) -> dict[str, Any]:
        """Let clients have all pictures analysed; return what `scripts.bench.client` measured."""
        return self.ask(paths, clients, f"/api/v1/analyze?features={features}")

    def ask(self, paths: Sequence[Path], clients: int, target: str) -> dict[str, Any]:
        """Let clients post all pictures to a path; return what `scripts.bench.client` measured."""
        with tempfile.NamedTemporaryFile("w", suffix=".txt") as listing:
            listing.write("\n".join(map(str, paths)))
            listing.flush()
            arguments = [str(self.port), str(clients), target, listing.name]
            done = subprocess.run(
                [sys.executable, "-m", "scripts.bench.client", *arguments],
                capture_output=True,
                check=True,
                cwd=REPO,
            )
        measured: dict[str, Any] = json.loads(done.stdout)
        return measured

    def rss_mib(self) -> float:
        """Return the resident memory of the server and its children, MiB."""
        return tree_rss_mib(self.process.pid)


@contextmanager
def serving(settings: Settings, data: Path | None = None, **more: str) -> Iterator[Server]:
    """Start a server with these settings' pack and cache, wait until it is ready, stop it at last.

    Args:
        settings: Of the engine.
        data: Its data folder; None = one of its own, which goes with it.
        more: Further settings, `VISAVIS_…`; nobody logs in unless they say so.

    Raises:
        Missing: it does not get ready.
    """
    port = free_port()
    with tempfile.TemporaryDirectory() as own, tempfile.TemporaryFile() as log:
        given = {"VISAVIS_CACHE": str(settings.cache), "VISAVIS_DATA": str(data or own)}
        environment = os.environ | given | {"VISAVIS_ACCOUNTS__LOGIN": "false"} | more
        command = [sys.executable, "-c", SERVE, "serve", "--port", str(port)]
        command += ["--pack", settings.pack]
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
        try:
            if not _ready(process, port):
                log.seek(0)
                raise Missing(f"the server does not start: {log.read()[-2000:].decode()}")
            yield Server(process, port)
        finally:
            process.terminate()
            process.wait(30)


def tree_rss_mib(pid: int) -> float:
    """Return the resident memory of a process and all below it, MiB; 0 when it is gone."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        threads = [p.name for p in Path(f"/proc/{pid}/task").iterdir() if p.name != str(pid)]
        for thread in threads:
            children += Path(f"/proc/{pid}/task/{thread}/children").read_text().split()
    except OSError:
        return 0.0
    own = next((row.split()[1] for row in status.splitlines() if row.startswith("VmRSS")), "0")
    return int(own) / 1024 + sum(tree_rss_mib(int(child)) for child in children)


def _ready(process: "subprocess.Popen[bytes]", port: int) -> bool:
    until = time.monotonic() + START_S
    while time.monotonic() < until and process.poll() is None:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5):
                return True
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    return False


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
