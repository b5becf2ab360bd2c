"""What `visavis evaluate attributes` shows to people: the figures, and the gap between groups."""

from typing import TYPE_CHECKING

from visavis.entry.cli.figures import ends_shown, shown, table_of

if TYPE_CHECKING:
    from rich.table import Table

    from visavis.lab.attributes import AttributesReport

FIGURES = {
    "accuracy": "accuracy",
    "bin_accuracy": "bin accuracy",
    "within_one_bin": "within one bin",
    "mae_years": "years off",
    "mae_of_bin": "years off, by bin",
}
"""Figures that have an interval, and what the table calls them."""


def figures(report: "AttributesReport") -> "Table":
    """Return a row for each figure of each head."""
    title = f"Attributes, {report.pictures} pictures, {report.faces} faces, pack {report.pack}"
    table = table_of(title, "head", "figure", "value", "95 % interval", "")
    for head, facts in report.heads.items():
        for name, ends in facts["intervals"].items():
            note = f"{facts['faces']} faces" if name in ("accuracy", "bin_accuracy") else ""
            table.add_row(head, FIGURES[name], shown(facts[name]), ends_shown(ends), note)
        unknown = facts["unknown"]
        by_chance = f"honest ones: {shown(facts['ece_by_chance'])}"
        table.add_row(head, "calibration error", shown(facts["ece"]), "", by_chance)
        note = f"others: {shown(unknown['accuracy'])}"
        table.add_row(head, "unknown", shown(unknown["share"]), "", note)
    for version, cost in report.ms_per_face.items():
        table.add_row("", "ms a face", f"{cost:.2f}", "", version)
    table.add_row("", "failures", str(report.failures), "", "not counted above")
    table.add_row("", "assumed", str(report.assumed), "", "faces not seen")
    return table


def gaps(report: "AttributesReport") -> "Table":
    """Return the worst and the best group of each head."""
    from visavis.lab.attribute_measures import ENOUGH

    title = f"Accuracy by group, of groups of at least {ENOUGH} faces"
    table = table_of(title, "head", "", "group", "accuracy", "95 % interval", "faces")
    for head, gap in report.worst_gap.items():
        if gap is None:
            table.add_row(head, "", "fewer than two", "", "", "")
            continue
        for word in ("worst", "best"):
            group = report.groups[head][gap[word]]
            found = (shown(group["accuracy"]), ends_shown(group["interval"]))
            table.add_row(head, word, gap[word], *found, str(group["faces"]))
        table.add_row(head, "gap", "", shown(gap["gap"]), "", "")
    return table
