"""`visavis models heads|add|promote|rollback|history`: which head files serve."""

import getpass
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from visavis.core.errors import GateNotPassed, InvalidInput, WeightsCorrupt
from visavis.entry.cli.console import say, stderr

if TYPE_CHECKING:
    from visavis.core.attributes import Head
    from visavis.core.settings import Settings
    from visavis.lab.heads.history import Event
    from visavis.lab.heads.registry import HeadRegistry
    from visavis.lab.heads.report import Report

app = typer.Typer()

MARGIN = 0.02
"""What a group of faces may lose of its accuracy, beyond what chance explains."""

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")]
Version = Annotated[str, typer.Argument(metavar="VERSION", help="As `models heads` lists it.")]
Reason = Annotated[str, typer.Option(help="Why; it is kept in the history.")]
HEADS = "age, gender, race or emotion"


@app.command("heads")
def heads_(json: Json = False) -> None:
    """List head files: what each answers, whether it serves, licence, training, figures."""
    from visavis.core.settings import load_settings
    from visavis.entry.cli.heads_tables import as_json, rows

    settings = load_settings()
    registry = _registry(settings)
    found, champions = registry.versions(), registry.champions()
    if json:
        serving = {head.value: version for head, version in champions.items()}
        files = [as_json(version) for version in found]
        folder = str(settings.data / "heads")
        _print_json({"folder": folder, "champions": serving, "versions": files})
        return
    _print_rows(rows(found))


@app.command()
def add(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A head file, .onnx.")],
    report: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Its figures, from `visavis evaluate attributes --file … --json`."
        ),
    ] = None,
    baseline: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Figures of what serves, on the same pictures."),
    ] = None,
    json: Json = False,
) -> None:
    """Take a head file as a challenger; what serves stays as it is."""
    from visavis.core.settings import load_settings
    from visavis.entry.cli.heads_tables import as_json

    registry = _registry(load_settings(), mirrored=True)
    try:
        found = registry.add(file, _read_json(report), _read_json(baseline))
    except WeightsCorrupt as exc:
        raise InvalidInput(str(exc)) from exc
    if json:
        _print_json(as_json(found))
    else:
        typer.echo(
            f"{found.version} is kept; `visavis models promote {found.version}` lets it serve"
        )


@app.command()
def promote(
    version: Version,
    head: Annotated[
        list[str] | None, typer.Option(help=f"{HEADS}; repeat it. (default: all it answers)")
    ] = None,
    root: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Folder or .zip of pictures to measure both files on."),
    ] = None,
    labels: Annotated[
        Path | None, typer.Option(metavar="FILE", help="What the pictures show, a csv.")
    ] = None,
    margin: Annotated[
        float, typer.Option(min=0, max=1, help="What a group may lose beyond chance, 0..1.")
    ] = MARGIN,
    reason: Reason = "",
    force: Annotated[
        bool, typer.Option("--force", help="Promote it even if it does not pass; say why.")
    ] = False,
    json: Json = False,
) -> None:
    """Let a head file serve, if it is shown to be better: exit code 1 when it is not.

    It has to be better beyond chance, no group of faces may get worse by more than the margin, and
    its probabilities have to be honest. Figures that came with the file count while they compare
    with what serves; --root and --labels measure both anew. A running server takes it over by
    itself.
    """
    from visavis.core.settings import load_settings
    from visavis.entry.cli.heads_tables import gate_table

    settings = load_settings()
    heads = _heads(head)
    registry = _registry(settings, margin=margin, mirrored=True)
    if (root is None) != (labels is None):
        raise InvalidInput("--root and --labels belong together; give both")
    if force and not reason.strip():  # before anything is measured for minutes
        raise InvalidInput("--force needs a --reason; say why")
    measured = None
    if root is not None and labels is not None:
        measured = _measured(settings, registry, version, heads, root, labels)
    verdicts = registry.judge(version, heads, measured)
    if not json:
        from rich.console import Console

        Console().print(gate_table(verdicts))
    gate = {verdict.head.value: verdict.as_json() for verdict in verdicts}
    try:
        event = registry.promote(
            version, heads, reason=reason, by=_who(), force=force, measured=measured
        )
    except GateNotPassed:
        if json:
            _print_json({"promoted": False, "gate": gate, "event": None})
        raise
    if json:
        _print_json({"promoted": True, "gate": gate, "event": event.as_json()})
    else:
        _tell(event)


@app.command()
def rollback(
    head: Annotated[
        str | None, typer.Option(help=f"{HEADS}. (default: all of the last promotion)")
    ] = None,
    reason: Reason = "",
    json: Json = False,
) -> None:
    """Let serve again what served before the last promotion; again goes back further."""
    from visavis.core.settings import load_settings

    registry = _registry(load_settings(), mirrored=True)
    chosen = _heads([head]) if head else None
    event = registry.rollback(chosen[0] if chosen else None, reason=reason, by=_who())
    if json:
        serving = {head.value: version for head, version in registry.champions().items()}
        _print_json({"event": event.as_json(), "champions": serving})
    else:
        _tell(event)


@app.command()
def history(json: Json = False) -> None:
    """List promotions and rollbacks, oldest first: when, who, why, from what to what."""
    from visavis.core.settings import load_settings
    from visavis.entry.cli.heads_tables import history_rows

    events = _registry(load_settings()).history()
    if json:
        _print_json({"events": [event.as_json() for event in events]})
    elif events:
        _print_rows(history_rows(events))
    else:
        say("nothing was promoted yet; the bundled heads serve")


def _registry(
    settings: "Settings", *, margin: float = MARGIN, mirrored: bool = False
) -> "HeadRegistry":
    """Open the folder of heads; what changes it is repeated where tracking is on."""
    from visavis.lab.heads.gate import Rules
    from visavis.lab.heads.registry import HeadRegistry
    from visavis.lab.tracking.opening import open_mirror

    mirror = open_mirror(settings.tracking, settings.data) if mirrored else None
    return HeadRegistry(settings.data / "heads", mirror=mirror, rules=Rules(group_margin=margin))


def _heads(names: list[str] | None) -> "list[Head] | None":
    """Return the heads that are named; None when none is.

    Raises:
        InvalidInput: one of them is unknown.
    """
    from visavis.core.attributes import Head

    words = [word.strip() for text in names or () for word in text.split(",")]
    if unknown := sorted(set(words) - set(Head)):
        raise InvalidInput(f"there is no head {unknown[0][:50]!r}; choose from {', '.join(Head)}")
    return [Head(word) for word in words] or None


def _measured(
    settings: "Settings",
    registry: "HeadRegistry",
    version: str,
    heads: "Sequence[Head] | None",
    root: Path,
    labels: Path,
) -> "list[Report]":
    """Measure a file and what serves on the same pictures, with a bar on a terminal."""
    from rich.progress import Progress

    from visavis.entry.cli.figures import complain_of, text_of
    from visavis.entry.cli.weights_progress import ensure_pack
    from visavis.entry.wiring import build_analyzer
    from visavis.lab.attributes import compare
    from visavis.lab.heads.report import read_report
    from visavis.lab.labels import read_labels
    from visavis.lab.roots import open_root
    from visavis.vision.engines.onnx_engine import worker_count
    from visavis.vision.heads.shelf import HeadSet, load_net
    from visavis.vision.weights.shelf import WeightShelf

    wanted = [verdict.head for verdict in registry.judge(version, heads)]
    rivals = {old for head, old in registry.champions().items() if head in wanted}
    paths = [registry.find(name).path for name in (version, *sorted(rivals))]
    sets = [HeadSet.of(load_net(path, settings.runtime)) for path in paths]
    labelled = read_labels(text_of(labels), wanted)
    place = open_root(root, settings.images.max_bytes)
    ensure_pack(settings)
    analyzer, console = build_analyzer(settings, WeightShelf(settings.cache)), stderr()
    workers = worker_count(settings.runtime)
    with Progress(console=console, disable=not console.is_terminal, transient=True) as progress:
        bar = progress.add_task("looking at faces", total=len(labelled))
        reports = compare(
            analyzer,
            place,
            labelled,
            sets,
            settings.images,
            workers,
            wanted,
            tick=lambda: progress.advance(bar),
        )
    complain_of(reports[0].unreadable)
    return [read_report(report.as_json()) for report in reports]


def _tell(event: "Event") -> None:
    """Say what serves since an event."""
    for head in event.heads:
        now, was = event.after[head], event.before[head]
        typer.echo(f"{head}: {now or 'nobody'} answers now, in place of {was or 'nobody'}")


def _who() -> str:
    """Return the name of whoever runs this, for the history."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a container without names
        return "unknown"


def _read_json(path: Path | None) -> Any:  # noqa: ANN401  # JSON
    """Read a report.

    Raises:
        InvalidInput: it cannot be read, or is no JSON object.
    """
    import orjson

    from visavis.entry.cli.figures import text_of

    if path is None:
        return None
    try:
        found = orjson.loads(text_of(path))
    except orjson.JSONDecodeError as exc:
        raise InvalidInput(f"{path} is no JSON: {exc}; give a report") from exc
    if not isinstance(found, dict):
        raise InvalidInput(f"{path} is no report; give what `visavis evaluate attributes` printed")
    return found


def _print_json(content: object) -> None:
    import orjson

    typer.echo(orjson.dumps(content, option=orjson.OPT_INDENT_2).decode())


def _print_rows(rows: Sequence[Sequence[str]]) -> None:
    """Print columns as wide as they need to be, so that the output can be cut and searched."""
    from visavis.entry.cli.console import printable

    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        typer.echo(printable("  ".join(cells).rstrip()))
