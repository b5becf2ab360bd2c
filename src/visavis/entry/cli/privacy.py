"""`visavis privacy`: the rules, applying retention now, and whether a receipt is genuine."""

from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from visavis.core.errors import InvalidInput
from visavis.core.purposes import Purpose
from visavis.entry.cli.console import DONE, FAILED, complain
from visavis.entry.cli.opening import Data, Json, User, acting_for, opened, print_json
from visavis.store.kinds import Mode

if TYPE_CHECKING:
    from visavis.usecases.privacy import Rules

app = typer.Typer(no_args_is_help=True, help="Set the rules, apply retention, check receipts.")

_LARGEST = 1024 * 1024


@app.command(name="set")
def set_(
    ctx: typer.Context,
    mode: Annotated[
        Mode | None, typer.Option(help="What may be done with faces.", show_default=False)
    ] = None,
    purpose: Annotated[
        list[Purpose] | None,
        typer.Option(help="What for; again for each one, in place of all.", show_default=False),
    ] = None,
    adults_only: Annotated[
        bool | None,
        typer.Option("--adults-only/--no-adults-only", help="Enrol only people of age."),
    ] = None,
    agreed_elsewhere: Annotated[
        str,
        typer.Option(
            metavar="NOTICE",
            help="Everybody whom a program enrols has agreed and is of age: what they were told.",
            show_default=False,
        ),
    ] = "",
    not_agreed_elsewhere: Annotated[
        bool, typer.Option("--not-agreed-elsewhere", help="Programs enrol nobody by that rule.")
    ] = False,
    keep_pictures: Annotated[
        bool | None,
        typer.Option("--keep-pictures/--no-keep-pictures", help="Keep enrolled pictures, sealed."),
    ] = None,
    confirm: Annotated[
        bool, typer.Option("--confirm", help="Also where templates would lie unused.")
    ] = False,
    user: User = "",
    json: Json = False,
    data: Data = None,
) -> None:
    """Change the privacy rules of an organisation; what is left out stays. Prints the rules.

    To let programs enrol people who have agreed elsewhere: --mode identify --purpose recognition
    --agreed-elsewhere "What they were told, word for word."
    """
    if agreed_elsewhere and not_agreed_elsewhere:
        raise InvalidInput("say either --agreed-elsewhere or --not-agreed-elsewhere, not both")
    given: dict[str, Any] = {
        "mode": mode,
        "purposes": purpose or None,
        "adults_only": adults_only,
        "agreed_notice": "" if not_agreed_elsewhere else None,
        "keep_pictures": keep_pictures,
        "confirm": confirm,
    }
    with closing(opened(ctx, data)) as records:
        actor = acting_for(records, user)
        if agreed_elsewhere:
            about = _subject_matter(purpose or [])
            given["agreed_notice"] = records.notices.same(actor, about, "en", agreed_elsewhere).id
        rules = records.privacy.change(actor, **given)
    if json:
        print_json(rules.as_dict())
    else:
        _tell(rules)


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


def _subject_matter(purposes: list[Purpose]) -> Purpose:
    """Return what people agreed to: recognition, unless only something else is named."""
    return purposes[0] if purposes and Purpose.RECOGNITION not in purposes else Purpose.RECOGNITION


def _tell(rules: "Rules") -> None:
    """Print rules, one a line."""
    told = rules.as_dict()
    for name in ("mode", "adults_only", "keep_pictures"):
        typer.echo(f"{name.replace('_', ' ')}: {_word(told[name])}")
    for name in ("purposes", "attributes"):
        typer.echo(f"{name}: {', '.join(told[name]) or 'none'}")
    agreed = f"yes, notice {rules.agreed_notice}" if rules.agreed_notice else "no"
    typer.echo(f"agreed elsewhere: {agreed}")


def _word(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)
