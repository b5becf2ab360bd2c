"""What evaluations that walk over pictures share: the engine over a root, and the report."""

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from visavis.entry.cli.console import Roof, stderr
from visavis.entry.cli.figures import complain_of

if TYPE_CHECKING:
    from rich.table import Table

    from visavis.core.settings import Settings
    from visavis.lab.detection import DetectionReport
    from visavis.lab.identification import IdentificationReport
    from visavis.lab.subjects import Survey
    from visavis.lab.verification import VerificationReport


@contextmanager
def surveyed(roof: Roof, settings: "Settings", root: Path, total: int) -> "Iterator[Survey]":
    """Build the engine over a root, with a bar on stderr when that is a terminal."""
    from rich.progress import Progress

    from visavis.lab.roots import open_root
    from visavis.lab.subjects import Survey

    place, console = open_root(root, settings.images.max_bytes), stderr()
    with (
        closing(roof.build(settings).analyses) as analyses,
        Progress(console=console, disable=not console.is_terminal, transient=True) as progress,
    ):
        bar = progress.add_task("analysing", total=total)
        yield Survey(analyses, place, tick=lambda: progress.advance(bar))


def give(
    report: "VerificationReport | DetectionReport | IdentificationReport",
    table: "Callable[[Any], Table]",
    *,
    as_json: bool,
) -> None:
    """Print the report on stdout, and what could not be used on stderr."""
    if as_json:
        import orjson

        typer.echo(orjson.dumps(asdict(report)))
    else:
        from rich.console import Console

        Console().print(table(report))
    complain_of(report.unreadable)
