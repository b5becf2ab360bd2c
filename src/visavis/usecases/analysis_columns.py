"""The columns of attributes in the table: those of the JSON, their keys joined by `_`.

Probabilities of all classes are left out: the table says the answer, how sure it is, and which file
gave it.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, TypeAlias

from visavis.core.types import EXPRESSIONS, POSE_ANGLES, QUALITY_PARTS, Feature

Path: TypeAlias = tuple[str, ...]

BETWEEN = ";"
"""Stands between the entries of a list in one cell."""

_ANSWER = ("value", "confidence", "version")
_KEYS: dict[Feature, tuple[Path, ...]] = {
    Feature.AGE: tuple((key,) for key in ("years", "low", "high", *_ANSWER)),
    Feature.GENDER: tuple((key,) for key in _ANSWER),
    Feature.EMOTION: tuple((key,) for key in _ANSWER),
    Feature.RACE: tuple((key,) for key in _ANSWER),
    Feature.POSE: tuple((key,) for key in POSE_ANGLES),
    Feature.QUALITY: tuple((key,) for key in (*QUALITY_PARTS, "reasons")),
    Feature.EXPRESSION: (
        *((name, key) for name in EXPRESSIONS[:-1] for key in ("value", "confidence")),
        *((EXPRESSIONS[-1], key) for key in ("value", "offset")),
    ),
}


def of(features: Collection[Feature]) -> list[Path]:
    """Return where the value of each further column lies in the JSON of a face."""
    return [(f.value, *keys) for f, paths in _KEYS.items() if f in features for keys in paths]


def cells(told: Mapping[str, Any], paths: Sequence[Path]) -> list[str]:
    """Return the text of each column; empty where nothing can be told."""
    return [_text(_at(told, path)) for path in paths]


def _at(told: Any, path: Path) -> Any:  # noqa: ANN401  # JSON
    for key in path:
        if told is None:
            return None
        told = told.get(key)
    return told


def _text(value: Any) -> str:  # noqa: ANN401  # JSON
    match value:
        case None:
            return ""
        case bool():
            return str(value).lower()
        case list():
            return BETWEEN.join(value)
    return str(value)
