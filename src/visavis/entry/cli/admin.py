"""`visavis admin`: what only somebody who sits at the machine may do about accounts."""

import sys
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from visavis.core.errors import InvalidInput
from visavis.entry.cli.analysis import stated
from visavis.entry.cli.console import Roof, say

if TYPE_CHECKING:
    from visavis.entry.services import Records

app = typer.Typer(no_args_is_help=True, help="Make the owner of a server, and help who is out.")

Email = Annotated[str, typer.Option(metavar="ADDRESS", help="Whose account it is.")]
Data = Annotated[
    Path | None, typer.Option(metavar="DIR", help="The folder that the server writes to.")
]

_LONGEST_LINE = 4096


@app.command("create-owner")
def create_owner(
    ctx: typer.Context,
    email: Annotated[str, typer.Option(metavar="ADDRESS", help="They log in with it.")],
    password_stdin: Annotated[
        bool,
        typer.Option("--password-stdin", help="Read the password from standard input, one line."),
    ] = False,
    name: Annotated[
        str, typer.Option(help="Full name. (default: the address up to the @)", show_default=False)
    ] = "",
    organisation: Annotated[
        str, typer.Option(help="Its name. (default: as the owner)", show_default=False)
    ] = "",
    data: Data = None,
) -> None:
    """Make the first owner of a server, in place of the link that it prints when it starts.

    Where nobody had to log in before, the owner gets all that is there.
    """
    password = _read_password() if password_stdin else _ask_password()
    with closing(_open(ctx, data)) as records:
        full_name = name or email.partition("@")[0]
        user = records.set_up.create_owner(email, full_name, password, organisation=organisation)
        say(f"{user.email} is the owner now and can log in at {records.ground.site}")


@app.command("reset-second-factor")
def reset_second_factor(ctx: typer.Context, email: Email, data: Data = None) -> None:
    """Remove the second factor of somebody who lost it: the password alone lets them in again."""
    from visavis.usecases.command_line import acting

    with closing(_open(ctx, data)) as records:
        user = acting(records.ground, records.callers, email)
        records.second_factor.reset(user.tenant_id, user.user_id)
        say("the second factor is removed; tell them to set up another one")


def _open(ctx: typer.Context, data: Path | None) -> "Records":
    from visavis.core.settings import load_settings

    roof: Roof = ctx.obj
    return roof.records(load_settings(**stated({"data": data})))


def _read_password() -> str:
    """Return the line on standard input, without its end."""
    password = sys.stdin.readline(_LONGEST_LINE).rstrip("\r\n")
    if not password:
        raise InvalidInput("no password came on standard input; send one line")
    return password


def _ask_password() -> str:
    """Have the password typed twice, unseen."""
    if not sys.stdin.isatty():
        raise InvalidInput("there is nobody to type a password; use --password-stdin")
    password: str = typer.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
    return password
