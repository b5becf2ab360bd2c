"""A data folder whose heads answer always the same: made, not learned, so that tests know them."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.vision.heads.making import make_head
from visavis.core.attributes import AGE_BINS, CLASSES, Head

AGES = tuple(0.9 if name == "30-39" else 0.0125 for name in AGE_BINS)
EMOTIONS = tuple(0.88 if name == "happy" else 0.02 for name in CLASSES[Head.EMOTION])
RACES = tuple(0.7 if name == "white" else 0.05 for name in CLASSES[Head.RACE])
GENDERS = (0.97, 0.03)
ANSWERS: dict[Head, tuple[float, ...]] = {
    Head.AGE: AGES,
    Head.GENDER: GENDERS,
    Head.EMOTION: EMOTIONS,
    Head.RACE: RACES,
}
VERSION = "made-1"
PURPOSES = {
    "emotion_purpose": "research with our own pictures",
    "race_purpose": "bias audit of our own pictures",
}


def promote(
    data: Path, version: str = VERSION, answers: Mapping[Head, Sequence[float]] = ANSWERS
) -> Path:
    """Put one head file below `data` and let it answer; return `data`."""
    heads = data / "heads"
    heads.mkdir(parents=True, exist_ok=True)
    make_head(heads / f"{version}.onnx", version, heads=answers)
    draft = heads / "champions.draft"
    draft.write_text(json.dumps({head.value: version for head in answers}))
    draft.replace(heads / "champions.json")
    return data
