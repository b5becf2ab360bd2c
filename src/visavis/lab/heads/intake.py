"""What is checked before a head file is kept, and before it serves."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from visavis.core.attributes import CLASSES
from visavis.core.errors import InvalidInput, WeightsCorrupt
from visavis.core.settings import RuntimeOptions
from visavis.lab.heads.report import read_report
from visavis.vision.heads.card import HeadCard
from visavis.vision.heads.shelf import load_net
from visavis.vision.weights.slot import sha256_of

ON_CPU = RuntimeOptions(providers=("cpu",))
"""Enough to try a file, and every machine has it."""


def checked_card(staged: Path, name: str) -> HeadCard:
    """Return the card of a file that is to be added, tried as serving would.

    Args:
        staged: A copy of it.
        name: What it is called, for complaints.

    Raises:
        WeightsCorrupt: it is no usable head file.
    """
    try:
        card = load_net(staged, ON_CPU).card
    except WeightsCorrupt as exc:
        raise WeightsCorrupt(str(exc).replace(staged.name, name)) from exc
    for head, facts in card.heads.items():
        if len(facts.shares) != len(CLASSES[head]):
            raise WeightsCorrupt(
                f"the card of {name} gives {len(facts.shares)} shares of {head}, not "
                f"{len(CLASSES[head])}; drift could not be measured"
            )
    return card


def checked_reports(
    card: HeadCard, report: Mapping[str, Any] | None, baseline: Mapping[str, Any] | None
) -> dict[str, Any]:
    """Return those reports that were given, for the record.

    Raises:
        InvalidInput: one is no report, or not about this file.
    """
    if report is not None and card.version not in read_report(report).versions.values():
        raise InvalidInput(f"the report is not about {card.version}; measure this file")
    if baseline is not None:
        read_report(baseline)
    given = {"report": report, "baseline": baseline}
    return {name: dict(found) for name, found in given.items() if found is not None}


def require_usable(path: Path, sha256: str | None) -> None:
    """Try a file that is to serve.

    Args:
        path: The file.
        sha256: What it had when it was added; None where nobody noted it.

    Raises:
        WeightsCorrupt: it has changed, or cannot be run.
    """
    if path.is_file() and sha256 not in {None, sha256_of(path)}:
        raise WeightsCorrupt(f"{path} has changed since it was added; remove it and add it again")
    load_net(path, ON_CPU)
