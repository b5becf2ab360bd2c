"""The model card of a head file as a page: what it answers, how well, and what it is not for."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from visavis.core.attributes import CLASSES, SENSITIVE, Head
from visavis.core.errors import InvalidInput
from visavis.lab import card_words
from visavis.lab.attribute_measures import ENOUGH, accuracy_name
from visavis.lab.attributes import AttributesReport
from visavis.vision.heads.card import HeadCard

FORMAT = "visavis.model_card/1"

FIGURES = {
    "accuracy": "accuracy",
    "bin_accuracy": "accuracy of the bin",
    "within_one_bin": "within one bin",
    "mae_years": "mean absolute error of the expected age, years",
    "mae_of_bin": "mean absolute error of the likeliest bin's centre, years",
}
"""Figures that have an interval, and what people call them."""


def card_page(report: AttributesReport, card: HeadCard) -> str:
    """Return the model card in Markdown, with what machines read in front (YAML).

    Args:
        report: Measured with the file; other heads in it are passed over.
        card: What the file says of itself.

    Raises:
        InvalidInput: the report is not about this file.
    """
    heads = [
        head
        for head in Head
        if head in report.heads and report.versions[head.value] == card.version
    ]
    if not heads:
        raise InvalidInput(f"the report does not measure {card.version}; measure that file")
    sections = {
        "What it answers": _answers(card),
        "Licence and provenance": [f"Licence: {_line(card.licence)}", _line(card.provenance)],
        "Training data and its limits": _limits(card),
        "Intended use": _list(card_words.INTENDED),
        "Not to be used for": _list(
            [*card_words.FORBIDDEN, *(card_words.POLICY[h] for h in heads if h in SENSITIVE)]
        ),
        "Figures": _figures(report, heads),
        "By group": _groups(report, heads),
        "Calibration": _calibration(report, card, heads),
        "Cost": _cost(report, card),
        "How it was trained": _training(card),
    }
    body = "\n\n".join(f"## {title}\n\n" + "\n\n".join(parts) for title, parts in sections.items())
    return f"{_front(report, card, heads)}\n# Model card: {card.version}\n\n{body}\n"


def _front(report: AttributesReport, card: HeadCard, heads: Sequence[Head]) -> str:
    """Return the front matter; every value is JSON, which is YAML too."""
    facts = {
        "format": FORMAT,
        "version": card.version,
        "licence": card.licence,
        "provenance": card.provenance,
        "trained": card.training.get("date"),
        "measured": report.measured,
        "data_sha256": report.data,
        "pack": report.pack,
        "pictures": report.pictures,
        "faces": report.faces,
        "failures": report.failures,
        "assumed": report.assumed,
        "ms_per_face": report.ms_per_face.get(card.version),
        "classes": {head.value: CLASSES[head] for head in card.heads},
        "figures": {head.value: report.heads[head.value] for head in heads},
        "groups": {head.value: report.groups[head.value] for head in heads},
        "worst_gap": {head.value: report.worst_gap[head.value] for head in heads},
    }
    lines = (f"{key}: {json.dumps(value, ensure_ascii=False)}" for key, value in facts.items())
    return "\n".join(["---", *lines, "---", ""])


def _answers(card: HeadCard) -> list[str]:
    rows = (
        (head, card_words.QUESTIONS[head], ", ".join(CLASSES[head]), f"{facts.unknown_below:.3f}")
        for head, facts in card.heads.items()
    )
    table = _table(("head", "question", "classes", "`unknown` below"), rows)
    crop = f"It sees the upright face cut out at {card.crop.size} × {card.crop.size} pixels."
    note = (
        "It gives one calibrated probability a class. Where the best one is below the head's "
        "limit, the answer is `unknown`."
    )
    return [table, f"{note} {crop}"]


def _limits(card: HeadCard) -> list[str]:
    told = card.provenance.lower().replace("-", "")
    known = [lines for name, lines in card_words.DATA_LIMITS.items() if name.lower() in told]
    lines = [line for part in known for line in part] or [card_words.OTHER_DATA]
    return _list([*lines, *(card_words.HEAD_LIMITS[head] for head in card.heads)])


def _figures(report: AttributesReport, heads: Sequence[Head]) -> list[str]:
    said = (
        f"Measured on {report.measured[:10]} on {report.pictures} labelled pictures "
        f"(SHA-256 of labels and pictures: `{report.data[:16]}…`). "
        f"{report.faces} faces were answered about; {report.failures} pictures could not be read "
        f"and count in no figure. On {report.assumed} the detector saw no face, and it was taken "
        "to lie where it lies on the others."
    )
    rows = (
        (head, FIGURES[name], _value(facts[name]), _ends(ends), facts["faces"])
        for head in heads
        for facts in [report.heads[head.value]]
        for name, ends in facts["intervals"].items()
    )
    return [said, _table(("head", "figure", "value", "95 % interval", "faces"), rows)]


def _groups(report: AttributesReport, heads: Sequence[Head]) -> Iterator[str]:
    """Yield for each head the gap, and the accuracy of each class alone and of large mixtures."""
    for head in heads:
        found = report.groups[head.value]
        yield f"### {head}"
        yield _gap_said(report.worst_gap[head.value])
        rows = (
            (name.replace(",", ", "), _value(facts["accuracy"]), _ends(facts["interval"]), n)
            for name, facts in found.items()
            for n in [facts["faces"]]
            if "," not in name or n >= ENOUGH
        )
        yield _table(("group", FIGURES[accuracy_name(head)], "95 % interval", "faces"), rows)
    yield (
        f"Groups of fewer than {ENOUGH} faces say little: mind their intervals. Of age × gender × "
        f"race only groups of at least {ENOUGH} faces are listed; all stand in the front matter."
    )


def _gap_said(gap: Mapping[str, Any] | None) -> str:
    if gap is None:
        return f"Fewer than two groups have {ENOUGH} faces, so that no gap can be stated."
    return (
        f"Worst gap: {gap['gap']:.4f}, between `{gap['best']}` and `{gap['worst']}` "
        f"(of groups of at least {ENOUGH} faces)."
    )


def _calibration(report: AttributesReport, card: HeadCard, heads: Sequence[Head]) -> list[str]:
    rows = []
    for head in heads:
        facts = report.heads[head.value]
        unknown = facts["unknown"]
        given = "–" if unknown["accuracy"] is None else _value(unknown["accuracy"])
        facts_of_head = card.heads[head]
        temperature = f"{facts_of_head.temperature:.3f}", f"{facts_of_head.power:.3f}"
        errors = _value(facts["ece"]), _value(facts["ece_by_chance"])
        rows.append((head, *errors, *temperature, _value(unknown["share"]), given))
    names = (
        *("head", "ECE", "by chance", "temperature", "power"),
        *("share `unknown`", "accuracy of the rest"),
    )
    said = (
        "The expected calibration error (ECE, 15 bins) is how far the probability of the best "
        "class is from the share of such answers that are right. Perfectly honest probabilities "
        "would show the error `by chance` on as many faces. Temperature and power make them so: "
        "the softmax of −(−log softmax)^power / temperature, already in the file."
    )
    return [_table(names, rows), said]


def _cost(report: AttributesReport, card: HeadCard) -> list[str]:
    cost = report.ms_per_face.get(card.version)
    if cost is None:
        return ["Not measured."]
    return [
        (
            f"{cost:.2f} ms a face for cutting out and answering, in batches, on the machine that "
            "measured the figures above; finding the face and its mesh comes on top, once for all "
            "heads."
        )
    ]


def _training(card: HeadCard) -> list[str]:
    if not card.training:
        return ["The file does not say."]
    rows = (
        (name.replace("_", " "), _line(json.dumps(value, ensure_ascii=False)).strip('"'))
        for name, value in card.training.items()
    )
    return [_table(("what", "value"), rows)]


def _table(names: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    cells = [names, ["---"] * len(names), *rows]
    return "\n".join("| " + " | ".join(_cell(str(cell)) for cell in row) + " |" for row in cells)


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _list(lines: Iterable[str]) -> list[str]:
    return ["\n".join(f"- {line}" for line in lines)]


def _line(text: str) -> str:
    """Return text of a file on one line, without what would be markup."""
    return " ".join(text.split()).replace("<", "&lt;")


def _value(value: float) -> str:
    return f"{value:.4f}"


def _ends(ends: Sequence[float]) -> str:
    return f"{ends[0]:.4f} – {ends[1]:.4f}"
