"""Fitting and measuring the maps by which `visavis harmonize` brings templates over."""

from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from visavis.entry.cli.console import say
from visavis.entry.cli.figures import Json, Root, ends_shown, shown, table_of, text_of
from visavis.entry.cli.opening import Data, settings_of
from visavis.entry.cli.pipeline import load_pipeline
from visavis.entry.cli.surveys import surveyed

if TYPE_CHECKING:
    from visavis.core.settings import Settings
    from visavis.core.types import Floats
    from visavis.index.harmonics import HarmonicMap
    from visavis.lab.harmony import HarmonyReport, Twins
    from visavis.lab.pairs import Pairs
    from visavis.vision.analyzer import Analyzer

From = Annotated[str, typer.Option("--from", metavar="ID", help="The one embedder.")]
To = Annotated[str, typer.Option("--to", metavar="ID", help="The other embedder.")]


def fit(
    source: From,
    target: To,
    faces: Annotated[
        Path, typer.Option(metavar="DIR", help="Folder or .zip with pictures of one face each.")
    ],
    out: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Where the maps go. (default: where the server reads)"),
    ] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Use only so many pictures.")] = None,
    json: Json = False,
    data: Data = None,
) -> None:
    """Fit the maps between two embedders, there and back, on faces without names.

    A thousand faces of different people make a map, ten thousand a better one. The server takes
    the maps of its own folder when it starts, before those that ship.
    """
    from visavis.index.harmonic_files import write_map

    settings = settings_of(data)
    fitted = _twins(settings, source, target, faces, limit).both_ways()
    folder = out or settings.data / "harmonics"
    paths = [write_map(each, folder) for each in fitted]
    if json:
        import orjson

        typer.echo(orjson.dumps([_told(*each) for each in zip(fitted, paths, strict=True)]))
        return
    for each, path in zip(fitted, paths, strict=True):
        agreed = each.agreement
        typer.echo(
            f"{each.source} → {each.target}: {agreed.kind} on {agreed.pairs} faces, cosine "
            f"{agreed.cosine:.4f}, nearest {agreed.nearest:.4f} of {agreed.among}"
        )
        say(str(path))


def report(
    ctx: typer.Context,
    source: From,
    target: To,
    root: Root,
    pairs: Annotated[
        Path, typer.Option(metavar="FILE", help="LFW's pairs.txt, or a csv with a,b,same.")
    ],
    limit: Annotated[
        int | None, typer.Option(min=2, help="Judge only so many pairs, spread over the list.")
    ] = None,
    json: Json = False,
    data: Data = None,
) -> None:
    """Verification within and across two embedders: what the map costs, and what it is worth."""
    from visavis.entry.wiring import open_harmonics
    from visavis.lab.harmony import measure
    from visavis.lab.pairs import read_pairs

    listed, settings = read_pairs(text_of(pairs)).spread(limit), settings_of(data)
    there, here = (_vectors(ctx, settings, each, root, listed) for each in (source, target))
    told = measure(listed, source, target, there, here, open_harmonics(settings))
    if json:
        import orjson

        typer.echo(orjson.dumps({**asdict(told), "loss": told.loss}))
    else:
        _show(told)


def _twins(
    settings: "Settings", source: str, target: str, faces: Path, limit: int | None
) -> "Twins":
    """Embed the faces by both packs."""
    from visavis.lab.harmony import embed_twice
    from visavis.lab.labels import spread
    from visavis.lab.people import read_pictures
    from visavis.lab.portraits import PortraitReader, for_portraits
    from visavis.lab.roots import open_root
    from visavis.vision.engines.onnx_engine import worker_count

    one, other = (_pipeline(settings, each) for each in (source, target))
    place = open_root(faces, settings.images.max_bytes)
    names = spread(read_pictures(faces), limit)
    say(f"looking at {len(names)} pictures")
    finder, workers = for_portraits(one), worker_count(settings.runtime)
    reader = PortraitReader(finder, place, settings.images, workers)
    return embed_twice(one, other, reader.read(names))


def _pipeline(settings: "Settings", embedder: str) -> "Analyzer":
    return load_pipeline(_with(settings, embedder))


def _with(settings: "Settings", embedder: str) -> "Settings":
    """Return the settings with a pack that the embedder serves in."""
    from visavis.vision.weights.catalog import pack_of

    return settings.model_copy(update={"pack": pack_of(embedder).name})


def _vectors(
    ctx: typer.Context, settings: "Settings", embedder: str, root: Path, pairs: "Pairs"
) -> "dict[str, Floats]":
    from visavis.lab.verification import embedded, names_of

    with surveyed(ctx.obj, _with(settings, embedder), root, len(names_of(pairs))) as survey:
        return embedded(survey, pairs)


def _told(fitted: "HarmonicMap", path: Path) -> dict[str, object]:
    agreement = asdict(replace(fitted.agreement))
    return {"source": fitted.source, "target": fitted.target, "path": str(path), **agreement}


def _show(told: "HarmonyReport") -> None:
    from rich.console import Console

    pairs = told.within_source.pairs
    table = table_of(
        f"{told.source} and {told.target}, {pairs} pairs", "", "accuracy", "95 %", "EER"
    )
    rows = {
        told.source: told.within_source,
        told.target: told.within_target,
        "across, mapped": told.mapped,
        "across, without a map": told.unmapped,
    }
    for name, each in rows.items():
        if each is None:
            table.add_row(name, "–", "", "vectors of different length")
            continue
        ends = ends_shown(each.intervals["accuracy"])
        table.add_row(name, shown(each.accuracy), ends, shown(each.eer))
    Console().print(table)
    typer.echo(f"the map costs {100 * told.loss:.2f} points beside the weaker of the two")
