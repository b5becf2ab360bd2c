"""Pictures that one page hands to the page of a person, who is enrolled from them there."""

import threading
import time
from dataclasses import dataclass, field

from visavis.core.types import Source
from visavis.usecases.faces import Box

KEPT_S = 120.0
"""How long pictures wait for the page that is being opened."""

MOST = 50
"""People whose pictures may wait at the same time; the oldest make room."""


@dataclass(frozen=True, slots=True)
class Handed:
    """A picture to enrol somebody from.

    Attributes:
        source: The picture.
        box: Which face; None = the only one.
    """

    source: Source = field(repr=False)
    box: Box | None = None


class Handover:
    """Keeps pictures in memory until the page asks for them; safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: dict[tuple[str, str], tuple[float, tuple[Handed, ...]]] = {}

    def give(self, user_id: str, subject_id: str, handed: tuple[Handed, ...]) -> None:
        """Keep pictures for the page of a person that a user opens now."""
        if not handed:
            return
        now = time.monotonic()
        with self._lock:
            fresh = {who: got for who, got in self._waiting.items() if now - got[0] < KEPT_S}
            self._waiting = dict(list(fresh.items())[-(MOST - 1) :])
            self._waiting[user_id, subject_id] = now, handed

    def take(self, user_id: str, subject_id: str) -> tuple[Handed, ...]:
        """Return what waits for a page, once."""
        with self._lock:
            given, handed = self._waiting.pop((user_id, subject_id), (0.0, ()))
        return handed if time.monotonic() - given < KEPT_S else ()
