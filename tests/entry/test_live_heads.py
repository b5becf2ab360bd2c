"""Heads exchanged under a server at work: a real process, sixteen clients, no failed request."""

import os
import re
import signal
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

import httpx
import pytest

from tests.entry.http_running import portraits
from tests.entry.test_cli_heads import told
from tests.entry.test_cli_serve import MAIN
from tests.vision.heads.making import make_head
from visavis.core.attributes import Head

CLIENTS = 16
PATIENCE_S = 120
"""Only a server that hangs takes so long."""

ANSWERS = {"m-1": (0.3, 0.7), "m-2": (0.8, 0.2)}


@contextmanager
def server(folder: Path) -> Iterator[str]:
    """Run `visavis serve` as a process of its own; give its address."""
    command = [*MAIN, "serve", "--port", "0"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, cwd=folder) as process:
        assert process.stderr is not None
        try:
            address = re.search(r"http://\S+", process.stderr.readline())
            assert address
            threading.Thread(target=process.stderr.read, daemon=True).start()
            yield address[0]
        finally:
            process.send_signal(signal.SIGTERM)


class Clients:
    """Sixteen clients that ask again at once, and what they were answered."""

    def __init__(self, address: str, picture: bytes) -> None:
        self._address, self._picture = address, picture
        self._changed = threading.Condition()
        self._stopped = False
        self.seen: dict[int, str] = {}
        self.faults: list[str] = []
        self.answers = 0
        self._threads = [threading.Thread(target=self._ask, args=(i,)) for i in range(CLIENTS)]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped = True
        for thread in self._threads:
            thread.join()

    def until_all_see(self, version: str) -> None:
        with self._changed:
            self._changed.wait_for(
                lambda: self.faults or [*self.seen.values()] == [version] * CLIENTS, PATIENCE_S
            )
            assert self.faults == []
            assert set(self.seen.values()) == {version}

    def until_more_answers(self, count: int) -> None:
        with self._changed:
            goal = self.answers + count
            self._changed.wait_for(lambda: self.faults or self.answers >= goal, PATIENCE_S)
            assert self.faults == []
            assert self.answers >= goal

    def _ask(self, number: int) -> None:
        with httpx.Client(base_url=self._address, timeout=PATIENCE_S) as client:
            while not self._stopped:
                try:
                    version, fault = self._answer(client), ""
                except (httpx.HTTPError, KeyError, ValueError) as exc:
                    version, fault = "", repr(exc)
                with self._changed:
                    self.seen[number] = version
                    self.answers += 1
                    if fault:
                        self.faults.append(fault)
                    self._changed.notify_all()
                if fault:
                    return

    def _answer(self, client: httpx.Client) -> str:
        """Ask once; return which version answered, as it alone would."""
        answer = client.post(
            "/api/v1/analyze",
            params={"features": "gender"},
            files=[("files", ("me.jpg", self._picture))],
        )
        answer.raise_for_status()
        (entry,) = answer.json()["results"]
        gender = entry["faces"][0]["gender"]
        version: str = gender["version"]
        if gender["probabilities"]["female"] != pytest.approx(ANSWERS[version][0], abs=1e-3):
            raise ValueError(f"{version} answered for another")
        return version


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("VISAVIS_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("VISAVIS_TRACKING__ENABLED", "false")
    monkeypatch.setenv("VISAVIS_ACCOUNTS__LOGIN", "false")
    for version, answer in ANSWERS.items():
        told("add", make_head(tmp_path / f"{version}.onnx", version, {Head.GENDER: answer}))
    promote("m-1")
    return tmp_path / "data"


def promote(version: str) -> None:
    told("promote", version, "--force", "--reason", "to see it served")


@pytest.mark.slow
def test_no_request_fails_while_heads_are_exchanged(weights, data, shared_data, tmp_path):
    (path,) = portraits(shared_data, 1)
    with server(tmp_path) as address, Clients(address, path.read_bytes()) as clients:
        clients.until_all_see("m-1")
        promote("m-2")
        clients.until_all_see("m-2")
        told("rollback", "--reason", "back")
        clients.until_all_see("m-1")

        # A file that breaks while it serves, and a choice of what is not there.
        (data / "heads" / "m-1.onnx").write_bytes(b"broken")
        clients.until_more_answers(2 * CLIENTS)
        draft = data / "heads" / "draft"
        draft.write_text('{"gender": "m-9"}')
        os.replace(draft, data / "heads" / "champions.json")  # noqa: PTH105  # as any tool may
        clients.until_more_answers(2 * CLIENTS)
        clients.until_all_see("m-1")
        promote("m-2")
        clients.until_all_see("m-2")
    assert clients.faults == []
