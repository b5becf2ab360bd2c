"""`visavis privacy`: applying retention now, and telling whether a receipt is genuine."""

from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer

from visavis.core.errors import InvalidInput
from visavis.entry.cli.console import DONE, FAILED, complain
from visavis.entry.cli.opening import Data, Json, opened, print_json

app = typer.Typer(no_args_is_help=True, help="Apply retention, and check receipts.")

_LARGEST = 1024 * 1024


@app.command()
def retain(ctx: typer.Context, json: Json = False, data: Data = None) -> None:
    """Remove now what every organisation has kept for long enough; a server does it each hour.

    Erasures that were cut short are finished as well. The audit log is never cut.
    """
    with closing(opened(ctx, data)) as records:
        applied = records.retention.apply(records.ground.clock())
    removed = {what.value: count for what, count in applied.removed.items()}
    if json:
        print_json({"removed": removed, "resumed": applied.resumed, "failures": applied.failures})
    else:
        gone = [f"{count} {what.replace('_', ' ')}" for what, count in removed.items() if count]
        typer.echo(f"removed: {', '.join(gone) or 'nothing'}")
        if applied.resumed:
            typer.echo(f"erasures finished: {applied.resumed}")
    if applied.failures:
        complain(f"{applied.failures} could not be done; the log says why, and it is tried again")
    raise typer.Exit(FAILED if applied.failures else DONE)


@app.command()
def receipt(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A receipt, as it was handed out.")],
    json: Json = False,
    data: Data = None,
) -> None:
    """Say whether a receipt is whole and was signed on this server: exit code 1 where it is not."""
    from visavis.usecases.receipts import Verdict

    document = _read(file)
    with closing(opened(ctx, data)) as records:
        verdict = records.receipts.judge(document)
    if json:
        print_json({"verdict": verdict, "words": verdict.words})
    else:
        typer.echo(verdict.words)
    raise typer.Exit(DONE if verdict is Verdict.GENUINE else FAILED)


def _read(path: Path) -> dict[str, object]:
    """Return the object in a file.

    Raises:
        InvalidInput: it holds none.
    """
    import orjson

    with path.open("rb") as file:
        text = file.read(_LARGEST)
    try:
        found = orjson.loads(text)
    except orjson.JSONDecodeError:
        found = None
    if not isinstance(found, dict):
        raise InvalidInput(f"{path} holds no receipt; give a file of the JSON that was handed out")
    return found
