"""How head files, the gate and the history look on a terminal and as JSON."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from visavis.core.attributes import Head
from visavis.lab.attribute_measures import accuracy_name
from visavis.lab.heads.gate import Verdict
from visavis.lab.heads.history import Event
from visavis.lab.heads.registry import HeadVersion

if TYPE_CHECKING:
    from rich.table import Table

Row = tuple[str, ...]


def rows(versions: Sequence[HeadVersion]) -> list[Row]:
    """Return the list of head files: a heading, then one row a head of each file."""
    heading = ("version", "head", "state", "accuracy", "ece", "trained", "licence", "from")
    return [heading, *(row for version in versions for row in _rows(version))]


def _rows(version: HeadVersion) -> Iterator[Row]:
    origin = "bundled" if version.bundled else "added"
    trained, licence = str(version.card.training.get("date", "–"))[:10], version.card.licence
    for head in sorted(version.card.heads):
        figures = figures_of(version, head)
        told = (_shown(figures.get(accuracy_name(head))), _shown(figures.get("ece")))
        yield (version.version, head, _state(version, head), *told, trained, licence, origin)


def _state(version: HeadVersion, head: Head) -> str:
    if head in version.champion_of:
        return "champion"
    return "challenger" if head in version.challenger_of else "–"


def figures_of(version: HeadVersion, head: Head) -> Mapping[str, float]:
    """Return the main figures of a head: from the report it came with, else from its card."""
    figures = version.report.figures(head) if version.report else None
    if figures is None:
        return version.card.heads[head].metrics
    found = figures.model_dump(include={"ece", accuracy_name(head)})
    return {name: value for name, value in found.items() if value is not None}


def as_json(version: HeadVersion) -> dict[str, Any]:
    """Return a head file as one object."""
    return {
        "version": version.version,
        "path": str(version.path),
        "heads": sorted(head.value for head in version.card.heads),
        "champion_of": [head.value for head in version.champion_of],
        "challenger_of": [head.value for head in version.challenger_of],
        "bundled": version.bundled,
        "added": version.added.isoformat() if version.added else None,
        "trained": version.card.training.get("date"),
        "licence": version.card.licence,
        "provenance": version.card.provenance,
        "bytes": version.path.stat().st_size,
        "figures": {
            head.value: dict(figures_of(version, head)) for head in sorted(version.card.heads)
        },
    }


def gate_table(verdicts: Sequence[Verdict]) -> "Table":
    """Return what the gate looked at, a row a condition."""
    from rich.table import Table
    from rich.text import Text

    champions = ", ".join(sorted({verdict.champion or "nobody" for verdict in verdicts}))
    title = f"{verdicts[0].challenger} in place of {champions}"
    table = Table(title=title, title_justify="left")
    for column in ("head", "condition", "", "compared"):
        table.add_column(column)
    for verdict in verdicts:
        for check in verdict.checks:
            mark = Text("holds", "green") if check.passed else Text("FAILS", "red")
            table.add_row(verdict.head.value, check.name, mark, check.said)
        table.add_section()
    return table


def history_rows(events: Sequence[Event]) -> list[Row]:
    """Return the history: a heading, then one row an event."""
    heading = ("when", "what", "heads", "from", "to", "by", "reason")
    return [heading, *map(_event_row, events)]


def _event_row(event: Event) -> Row:
    what = f"{event.action}, forced" if event.forced else event.action.value
    return (
        event.when.strftime("%Y-%m-%d %H:%M:%SZ"),
        what,
        ", ".join(event.heads),
        _names(event.before),
        _names(event.after),
        event.by,
        " ".join(event.reason.split()),
    )


def _names(versions: Mapping[Head, str | None]) -> str:
    return ", ".join(sorted({version or "nobody" for version in versions.values()}))


def _shown(value: float | None) -> str:
    return "–" if value is None else f"{value:.4f}"
