"""One measured figure, and how a list of them looks on a terminal, as JSON and in the docs."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from scripts.bench.ground import Ground

BEGIN, END = "<!-- figures:begin -->", "<!-- figures:end -->"
"""The table in the docs lies between these lines."""


class Missing(Exception):
    """A peer or a data set is not here; the message says what to do to have it."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured figure.

    Attributes:
        what: What was measured, against what.
        asked: What it has to reach; empty when it is only reported.
        measured: The result, for people.
        met: Whether it is reached; None when nothing is asked.
        numbers: Everything measured for it, for programs.
    """

    what: str
    asked: str
    measured: str
    met: bool | None
    numbers: dict[str, Any] = field(default_factory=dict)


Group: TypeAlias = "Callable[[Ground], Iterator[Figure]]"
"""Measures the figures that belong together; raises `Missing` when it cannot."""


def verdict(figure: Figure) -> str:
    """Return whether the figure is met, in a word."""
    return {True: "met", False: "NOT MET", None: "reported"}[figure.met]


def line(figure: Figure) -> str:
    """Return the figure as lines for a terminal."""
    asked = f" (asked: {figure.asked})" if figure.asked else ""
    return f"[{verdict(figure)}] {figure.what}{asked}\n    {figure.measured}"


def markdown(figures: Iterable[Figure], machine: str) -> str:
    """Return the table for the docs."""
    rows = ["| what | asked | measured | |", "|---|---|---|---|"]
    for figure in figures:
        cells = (figure.what, figure.asked or "–", figure.measured, verdict(figure))
        rows.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return f"{machine}\n\n" + "\n".join(rows)


def put_into(document: str, table: str) -> str:
    """Return the document with its table replaced.

    Raises:
        ValueError: the document has no place for the table.
    """
    before, begin, rest = document.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise ValueError(f"the document needs the lines {BEGIN} and {END}")
    return f"{before}{BEGIN}\n{table}\n{END}{after}"


def spread(items: Sequence[Any], count: int) -> list[Any]:
    """Return at most `count` items, taken evenly."""
    step = max(1, len(items) // count)
    return list(items[::step][:count])
