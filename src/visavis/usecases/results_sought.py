"""What is looked for among results, as words: in the addresses of pages and on the command line.

The words are those of the parameters of `/api/v1/results`, so that what a page shows can be asked
of the API as it stands in the address.
"""

from collections.abc import Mapping
from datetime import UTC, datetime

from visavis.core.attributes import CLASSES, UNKNOWN, Head
from visavis.core.errors import InvalidInput
from visavis.store.blobs.base import TENANT
from visavis.store.results import SCORE_PARTS, Sought

OLDEST = 130
"""Years beyond which nobody is looked for."""

MOST_FACES = 100_000
"""More faces than any picture has."""

GENDERS = (*CLASSES[Head.GENDER], UNKNOWN)
EMOTIONS = (*CLASSES[Head.EMOTION], UNKNOWN)

NAMES = (
    *("from", "to", "least_faces", "most_faces", "job_id", "batch_id", "least_score"),
    *("youngest", "oldest", "gender", "emotion", "smile"),
)
"""Everything that can be asked for."""

_YEARS = (2, 9998)
_TRUTHS = {"true": True, "false": False}


def to_words(sought: Sought) -> dict[str, str]:
    """Return what is looked for as parameters; what does not matter is left out."""
    score = sought.least_score
    told = {
        "from": sought.since.isoformat() if sought.since else None,
        "to": sought.until.isoformat() if sought.until else None,
        "least_faces": sought.least_faces,
        "most_faces": sought.most_faces,
        "job_id": sought.job_id or None,
        "batch_id": sought.batch_id or None,
        "least_score": None if score is None else score / SCORE_PARTS,
        "youngest": sought.youngest,
        "oldest": sought.oldest,
        "gender": sought.gender or None,
        "emotion": sought.emotion or None,
        "smile": None if sought.smile is None else str(sought.smile).lower(),
    }
    return {name: str(value) for name, value in told.items() if value is not None}


def from_words(words: Mapping[str, str]) -> Sought:
    """Return what is looked for; unknown parameters and empty ones say nothing.

    Raises:
        InvalidInput: a value cannot be used; the message names it.
    """
    return Sought(
        since=_time(words, "from"),
        until=_time(words, "to"),
        least_faces=_whole(words, "least_faces", MOST_FACES),
        most_faces=_whole(words, "most_faces", MOST_FACES),
        job_id=_id(words, "job_id"),
        batch_id=_id(words, "batch_id"),
        least_score=_score(words, "least_score"),
        youngest=_whole(words, "youngest", OLDEST),
        oldest=_whole(words, "oldest", OLDEST),
        gender=_one_of(words, "gender", GENDERS),
        emotion=_one_of(words, "emotion", EMOTIONS),
        smile=_TRUTHS.get(_one_of(words, "smile", tuple(_TRUTHS))),
    )


def utc(at: datetime) -> datetime:
    """Return a time in UTC; one that says no zone is taken to be.

    Raises:
        InvalidInput: it is so near to an end of the calendar that a day more or less is no date.
    """
    if not _YEARS[0] <= at.year <= _YEARS[1]:
        raise InvalidInput("no such time can be looked for; give a year from 2 to 9998")
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


def _time(words: Mapping[str, str], name: str) -> datetime | None:
    if not (text := words.get(name, "")):
        return None
    try:
        return utc(datetime.fromisoformat(text))
    except ValueError:
        raise InvalidInput(f"give {name} as a date or a time, such as 2026-11-21") from None


def _whole(words: Mapping[str, str], name: str, most: int) -> int | None:
    if not (text := words.get(name, "")):
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(most))) or int(text) > most:
        raise InvalidInput(f"give {name} as a whole number from 0 to {most}")
    return int(text)


def _score(words: Mapping[str, str], name: str) -> int | None:
    if not (text := words.get(name, "")):
        return None
    try:
        share = float(text)
    except ValueError:
        share = -1
    if not 0 <= share <= 1:  # also refuses NaN
        raise InvalidInput(f"give {name} as a number from 0 to 1")
    return round(SCORE_PARTS * share)


def _id(words: Mapping[str, str], name: str) -> str:
    text = words.get(name, "")
    if text and not TENANT.fullmatch(text):  # all ids look alike
        raise InvalidInput(f"give {name} as 32 lower-case hex characters")
    return text


def _one_of(words: Mapping[str, str], name: str, known: tuple[str, ...]) -> str:
    text = words.get(name, "")
    if text and text not in known:
        raise InvalidInput(f"give {name} as one of {', '.join(known)}")
    return text
