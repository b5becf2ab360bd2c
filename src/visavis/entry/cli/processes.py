"""Processes of ours: started together, started again when they die, stopped in order.

Nothing is ever signalled by name. A child that ended stays in the table of processes until we have
asked for its exit code, so its id cannot become another one's before that.
"""

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

PROGRAM = (
    "from visavis.entry.cli.parent import follow; from visavis.entry.main import main; "
    "follow(); main()"
)
"""What a child runs: the same command line, and an eye on its parent."""

FIRST_PAUSE_S, LONGEST_PAUSE_S = 1.0, 60.0
"""Before a service is started again; each further time twice as long."""

STEADY_AFTER_S = 60.0
"""A service that ran for so long had no trouble starting: the pauses begin anew."""

STOP_WITHIN_S = 30.0
"""How long the work in hand may take to finish; what is cut short, others do again."""

_LOOK_EVERY_S = 0.2


@dataclass(frozen=True, slots=True)
class Service:
    """A process to be kept running.

    Attributes:
        name: What people call it.
        arguments: Of `visavis`.
    """

    name: str
    arguments: tuple[str, ...]


class Child:
    """One service, running or about to.

    Args:
        service: What runs.
        environment: Of its process.
        say: Tells people.
    """

    def __init__(
        self, service: Service, environment: Mapping[str, str], say: Callable[[str], None]
    ) -> None:
        self.name, self._arguments = service.name, service.arguments
        self._environment, self._say = environment, say
        self._process: subprocess.Popen[bytes] | None = None
        self._pause_s, self._since, self._due = FIRST_PAUSE_S, 0.0, 0.0
        self.starts = 0

    @property
    def pid(self) -> int | None:
        """Its process; None = it does not run."""
        return self._process.pid if self._process else None

    def start(self) -> None:
        """Start it; out of reach of the terminal's Ctrl+C, as it is stopped in order."""
        self._process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, *self._arguments],
            env=dict(self._environment),
            stdin=subprocess.PIPE,
            start_new_session=True,
        )
        self._since, self.starts = time.monotonic(), self.starts + 1
        self._say(f"{self.name} is process {self._process.pid}")

    def look(self) -> bool:
        """Start it again where it died, some time later; return whether anything changed."""
        if self._process is None:
            if time.monotonic() < self._due:
                return False
            self.start()
            return True
        code = self._process.poll()
        if code is None:
            return False
        self._forget(code)
        return True

    def tell_to_stop(self) -> None:
        """Ask it to finish what it works on, and to end."""
        if self._process is not None:
            self._process.terminate()

    def wait_or_kill(self, until: float) -> None:
        """Wait until it has ended, or end it.

        Args:
            until: How long to wait, by the monotonic clock.
        """
        if self._process is None:
            return
        try:
            self._process.wait(max(0.0, until - time.monotonic()))
        except subprocess.TimeoutExpired:
            self._say(f"{self.name} does not end by itself; it is ended")
            self._process.kill()
            self._process.wait()
        self._release()

    def _forget(self, code: int) -> None:
        """Note that it died, and when it is started again."""
        if time.monotonic() - self._since > STEADY_AFTER_S:
            self._pause_s = FIRST_PAUSE_S
        self._say(f"{self.name} ended with {code}; it starts again in {self._pause_s:g} s")
        self._due = time.monotonic() + self._pause_s
        self._pause_s = min(2 * self._pause_s, LONGEST_PAUSE_S)
        self._release()

    def _release(self) -> None:
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.close()
        self._process = None


class Fleet:
    """All services of one machine.

    Args:
        groups: The services in the order in which they start; they stop in the opposite one, those
            of a group at the same time.
        environment: Of their processes.
        say: Tells people.
        changed: Called when a process was started or died.
    """

    def __init__(
        self,
        groups: Sequence[Sequence[Service]],
        environment: Mapping[str, str],
        say: Callable[[str], None],
        changed: Callable[[Sequence[Child]], None],
    ) -> None:
        self._groups = [[Child(each, environment, say) for each in group] for group in groups]
        self._changed = changed

    @property
    def children(self) -> list[Child]:
        """All of them, in the order in which they start."""
        return [child for group in self._groups for child in group]

    def run(self, over: threading.Event) -> None:
        """Keep them running until told to stop, then stop them in order."""
        try:
            for child in self.children:
                child.start()
            self._changed(self.children)
            while not over.wait(_LOOK_EVERY_S):
                seen = [child.look() for child in self.children]
                if any(seen):
                    self._changed(self.children)
        finally:
            self._stop()

    def _stop(self) -> None:
        for group in reversed(self._groups):
            for child in group:
                child.tell_to_stop()
            until = time.monotonic() + STOP_WITHIN_S
            for child in group:
                child.wait_or_kill(until)
