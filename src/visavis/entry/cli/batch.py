"""Analyse a list of files: read lazily, write results as they come, list at the end what failed."""

from collections import deque
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from pathlib import Path

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from visavis.core.errors import ImageFault, InvalidInput
from visavis.core.settings import Settings
from visavis.core.types import Feature, Source
from visavis.entry.cli.console import BAD_INPUT, DONE, FAILED, Roof, say, stderr
from visavis.entry.cli.files import STDOUT, open_target
from visavis.entry.cli.inputs import Item
from visavis.entry.cli.outputs import (
    CsvSink,
    FolderSink,
    JsonSink,
    ResultNotWritten,
    Sink,
)
from visavis.usecases.analysis import Analyses, Analysis, Failure

SHOWN = 20
"""Skipped files listed on the terminal; `--json` lists them all."""

UNREADABLE = "unreadable"
"""Category of a file that the operating system does not let us read."""

WRITE_FAILED = "output"
"""Category of a failure that is ours: the result could not be written."""


@dataclass(frozen=True, slots=True)
class Targets:
    """Where results go; each may be None.

    Attributes:
        folder: For `<name>.json` and annotated `<name>.jpg`.
        json: File for one JSON document, or `-`.
        csv: File for one table, or `-`.
    """

    folder: Path | None = None
    json: str | None = None
    csv: str | None = None

    def __post_init__(self) -> None:
        if self.json == self.csv == STDOUT:
            raise InvalidInput("--json and --csv cannot both go to standard output; name a file")


@dataclass(slots=True)
class Tally:
    """What one run came to."""

    pictures: int = 0
    faces: int = 0
    failures: list[Failure] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)

    @property
    def exit_code(self) -> int:
        """0 when something was done, 1 when we failed, 2 when no input was usable."""
        faults = {failure.category for failure in self.failures}
        if WRITE_FAILED in faults:
            return FAILED
        if self.pictures:
            return DONE
        return BAD_INPUT if faults <= set(ImageFault) | {UNREADABLE} else FAILED


def run(
    roof: Roof,
    settings: Settings,
    items: Sequence[Item],
    targets: Targets,
    features: Collection[Feature],
    *,
    quiet: bool = False,
) -> int:
    """Analyse `items`, write the results, say what happened on stderr.

    Returns:
        The exit code: 0 something was done, 1 we failed, 2 nothing could be used.

    Raises:
        VisavisError: the engine cannot be built, or an output cannot be opened.
    """
    services = roof.build(settings)
    with closing(services.analyses), ExitStack() as stack:
        sinks = _open(stack, targets, items, features)
        tally = Tally()
        outcomes = _outcomes(
            services.analyses,
            items,
            features,
            annotate=targets.folder is not None,
            max_bytes=settings.images.max_bytes,
        )
        for item, outcome in _with_progress(outcomes, len(items), quiet=quiet):
            _take(item, outcome, sinks, tally)
        for sink in sinks:
            sink.finish(tally.failures, tally.skipped)
    _report(tally, targets, quiet=quiet)
    return tally.exit_code


def _open(
    stack: ExitStack, targets: Targets, items: Sequence[Item], features: Collection[Feature]
) -> list[Sink]:
    """Open what was asked for; `stack` closes it, or removes the drafts after an error."""
    sinks: list[Sink] = []
    if targets.folder is not None:
        targets.folder.mkdir(parents=True, exist_ok=True)
        sinks.append(FolderSink(targets.folder, items, features))
    if targets.json is not None:
        sinks.append(JsonSink(stack.enter_context(open_target(targets.json)), features))
    if targets.csv is not None:
        sinks.append(CsvSink(stack.enter_context(open_target(targets.csv)), features))
    return sinks


def _outcomes(
    analyses: Analyses,
    items: Iterable[Item],
    features: Collection[Feature],
    *,
    annotate: bool,
    max_bytes: int,
) -> Iterator[tuple[Item, Analysis | Failure]]:
    """Yield what became of each file, in order; files are read only when their turn is near."""
    waiting: deque[tuple[Item, Failure | None]] = deque()

    def read() -> Iterator[Source]:
        for item in items:
            try:
                with item.path.open("rb") as file:
                    data = file.read(max_bytes + 1)  # one byte too many is refused by its size
            except OSError as exc:
                reason = f"cannot be read: {exc.strerror or exc}"
                waiting.append((item, Failure(item.name, UNREADABLE, reason)))
            else:
                waiting.append((item, None))
                yield Source(item.name, data)

    def unreadable() -> Iterator[tuple[Item, Failure]]:
        while waiting and (failure := waiting[0][1]):
            yield waiting.popleft()[0], failure

    for outcome in analyses.analyze(read(), features, annotate=annotate):
        yield from unreadable()
        yield waiting.popleft()[0], outcome
    yield from unreadable()


def _with_progress(
    outcomes: Iterable[tuple[Item, Analysis | Failure]], total: int, *, quiet: bool
) -> Iterator[tuple[Item, Analysis | Failure]]:
    """Pass `outcomes` on and move a bar on stderr when that is a terminal."""
    console = stderr()
    if quiet or not console.is_terminal:
        yield from outcomes
        return
    columns = (TextColumn("analysing"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        yield from progress.track(outcomes, total=total)


def _take(item: Item, outcome: Analysis | Failure, sinks: Sequence[Sink], tally: Tally) -> None:
    """Write one result, or note why there is none; a file that is no picture is skipped."""
    if isinstance(outcome, Failure):
        if outcome.category == ImageFault.UNSUPPORTED and not item.chosen:
            tally.skipped.append(outcome.name)
        else:
            tally.failures.append(outcome)
        return
    try:
        for sink in sinks:
            sink.add(item, outcome)
    except ResultNotWritten as exc:
        tally.failures.append(Failure(item.name, WRITE_FAILED, str(exc)))
    else:
        tally.pictures += 1
        tally.faces += len(outcome.faces)


def _report(tally: Tally, targets: Targets, *, quiet: bool) -> None:
    """Say on stderr what was done, skipped and refused."""
    for failure in tally.failures:
        say(f"failed: {failure.name}: {failure.reason}", style="red")
    if quiet:
        return
    for name in tally.skipped[:SHOWN]:
        say(f"skipped, not a picture: {name}", style="yellow")
    if len(tally.skipped) > SHOWN:
        say(f"… and {len(tally.skipped) - SHOWN} more files that are not pictures", style="yellow")
    where = f" → {targets.folder}" if targets.folder else ""
    done = f"{_count(tally.pictures, 'picture')}, {_count(tally.faces, 'face')}"
    say(f"{done}, {len(tally.failures)} failed, {len(tally.skipped)} skipped{where}")


def _count(number: int, noun: str) -> str:
    """Return `1 face`, `2 faces`."""
    return f"{number} {noun}{'' if number == 1 else 's'}"
