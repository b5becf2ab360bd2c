"""What is said about a face, in DeepFace's words: percent of each class, and the first of them."""

from collections.abc import Callable, Collection, Mapping
from types import MappingProxyType
from typing import Any

from visavis.core.attributes import CLASSES, UNKNOWN, Head
from visavis.core.errors import InvalidInput
from visavis.entry.services import Records
from visavis.usecases.actor import Actor
from visavis.usecases.analysis import Analysis
from visavis.usecases.attributes import age_of, verdict

WORDS: Mapping[Head, Mapping[str, str]] = MappingProxyType(
    {
        Head.GENDER: {"female": "Woman", "male": "Man"},
        Head.EMOTION: {},
        Head.RACE: {
            "east_asian": "asian",
            "southeast_asian": "asian",
            "latino_hispanic": "latino hispanic",
            "middle_eastern": "middle eastern",
        },
    }
)
"""What our classes are called there, where it is something else."""

_DECIMALS = 2


def actions_of(given: object) -> tuple[Head, ...] | None:
    """Return what is to be said about faces; None = nobody chose.

    Raises:
        InvalidInput: one of them is unknown.
    """
    if given is None or given == "":
        return None
    listed = given.strip("[]() ").split(",") if isinstance(given, str) else given
    if not isinstance(listed, list):
        raise InvalidInput("actions is to be a list of age, gender, emotion and race")
    names = [str(each).strip(" '\"").lower() for each in listed]
    if unknown := [name for name in names if name not in set(Head)]:
        raise InvalidInput(
            f"there is no action {unknown[0][:50]!r}; choose from age, gender, emotion and race"
        )
    return tuple(dict.fromkeys(map(Head, names)))


def allowed(records: Records, actor: Actor, actions: Collection[Head] | None) -> tuple[Head, ...]:
    """Return what is said about faces: what was chosen, or without a choice all that may be said.

    Raises:
        NotAllowed: something was chosen that deployment or organisation do not allow.
    """
    if actions is None:
        everything = records.privacy.features(actor, ["all"])
        return tuple(head for head in Head if head.value in everything)
    records.privacy.features(actor, [head.value for head in actions])
    return tuple(actions)


def said(found: Analysis, i: int, heads: Collection[Head]) -> dict[str, Any]:
    """Return what is said about face `i`."""
    told: dict[str, Any] = {}
    for head in heads:
        if head in found.faces.heads:
            told |= _TELLERS[head](found, i, head)
    return told


def _age(found: Analysis, i: int, head: Head) -> dict[str, Any]:
    return {"age": round(age_of(verdict(found.faces, i, head).probabilities).years)}


def _shares(found: Analysis, i: int, head: Head) -> dict[str, Any]:
    """Return percent of each class, and the first of them where it is sure enough."""
    answer, words = verdict(found.faces, i, head), WORDS[head]
    shares: dict[str, float] = {}
    for name, share in zip(CLASSES[head], answer.probabilities.tolist(), strict=True):
        word = words.get(name, name)
        shares[word] = shares.get(word, 0.0) + 100 * share
    first = max(shares, key=lambda word: shares[word]) if answer.known else UNKNOWN
    rounded = {word: round(share, _DECIMALS) for word, share in shares.items()}
    return {head.value: rounded, f"dominant_{head.value}": first}


_TELLERS: Mapping[Head, Callable[[Analysis, int, Head], dict[str, Any]]] = MappingProxyType(
    {Head.AGE: _age, Head.GENDER: _shares, Head.EMOTION: _shares, Head.RACE: _shares}
)
