"""What commands about kept data share: opening the records, and telling people or programs."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from visavis.entry.cli.analysis import stated
from visavis.entry.cli.console import Roof

if TYPE_CHECKING:
    from visavis.core.settings import Settings
    from visavis.entry.services import Records
    from visavis.usecases.actor import Actor

Data = Annotated[
    Path | None, typer.Option(metavar="DIR", help="The folder that the server writes to.")
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")]
OneTenant = Annotated[
    str, typer.Option("--tenant", metavar="ID", help="Only this organisation. (default: all)")
]
User = Annotated[
    str,
    typer.Option(
        "--user",
        metavar="ADDRESS",
        help="On whose behalf. (default: the owner of this server)",
        show_default=False,
    ),
]


def settings_of(data: Path | None) -> "Settings":
    """Return the settings, with the folder that somebody named."""
    from visavis.core.settings import load_settings

    return load_settings(**stated({"data": data}))


def opened(ctx: typer.Context, data: Path | None) -> "Records":
    """Open what is kept; whoever calls it closes it."""
    roof: Roof = ctx.obj
    return roof.records(settings_of(data))


def acting_for(records: "Records", email: str) -> "Actor":
    """Return on whose behalf a command acts."""
    from visavis.usecases.command_line import acting

    if not records.login and not email:
        return records.private.owner()
    return acting(records.ground, records.callers, email)


def print_json(content: object) -> None:
    """Print one JSON object."""
    import orjson

    options = orjson.OPT_INDENT_2 | orjson.OPT_UTC_Z
    typer.echo(orjson.dumps(content, option=options).decode())
