"""Pictures that take their worker with them: they are found, and then left out.

A worker writes down that it begins with a part. Where it died with it too often, the pictures are
looked at one at a time, each written down before, and one that killed it again is a failure.
"""

from dataclasses import asdict, dataclass, field

import orjson

from visavis.usecases.bulk import TRIES, file_of
from visavis.usecases.bulk_places import Place

MOST_BEGUN = 3
"""Times a part is begun with all its pictures at once: machines are switched off, too."""

MOST_DEATHS = 2
"""Times a worker dies while it has one picture alone, until that picture is at fault."""


@dataclass(slots=True)
class Tries:
    """How often a part was begun and did not end.

    Attributes:
        begun: How often, with this time.
        deaths: How often the worker died while it had a picture alone, by the picture's place.
        at: Place of the picture that is looked at alone now; −1 = none is.
    """

    begun: int = 0
    deaths: dict[str, int] = field(default_factory=dict)
    at: int = -1

    @property
    def careful(self) -> bool:
        """Whether the pictures have to be looked at one at a time."""
        return self.begun > MOST_BEGUN

    def deadly(self, i: int) -> bool:
        """Return whether the picture at place `i` killed its worker too often."""
        return self.deaths.get(str(i), 0) >= MOST_DEATHS


def begin(place: Place, part: int) -> Tries:
    """Write down that a part is begun and return what is known of earlier times."""
    data = place.get(file_of(TRIES, part))
    tries = Tries(**orjson.loads(data)) if data else Tries()
    if tries.at >= 0:
        tries.deaths[str(tries.at)] = tries.deaths.get(str(tries.at), 0) + 1
    tries.begun, tries.at = tries.begun + 1, -1
    _write(place, part, tries)
    return tries


def alone(place: Place, part: int, tries: Tries, i: int) -> None:
    """Write down that the picture at place `i` is looked at now."""
    tries.at = i
    _write(place, part, tries)


def end(place: Place, part: int) -> None:
    """Forget the tries: the part is done."""
    place.remove(file_of(TRIES, part))


def _write(place: Place, part: int, tries: Tries) -> None:
    place.put(file_of(TRIES, part), orjson.dumps(asdict(tries)))
