"""The guarded process: pictures come in on stdin, pixels go out on stdout.

Started by `image_guard` as `python -m visavis.vision.image_sandbox`; ends when stdin does.
`image_wire` has the words they use.
"""

import gc
import os
import signal
import sys
import warnings
from typing import BinaryIO

from PIL import Image

from visavis.core.errors import InvalidImage
from visavis.vision.image_pillow import open_picture, rgb_strips
from visavis.vision.image_wire import FAULTS, READY, REPLY, REQUEST

_MIB = 1024 * 1024
_SPARE_BYTES = 512 * _MIB
_BYTES_A_PIXEL = 16  # measured: a WebP of 64 Mpx needs the most, 17 with all overheads


def main() -> None:
    """Serve requests until stdin ends."""
    warnings.simplefilter("ignore")  # in this process only; a fault reaches the caller as a reply
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which closes stdin
    replies = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a C library prints must not land between the replies
    _confine()
    gc.freeze()  # what is imported stays; collecting after a picture is then quick
    replies.write(READY)
    replies.flush()
    while _serve_next(sys.stdin.buffer, replies):
        gc.collect()  # decoders leave cycles that hold whole pictures


def _serve_next(requests: BinaryIO, replies: BinaryIO) -> bool:
    """Serve one request; False at the end of `requests`."""
    request = requests.read(REQUEST.size)
    if len(request) < REQUEST.size:
        return False
    name, size, max_pixels, timeout_s = REQUEST.unpack(request)
    data = requests.read(size)
    _limit_memory(_SPARE_BYTES + 2 * size + _BYTES_A_PIXEL * max_pixels)
    _alarm(timeout_s + 1)
    _serve(name.rstrip(b"\0").decode("ascii"), data, max_pixels, replies)
    _alarm(0)
    return True


def _serve(kind: str, data: bytes, max_pixels: int, replies: BinaryIO) -> None:
    """Decode one picture and write one reply."""
    Image.MAX_IMAGE_PIXELS = max_pixels  # for sizes within a file, such as a TIFF's tiles
    try:
        picture = open_picture(kind, data, max_pixels)
        strips = rgb_strips(picture.image)
        first = next(strips)
    except InvalidImage as exc:
        reason = exc.reason.encode()
        outcome = 1 + FAULTS.index(exc.category)
        replies.write(REPLY.pack(outcome, 0, 0, 0, len(reason)) + reason)
    else:
        replies.write(REPLY.pack(0, *picture.image.size, picture.orientation, 0))
        replies.write(first)
        replies.writelines(strips)
    replies.flush()


def _confine() -> None:
    """Write no file, not even the core dump of somebody's picture."""
    if sys.platform != "win32":
        import resource

        for which in (resource.RLIMIT_CORE, resource.RLIMIT_FSIZE):
            resource.setrlimit(which, (0, 0))


def _limit_memory(most: int) -> None:
    """Let allocations beyond `most` bytes of address space fail, as a MemoryError."""
    if sys.platform != "win32":
        import resource

        hard = resource.getrlimit(resource.RLIMIT_AS)[1]
        within = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(resource.RLIMIT_AS, (within, hard))


def _alarm(seconds: float) -> None:
    """End this process after `seconds`, should its parent be gone by then; 0 disarms."""
    if sys.platform != "win32":
        signal.setitimer(signal.ITIMER_REAL, seconds)


if __name__ == "__main__":
    main()
