"""Pictures that one page hands to the page of a person, who is enrolled from them there."""

import threading
import time
from dataclasses import dataclass, field

from visavis.core.settings import MIB
from visavis.core.types import Source
from visavis.usecases.faces import Box

KEPT_S = 120.0
"""How long pictures wait for the page that is being opened."""

MOST = 50
"""People whose pictures may wait at the same time; the oldest make room."""

MOST_BYTES = 128 * MIB
"""Bytes that all pictures may hold together; the oldest make room."""


@dataclass(frozen=True, slots=True)
class Handed:
    """A picture to enrol somebody from.

    Attributes:
        source: The picture.
        box: Which face; None = the only one.
    """

    source: Source = field(repr=False)
    box: Box | None = None


_Waiting = dict[tuple[str, str], tuple[float, tuple[Handed, ...]]]


class Handover:
    """Keeps pictures in memory until the page asks for them; safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: _Waiting = {}

    def give(self, user_id: str, subject_id: str, handed: tuple[Handed, ...]) -> None:
        """Keep pictures for the page of a person that a user opens now.

        Pictures that are too large together are not kept; the page asks for them again.
        """
        if not handed or _bytes(handed) > MOST_BYTES:
            return
        with self._lock:
            self._forget_old()
            self._waiting.pop((user_id, subject_id), None)
            self._waiting[user_id, subject_id] = time.monotonic(), handed
            self._make_room()
        timer = threading.Timer(KEPT_S, self.tidy)
        timer.daemon = True
        timer.start()

    def take(self, user_id: str, subject_id: str) -> tuple[Handed, ...]:
        """Return what waits for a page, once."""
        with self._lock:
            given, handed = self._waiting.pop((user_id, subject_id), (0.0, ()))
        return handed if time.monotonic() - given < KEPT_S else ()

    def tidy(self) -> None:
        """Forget what nobody came for."""
        with self._lock:
            self._forget_old()

    def _forget_old(self) -> None:
        now = time.monotonic()
        self._waiting = {who: got for who, got in self._waiting.items() if now - got[0] < KEPT_S}

    def _make_room(self) -> None:
        while (
            len(self._waiting) > MOST
            or sum(_bytes(handed) for _, handed in self._waiting.values()) > MOST_BYTES
        ):
            del self._waiting[next(iter(self._waiting))]


def _bytes(handed: tuple[Handed, ...]) -> int:
    return sum(len(each.source.data) for each in handed)
