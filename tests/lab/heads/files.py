"""Head files and figures that the tests of the registry share."""

from pathlib import Path
from typing import Any

from tests.lab.heads.reports import report
from tests.vision.heads.making import even, make_head
from visavis.core.attributes import Head
from visavis.core.settings import RuntimeOptions
from visavis.vision.heads.shelf import HeadShelf

AGE, GENDER = Head.AGE, Head.GENDER
BOTH = {AGE: even(AGE), GENDER: even(GENDER)}
WHO: dict[str, Any] = {"reason": "better on every group", "by": "ada"}
GOOD = {AGE: 0.6, GENDER: 0.9}
BETTER = {AGE: 0.65, GENDER: 0.95}


def made(tmp_path: Path, version: str, heads=BOTH, **card) -> Path:
    return make_head(tmp_path / f"made-{version}", version, heads, **card)


def add(registry, tmp_path, version, against="b-1", accuracies=BETTER, heads=BOTH):
    return registry.add(
        made(tmp_path, version, heads),
        report(version, {head: accuracies[head] for head in heads}),
        report(against, GOOD),
    )


def serving(folder: Path, bundled: Path) -> dict[str, str]:
    shelf = HeadShelf(folder, RuntimeOptions(), bundled)
    assert shelf.problems() == []
    return shelf.current().versions
