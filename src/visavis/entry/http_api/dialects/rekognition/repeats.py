"""Requests that are sent again: clients name each one, and repeat it where no answer came.

What was answered is kept in memory, of one process, for a day: a repeat gets the same answer
instead of an error that it was done before. Only names and ids are in these answers.
"""

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from visavis.entry.http_api.dialects.rekognition.errors import Refusal
from visavis.entry.http_api.dialects.rekognition.shapes import Shape
from visavis.entry.http_api.dialects.rekognition.traits import Json

KEPT_FOR = timedelta(hours=24)
MOST_KEPT = 10_000
"""Answers of all organisations."""

MOST_OF_ONE = 1_000
"""Answers of one: its programs push nobody else's out."""

_Name = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class _Answer:
    asked: bytes
    content: Json = field(repr=False)
    at: datetime


class Repeats:
    """Remembers answers by the names of their requests; safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._answers: OrderedDict[_Name, _Answer] = OrderedDict()

    def once(self, name: _Name, asked: Shape, now: datetime, act: Callable[[], Json]) -> Json:
        """Do something, unless the same was done under this name.

        Args:
            name: Organisation, operation and token of the request.
            asked: What is asked for.
            now: The time.
            act: Does it.

        Raises:
            Refusal: the name was given to another request.
        """
        digest = hashlib.sha256(asked.model_dump_json().encode()).digest()
        with self._lock:
            kept = self._answers.get(name)
        if kept is not None and now - kept.at < KEPT_FOR:
            if kept.asked != digest:
                raise Refusal(
                    "IdempotentParameterMismatchException",
                    "This ClientRequestToken was given with other parameters; take a new one.",
                )
            return kept.content
        content = act()
        with self._lock:
            self._answers[name] = _Answer(digest, content, now)
            self._answers.move_to_end(name)
            self._make_room(name[0])
        return content

    def _make_room(self, tenant_id: str) -> None:
        """Forget the oldest answers of whoever has too many; the caller holds the lock."""
        theirs = [each for each in self._answers if each[0] == tenant_id]
        for each in theirs[:-MOST_OF_ONE]:
            del self._answers[each]
        while len(self._answers) > MOST_KEPT:
            self._answers.popitem(last=False)
