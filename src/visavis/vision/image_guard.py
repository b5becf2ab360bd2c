"""Decoding in guarded processes: a broken picture can take one of them down, never the caller.

A child is started when first needed and kept. It is killed when a picture takes too long, and
replaced when it died. Any number of threads may decode at once; so many children work at most as
the pool allows, and further callers wait.
"""

import atexit
import contextlib
import io
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from typing import cast

import numpy as np

from visavis.core.errors import ImageFault, InvalidImage, Unavailable
from visavis.core.settings import ImageOptions
from visavis.core.types import Pixels
from visavis.vision.image_wire import FAULTS, READY, REPLY, REQUEST

_MODULE = "visavis.vision.image_sandbox"
_ENVIRONMENT = (
    *("PATH", "HOME", "TMPDIR", "LANG", "VIRTUAL_ENV"),
    *("PYTHONPATH", "PYTHONHOME", "PYTHONUSERBASE", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH"),
    *("SYSTEMROOT", "WINDIR", "TEMP", "TMP", "USERPROFILE", "APPDATA"),
)
_START_S = 60.0  # importing the decoders takes 0.1 s; a machine that swaps may need far longer
_COMMAND = ("-P", "-m", _MODULE)  # -P: import nothing from the working folder


def _environment() -> dict[str, str]:
    """What a child needs to find its libraries; it is told no secrets."""
    kept = {name: os.environ[name] for name in _ENVIRONMENT if name in os.environ}
    return kept | {"MALLOC_ARENA_MAX": "2"}  # glibc's arenas reserve what RLIMIT_AS counts


class Died(Exception):  # an event; whether it is the picture's fault is decided later
    """The child ended before it gave its reply."""


class Child:
    """One guarded process and the pipes to it; used by one thread at a time.

    Raises:
        Unavailable: the process cannot be started.
    """

    def __init__(self) -> None:
        try:
            self._process = subprocess.Popen(
                [sys.executable, *_COMMAND],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=_environment(),
            )
        except OSError as exc:
            raise Unavailable(f"the picture decoder cannot be started: {exc}") from exc
        self._stdin = cast("io.BufferedWriter", self._process.stdin)
        self._stdout = cast("io.BufferedReader", self._process.stdout)
        self._expired = False
        self._await_ready()

    def _await_ready(self) -> None:
        try:
            with self._deadline(_START_S):
                self._read(len(READY))
        except Died:
            self.kill()
            reason = f"the picture decoder does not start; see what `python -m {_MODULE}` says"
            raise Unavailable(reason) from None

    @property
    def usable(self) -> bool:
        """Whether the process still runs; a dead one is reaped by asking."""
        return not self._expired and self._process.poll() is None

    def decode(self, kind: str, data: bytes, options: ImageOptions) -> tuple[Pixels, int]:
        """Return the pixels (h, w, 3), not upright yet, and the EXIF orientation.

        Raises:
            InvalidImage: the child refused the picture, or took longer than `options.timeout_s`.
            Died: the child ended without a reply.
        """
        try:
            with self._deadline(options.timeout_s):
                return self._ask(kind, data, options)
        except Died:
            if not self._expired:
                raise
            reason = f"decoding took longer than {options.timeout_s:g} s; export the picture again"
            raise InvalidImage(ImageFault.CORRUPT, reason) from None

    def _ask(self, kind: str, data: bytes, options: ImageOptions) -> tuple[Pixels, int]:
        request = REQUEST.pack(kind.encode(), len(data), options.max_pixels, options.timeout_s)
        try:
            self._stdin.write(request)
            self._stdin.write(data)
            self._stdin.flush()
        except OSError as exc:
            raise Died from exc
        outcome, width, height, orientation, size = REPLY.unpack(self._read(REPLY.size))
        if 0 < outcome <= len(FAULTS):
            raise InvalidImage(FAULTS[outcome - 1], self._read(size).decode(errors="replace"))
        if outcome or not 0 < width * height <= options.max_pixels:
            raise Died  # it no longer does what it was started for
        pixels = np.empty((height, width, 3), np.uint8)
        self._fill(pixels.data.cast("B"))
        return pixels, orientation

    def _read(self, size: int) -> bytearray:
        buffer = bytearray(size)
        self._fill(memoryview(buffer))
        return buffer

    def _fill(self, buffer: memoryview) -> None:
        """Read until `buffer` is full."""
        if self._stdout.readinto(buffer) < len(buffer):
            raise Died

    @contextlib.contextmanager
    def _deadline(self, seconds: float) -> Iterator[None]:
        """Kill the process when the block takes longer; every read and write then ends at once."""

        def expire() -> None:
            self._expired = True
            self._process.kill()

        timer = threading.Timer(seconds, expire)
        timer.start()
        try:
            yield
        finally:
            timer.cancel()
            timer.join()  # if it fired just now, `_expired` must be seen

    def stop(self) -> None:
        """Let an idle process end by itself, which it does when its stdin closes."""
        with contextlib.suppress(OSError):
            self._stdin.close()
        try:
            self._process.wait(timeout=1)
        except subprocess.TimeoutExpired:
            self._process.kill()
        self._reap()

    def kill(self) -> None:
        """End the process now and reap it."""
        self._process.kill()
        with contextlib.suppress(OSError):
            self._stdin.close()  # flushes what the dead cannot take
        self._reap()

    def _reap(self) -> None:
        self._process.wait()
        self._stdout.close()

    def abandon(self) -> None:
        """Drop the pipes after a fork: the process belongs to the other side."""
        self._stdin.close()
        self._stdout.close()
        self._process.returncode = 0


class Guard:
    """A pool of children.

    Args:
        most: How many may work at the same time; further callers wait for a free one.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._hooked = False
        self._renew()

    def _renew(self) -> None:
        self._lock = threading.Lock()
        self._slots = threading.BoundedSemaphore(self._most)
        self._idle: list[Child] = []

    def decode(self, kind: str, data: bytes, options: ImageOptions) -> tuple[Pixels, int]:
        """Return the pixels (h, w, 3), not upright yet, and the EXIF orientation.

        Raises:
            InvalidImage: the picture was refused, took too long, or killed its decoder twice.
            Unavailable: no child can be started.
        """
        with self._slots:
            for _ in range(2):  # the first time it may have died by an outside hand
                with contextlib.suppress(Died), self._child() as child:
                    return child.decode(kind, data, options)
        reason = "the decoder crashed on this picture; export it again as JPEG or PNG"
        raise InvalidImage(ImageFault.CORRUPT, reason)

    @contextlib.contextmanager
    def _child(self) -> Iterator[Child]:
        """Lend a child; it comes back only in step with its pipes, else it is killed."""
        child = self._take()
        try:
            yield child
        except InvalidImage:
            self._give(child)
            raise
        except BaseException:
            child.kill()
            raise
        self._give(child)

    def _take(self) -> Child:
        with self._lock:
            self._hook()
            while self._idle:
                if (child := self._idle.pop()).usable:
                    return child
                child.kill()
        return Child()

    def _give(self, child: Child) -> None:
        if not child.usable:
            child.kill()
            return
        with self._lock:
            self._idle.append(child)

    def _hook(self) -> None:
        """Before the first child: end all with this process, share none with a forked one."""
        if self._hooked:
            return
        self._hooked = True
        atexit.register(self.close)
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self._forget)

    def _forget(self) -> None:
        for child in self._idle:
            child.abandon()
        self._renew()

    def close(self) -> None:
        """End the idle children; the next decode starts new ones."""
        with self._lock:
            idle, self._idle = self._idle, []
        for child in idle:
            child.stop()
