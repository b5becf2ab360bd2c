"""Attributes: the questions that heads answer about a face, and the words for the answers."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


class Head(StrEnum):
    """A question about a face, answered with one probability a class."""

    AGE = "age"
    GENDER = "gender"
    RACE = "race"
    EMOTION = "emotion"


AGE_BINS = ("0-2", "3-9", "10-19", "20-29", "30-39", "40-49", "50-59", "60-69", "70+")

AGE_EDGES = (0, 3, 10, 20, 30, 40, 50, 60, 70, 85)
"""Years at which the bins begin, and where the last one is taken to end."""

CLASSES: Mapping[Head, tuple[str, ...]] = MappingProxyType(
    {
        Head.AGE: AGE_BINS,
        Head.GENDER: ("female", "male"),
        Head.RACE: (
            "black",
            "east_asian",
            "indian",
            "latino_hispanic",
            "middle_eastern",
            "southeast_asian",
            "white",
        ),
        Head.EMOTION: ("angry", "disgust", "fear", "happy", "neutral", "sad", "surprise"),
    }
)
"""The classes of each head, in the order of its probabilities: those of FairFace and FER2013."""

UNKNOWN = "unknown"
"""The answer when no class is sure enough; valid wherever a class is."""

UNDISCLOSED = "prefer_not_to_say"
"""What a person may answer about themselves; valid wherever a class is, never given by a head."""

SENSITIVE = frozenset({Head.EMOTION, Head.RACE})
"""Heads that stay off until the deployment's policy states a purpose for them."""

_OTHER_WORDS = MappingProxyType(
    {
        "more_than_70": "70+",
        "f": "female",
        "m": "male",
        "woman": "female",
        "man": "male",
        "latino": "latino_hispanic",
        "anger": "angry",
        "disgusted": "disgust",
        "fearful": "fear",
        "happiness": "happy",
        "sadness": "sad",
        "surprised": "surprise",
    }
)


def class_of(head: Head, text: str) -> str | None:
    """Return the class that a label means, or None when it means none of them.

    Case, blanks and a few synonyms do not matter; an age may be a bin or a number of years.
    """
    word = "_".join(text.strip().lower().replace("-", " - ").split())
    word = word.replace("_-_", "-")
    word = _OTHER_WORDS.get(word, word)
    if head is Head.AGE and word not in AGE_BINS:
        return _bin_of(word)
    return word if word in CLASSES[head] else None


def _bin_of(years: str) -> str | None:
    try:
        number = float(years)
    except ValueError:
        return None
    if not 0 <= number < 130:  # also refuses NaN
        return None
    return AGE_BINS[sum(number >= edge for edge in AGE_EDGES[1:-1])]
