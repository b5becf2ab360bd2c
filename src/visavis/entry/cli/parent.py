"""What a service does that `visavis up` started: it ends when its parent is gone."""

import os
import signal
import threading

GRACE_S = 40.0
"""How long the work in hand may take to finish; then the process ends all the same."""

_STANDARD_INPUT = 0


def follow() -> None:
    """Watch the parent from now on.

    Standard input is a pipe whose other end only the parent holds: the system closes it when the
    parent ends, however it ends.
    """
    threading.Thread(target=_watch, name="parent", daemon=True).start()


def _watch() -> None:
    while os.read(_STANDARD_INPUT, 1):
        pass  # nobody writes
    os.kill(os.getpid(), signal.SIGTERM)
    threading.Event().wait(GRACE_S)
    os._exit(1)
