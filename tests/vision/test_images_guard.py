"""The guarded decoder: killed, crashed, lying or overrun, it costs one picture and nothing else."""

import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from tests.vision.images_samples import FORMATS, OPTIONS, difference, encode, rgb, scan_bomb, scene
from visavis.core.errors import ImageFault, InvalidImage, Unavailable
from visavis.core.settings import ImageOptions
from visavis.vision import image_guard
from visavis.vision.image_guard import Guard
from visavis.vision.image_wire import READY, REPLY
from visavis.vision.images import decode

PNG = encode(scene(), "png")


@pytest.fixture
def guard() -> Iterator[Guard]:
    guard = Guard(most=2)
    yield guard
    guard.close()


def _pid(guard: Guard) -> int:
    (child,) = guard._idle
    return child._process.pid


def _decodes(guard: Guard) -> bool:
    pixels, _ = guard.decode("png", PNG, OPTIONS)
    return np.array_equal(pixels, rgb(scene()))


def test_child_is_kept_between_pictures(guard: Guard) -> None:
    assert _decodes(guard)
    first = _pid(guard)
    assert _decodes(guard)

    assert _pid(guard) == first


def test_killed_idle_child_is_replaced(guard: Guard) -> None:
    assert _decodes(guard)
    killed = _pid(guard)
    os.kill(killed, signal.SIGKILL)

    assert _decodes(guard)
    assert _pid(guard) != killed


def test_scan_bomb_is_stopped_by_the_time_cap() -> None:
    with pytest.raises(InvalidImage, match=r"longer than 0\.4 s") as caught:
        decode(scan_bomb(), ImageOptions(timeout_s=0.4))

    assert caught.value.category is ImageFault.CORRUPT
    assert decode(PNG, OPTIONS).shape == (32, 48, 3)


def test_child_ends_when_its_stdin_does(guard: Guard) -> None:
    assert _decodes(guard)
    (child,) = guard._idle

    guard.close()

    assert child._process.returncode == 0  # by itself: a signal would be negative


def _stand_in(monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    """Let the next children run `script` instead of the decoder, to force a fault."""
    ready = f"import os, sys; os.write(1, {READY!r}); os.read(0, 16)\n"
    monkeypatch.setattr(image_guard, "_COMMAND", ("-c", ready + textwrap.dedent(script)))


@pytest.mark.parametrize(
    "script",
    [
        "os.kill(os.getpid(), 11)",
        f"os.write(1, {REPLY.pack(0, 60000, 60000, 1, 0)!r})",  # more than the cap
        f"os.write(1, {REPLY.pack(0, 0, 0, 1, 0)!r})",
        f"os.write(1, {REPLY.pack(99, 0, 0, 0, 0)!r})",
        f"os.write(1, {REPLY.pack(0, 48, 32, 1, 0)!r} + b'too little')",
    ],
)
def test_crashed_or_lying_child_makes_the_picture_corrupt(
    guard: Guard, monkeypatch: pytest.MonkeyPatch, script: str
) -> None:
    _stand_in(monkeypatch, script)
    with pytest.raises(InvalidImage, match="crashed") as caught:
        guard.decode("png", PNG, OPTIONS)
    monkeypatch.undo()

    assert caught.value.category is ImageFault.CORRUPT
    assert guard._idle == []
    assert _decodes(guard)


def test_decoder_that_does_not_start_is_not_the_pictures_fault(
    guard: Guard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(image_guard, "_COMMAND", ("-c", "raise SystemExit(3)"))

    with pytest.raises(Unavailable, match="does not start"):
        guard.decode("png", PNG, OPTIONS)


def test_eight_threads_decode_mixed_formats_at_once() -> None:
    files = [encode(scene(), kind) for kind in FORMATS] * 6

    with ThreadPoolExecutor(8) as pool:
        pictures = list(pool.map(lambda data: decode(data, OPTIONS), files))

    assert max(difference(pixels, rgb(scene()))[1] for pixels in pictures) < 6


def test_child_knows_no_secrets(guard: Guard, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VISAVIS_TEST_SECRET", "hush")

    assert _decodes(guard)
    assert "VISAVIS_TEST_SECRET" not in image_guard._environment()


def _run(script: str, tmp_path: Path) -> subprocess.CompletedProcess[str]:
    """Run a script that finds a PNG as `data`; what it leaves open shows on stderr."""
    (tmp_path / "picture.png").write_bytes(PNG)
    head = f"""
        import os, pathlib
        from visavis.core.settings import ImageOptions
        from visavis.vision import images
        data = pathlib.Path({str(tmp_path / "picture.png")!r}).read_bytes()
    """
    script = textwrap.dedent(head) + textwrap.dedent(script)
    command = [sys.executable, "-W", "error::ResourceWarning", "-c", script]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def test_exit_leaves_no_child_and_no_warning(tmp_path: Path) -> None:
    done = _run("print(images.decode(data, ImageOptions()).shape)", tmp_path)

    assert (done.returncode, done.stdout, done.stderr) == (0, "(32, 48, 3)\n", "")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_forked_process_starts_its_own_child(tmp_path: Path) -> None:
    script = """
        import warnings
        warnings.simplefilter("ignore", DeprecationWarning)  # of fork beside OpenCV's threads
        pid = lambda: images._GUARD._idle[0]._process.pid
        shape = images.decode(data, ImageOptions()).shape
        mine = pid()
        fork = os.fork()
        good = images.decode(data, ImageOptions()).shape == shape
        if not fork:
            code = 0 if good and pid() != mine else 1
            images._GUARD.close()
            os._exit(code)
        print(good and pid() == mine and os.waitpid(fork, 0)[1] == 0)
    """
    done = _run(script, tmp_path)

    assert (done.stdout, done.stderr) == ("True\n", "")
