"""What all evaluations share: lists that are read, tables of figures, pictures that failed."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from visavis.core.errors import InvalidInput
from visavis.entry.cli.console import say

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.table import Table

    from visavis.usecases.analysis import Failure

SHOWN = 20
"""Pictures that could not be used listed on the terminal; `--json` lists them all."""

MOST_LIST_BYTES = 256 * 1024 * 1024

Root = Annotated[
    Path, typer.Option(metavar="DIR", help="Folder or .zip that the listed names lie in.")
]
Pack = Annotated[str | None, typer.Option(help="Which set of weights to use.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")]


def text_of(path: Path) -> str:
    """Read a list.

    Raises:
        InvalidInput: it cannot be read or is no text.
    """
    try:
        if path.stat().st_size > MOST_LIST_BYTES:
            raise InvalidInput(f"{path} is too large for a list; give the right file")
        return path.read_text("utf-8-sig")  # spreadsheets put a mark in front
    except OSError as exc:
        raise InvalidInput(f"{path} cannot be read: {exc.strerror}") from exc
    except UnicodeDecodeError as exc:
        raise InvalidInput(f"{path} is not UTF-8 text; give the list, not the pictures") from exc


def complain_of(failures: "Sequence[Failure]") -> None:
    """List pictures that could not be used on stderr, the first few."""
    for failure in failures[:SHOWN]:
        say(f"failed: {failure.name}: {failure.reason}", style="red")
    if len(failures) > SHOWN:
        say(f"… and {len(failures) - SHOWN} more pictures that could not be used", style="red")


def table_of(title: str, *columns: str) -> "Table":
    """Return a table without rows; its columns are those of figures unless named."""
    from rich.table import Table

    table = Table(title=title, title_justify="left")
    for column in columns or ("figure", "value", "95 % interval", ""):
        table.add_column(column)
    return table


def shown(value: float | None) -> str:
    """Return a figure to four places."""
    return "–" if value is None else f"{value:.4f}"


def ends_shown(ends: "Sequence[float] | None") -> str:
    """Return an interval to four places."""
    return "" if ends is None else f"{ends[0]:.4f} – {ends[1]:.4f}"
