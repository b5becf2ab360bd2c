"""`visavis evaluate attributes`: how often the heads are right, over all faces and by group."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from visavis.core.errors import InvalidInput
from visavis.entry.cli.analysis import stated
from visavis.entry.cli.console import say, stderr
from visavis.entry.cli.figures import Json, Pack, Root, complain_of, text_of
from visavis.entry.cli.pipeline import heads_named, load_pipeline

if TYPE_CHECKING:
    from collections.abc import Sequence

    from visavis.core.attributes import Head
    from visavis.core.settings import Settings
    from visavis.lab.attributes import AttributesReport
    from visavis.lab.labels import Labelled
    from visavis.vision.analyzer import Analyzer
    from visavis.vision.heads.card import HeadCard


def attributes(
    root: Root,
    labels: Annotated[
        Path, typer.Option(metavar="FILE", help="csv: file, and any of age, gender, race, emotion.")
    ],
    pack: Pack = None,
    json: Json = False,
    limit: Annotated[
        int | None, typer.Option(min=1, help="Use only so many pictures, spread over the list.")
    ] = None,
    heads: Annotated[
        list[str] | None,
        typer.Option(
            help="age, gender, race or emotion; repeat it or separate by commas. "
            "(default: all that serve and are labelled)"
        ),
    ] = None,
    file: Annotated[
        str | None,
        typer.Option(metavar="VERSION|PATH", help="Measure this head file, not those that serve."),
    ] = None,
    card: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Also write a model card, in Markdown.")
    ] = None,
) -> None:
    """Age, gender, race, emotion: accuracy, calibration, and the gap between groups.

    Only figures over many faces are reported, so that heads which the policy keeps off can be
    measured too.
    """
    from visavis.core.settings import load_settings
    from visavis.lab.labels import read_labels, spread

    wanted = heads_named(heads)
    labelled = spread(read_labels(text_of(labels), wanted), limit)
    settings = load_settings(**stated({"pack": pack}))
    analyzer = load_pipeline(settings)
    if file is not None:
        analyzer = _with_file(analyzer, settings, file)
    described = _described(analyzer, labelled, wanted, alone=card is not None)
    if card is not None:
        card.parent.mkdir(parents=True, exist_ok=True)
    report = _measure(analyzer, settings, root, labelled, wanted)
    _give(report, as_json=json)
    if card is not None:
        from visavis.lab.card_page import card_page

        card.write_text(card_page(report, described), "utf-8")
    complain_of(report.unreadable)


def _with_file(analyzer: "Analyzer", settings: "Settings", name: str) -> "Analyzer":
    """Return the pipeline with one head file in place of those that serve."""
    from visavis.lab.asking import Pinned
    from visavis.vision.heads.shelf import HeadSet, load_net
    from visavis.vision.stages.attributes import Attributes

    net = load_net(_path_of(settings, name), settings.runtime)
    pinned = Pinned(HeadSet.of(net))
    return replace(analyzer, attributes=Attributes(pinned))


def _path_of(settings: "Settings", name: str) -> Path:
    """Find a head file by path, or by version among the promoted and the bundled ones.

    Raises:
        InvalidInput: there is none.
    """
    from visavis.vision.heads.card import read_card
    from visavis.vision.heads.shelf import BUNDLED

    for path in (Path(name), settings.data / "heads" / f"{name}.onnx"):
        if path.is_file():
            return path
    for path in sorted(BUNDLED.glob("*.onnx")):
        if read_card(path).version == name:
            return path
    raise InvalidInput(f"there is no head file {name}; give its version or its path as --file")


def _described(
    analyzer: "Analyzer",
    labelled: "Sequence[Labelled]",
    wanted: "frozenset[Head] | None",
    *,
    alone: bool,
) -> "HeadCard":
    """Return what the first file that will be measured says of itself; say what is left out.

    Args:
        analyzer: The pipeline.
        labelled: The list.
        wanted: Which heads.
        alone: Refuse more than one file.

    Raises:
        InvalidInput: nothing can be measured, or there are several files.
    """
    from visavis.lab.attributes import labelled_heads, measurable

    measured = measurable(analyzer, labelled, wanted).nets
    left_out = sorted((wanted or labelled_heads(labelled)) - set(measured))
    if left_out:
        say(f"no head file here answers {', '.join(left_out)}: left out", style="yellow")
    if not measured:
        raise InvalidInput("no head here answers what is labelled; train one or choose another")
    cards = {net.card.version: net.card for net in measured.values()}
    if alone and len(cards) > 1:
        raise InvalidInput(
            f"a model card is about one file; choose with --file: {', '.join(sorted(cards))}"
        )
    return next(iter(cards.values()))


def _measure(
    analyzer: "Analyzer",
    settings: "Settings",
    root: Path,
    labelled: "Sequence[Labelled]",
    wanted: "frozenset[Head] | None",
) -> "AttributesReport":
    """Measure with a bar on stderr when that is a terminal."""
    from rich.progress import Progress

    from visavis.lab.attributes import evaluate_attributes
    from visavis.lab.roots import open_root
    from visavis.vision.engines.onnx_engine import worker_count

    place, console = open_root(root, settings.images.max_bytes), stderr()
    workers = worker_count(settings.runtime)
    with Progress(console=console, disable=not console.is_terminal, transient=True) as progress:
        bar = progress.add_task("looking at faces", total=len(labelled))
        return evaluate_attributes(
            analyzer,
            place,
            labelled,
            settings.images,
            workers,
            wanted,
            tick=lambda: progress.advance(bar),
        )


def _give(report: "AttributesReport", *, as_json: bool) -> None:
    """Print the report on stdout."""
    if as_json:
        import orjson

        typer.echo(orjson.dumps(report.as_json()))
        return
    from rich.console import Console

    from visavis.entry.cli.attribute_tables import figures, gaps

    Console().print(figures(report), gaps(report))
