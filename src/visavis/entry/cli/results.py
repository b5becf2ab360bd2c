"""`visavis results`: what was found on pictures, listed, saved and removed at the machine."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from visavis.core.errors import InvalidInput
from visavis.entry.cli.console import say
from visavis.entry.cli.files import open_target, replacing
from visavis.entry.cli.opening import Data, Json, User, acting_for, opened, print_json

if TYPE_CHECKING:
    from visavis.entry.services import Records
    from visavis.store.results import Result, Sought
    from visavis.usecases.actor import Actor

app = typer.Typer(no_args_is_help=True, help="List, save and remove results of analyses.")

Where = Annotated[
    list[str],
    typer.Option(
        metavar="NAME=VALUE",
        help="Only results like this; the names are those of `GET /api/v1/results`, such as "
        "gender=female, oldest=30, from=2026-11-21, job_id=…; may be given again.",
        default_factory=list,
        show_default=False,
    ),
]
Name = Annotated[str, typer.Argument(metavar="SHA256", help="Of the picture; see `list`.")]

_SHOWN = (
    *("sha256", "created_at", "width", "height", "faces", "pack", "features"),
    *("job_id", "batch_id"),
)


@app.command("list")
def list_(
    ctx: typer.Context, where: Where, user: User = "", json: Json = False, data: Data = None
) -> None:
    """List results, newest first."""
    sought = _sought(where)
    with closing(opened(ctx, data)) as records:
        found = list(_found(records, acting_for(records, user), sought))
    if json:
        told = [{name: getattr(each, name) for name in _SHOWN} for each in found]
        print_json({"results": told})
        return
    for each in found:
        typer.echo(f"{each.sha256}  {each.created_at:%Y-%m-%d %H:%M}  {each.faces} faces")


@app.command()
def show(ctx: typer.Context, sha256: Name, user: User = "", data: Data = None) -> None:
    """Print what was found on a picture, as JSON."""
    with closing(opened(ctx, data)) as records:
        told = records.results.document(acting_for(records, user), sha256)
    print_json(told)


@app.command()
def save(
    ctx: typer.Context,
    sha256: Name,
    out: Annotated[Path, typer.Option(metavar="DIR", help="Where to; made when missing.")],
    user: User = "",
    data: Data = None,
) -> None:
    """Write a picture, its annotated copy and what was found into a folder. They are not sealed."""
    from visavis.usecases.analysis_json import to_json
    from visavis.usecases.results_sealing import Part

    with closing(opened(ctx, data)) as records:
        actor, results = acting_for(records, user), records.results
        told = to_json(results.document(actor, sha256), indent=True)
        picture = results.open(actor, sha256, Part.PICTURE)[1]
        annotated = results.open(actor, sha256, Part.ANNOTATED)[1]
    contents = {".json": told, "-picture": picture, "-annotated.jpg": annotated}
    for suffix, content in contents.items():
        with replacing(out / f"{sha256}{suffix}") as file:
            file.write(content)
    say(f"wrote 3 files → {out}")


@app.command()
def csv(
    ctx: typer.Context,
    where: Where,
    target: Annotated[str, typer.Option("--out", metavar="FILE", help="Where to.")] = "-",
    user: User = "",
    data: Data = None,
) -> None:
    """Write the faces of all results that match as one table."""
    from visavis.usecases.results_csv import table

    sought = _sought(where)
    with closing(opened(ctx, data)) as records:
        pieces = table(records.results, acting_for(records, user), sought)
        with open_target(target) as file:
            for piece in pieces:
                file.write(piece)


@app.command()
def remove(
    ctx: typer.Context,
    hashes: Annotated[list[str], typer.Argument(metavar="SHA256...", help="Which; at most 200.")],
    user: User = "",
    data: Data = None,
) -> None:
    """Remove results with their pictures; this cannot be undone."""
    with closing(opened(ctx, data)) as records:
        removed = records.results.remove(acting_for(records, user), hashes)
    say(f"removed {removed} of {len(hashes)}")


def _sought(where: list[str]) -> "Sought":
    """Return what is looked for.

    Raises:
        InvalidInput: a condition is none, or its name is unknown.
    """
    from visavis.usecases.results_sought import NAMES, from_words

    words = {}
    for condition in where:
        name, between, value = condition.partition("=")
        if not between or name not in NAMES:
            raise InvalidInput(f"--where takes NAME=VALUE, the name one of {', '.join(NAMES)}")
        words[name] = value
    return from_words(words)


def _found(records: "Records", actor: "Actor", sought: "Sought") -> Iterator["Result"]:
    cursor = None
    while True:
        page = records.results.page(actor, sought, cursor=cursor)
        yield from page.items
        if (cursor := page.next) is None:
            return
