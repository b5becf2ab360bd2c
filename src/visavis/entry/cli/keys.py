"""`visavis keys`: what programs show instead of a password, made at the machine itself."""

from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from visavis.entry.cli.console import printable, say
from visavis.entry.cli.opening import Data, Json, User, acting_for, opened, print_json

if TYPE_CHECKING:
    from visavis.entry.services import Records
    from visavis.store.api_keys import ApiKey
    from visavis.usecases.actor import Actor

app = typer.Typer(no_args_is_help=True, help="Make, list and take back API keys.")

_SHOWN = (
    *("id", "user_id", "name", "scopes"),
    *("created_at", "expires_at", "last_used_at", "revoked_at"),
)


@app.command()
def create(
    ctx: typer.Context,
    name: Annotated[str, typer.Option(help="What to call it.")],
    scopes: Annotated[
        list[str],
        typer.Option(
            metavar="all|SCOPE,SCOPE", help="What it may do, at most what its maker may do."
        ),
    ],
    days: Annotated[int, typer.Option(help="How long it works; 0 = until it is revoked.")] = 365,
    user: User = "",
    json: Json = False,
    data: Data = None,
) -> None:
    """Make a key. Its secret is shown this once; a program sends it as `Authorization: Bearer`."""
    with closing(opened(ctx, data)) as records:
        actor = acting_for(records, user)
        made = records.api_keys.create(actor, name, scopes, days or None)
    if json:
        print_json({"id": made.key.id, "secret": made.secret})
    else:
        say(f"key {made.key.id} is made; this is its secret, which is not shown again:")
        typer.echo(made.secret)


@app.command("list")
def list_(ctx: typer.Context, user: User = "", json: Json = False, data: Data = None) -> None:
    """List the keys that a user may see: admins those of everybody, others their own."""
    with closing(opened(ctx, data)) as records:
        keys = list(_keys(records, acting_for(records, user)))
        now = records.ground.clock()
    if json:
        print_json({"keys": [{name: getattr(key, name) for name in _SHOWN} for key in keys]})
        return
    headings = ("id", "name", "scopes", "state", "last used")
    _print_table([headings, *(_row(key, now) for key in keys)])


@app.command()
def revoke(
    ctx: typer.Context,
    key_id: Annotated[str, typer.Argument(metavar="ID", help="Which key; see `list`.")],
    user: User = "",
    data: Data = None,
) -> None:
    """Take a key back: it opens nothing from now on."""
    with closing(opened(ctx, data)) as records:
        records.api_keys.revoke(acting_for(records, user), key_id)
    say(f"key {key_id} opens nothing any more")


def _keys(records: "Records", actor: "Actor") -> Iterator["ApiKey"]:
    from visavis.credentials.roles import Permission

    everyone, cursor = actor.may(Permission.USERS_READ), None
    while True:
        page = records.api_keys.page(actor, cursor=cursor, everyone=everyone)
        yield from page.items
        cursor = page.next
        if cursor is None:
            return


def _row(key: "ApiKey", now: datetime) -> tuple[str, ...]:
    from visavis.credentials.roles import ALL, Permission

    scopes = ALL if set(key.scopes) == set(Permission) else ",".join(key.scopes)
    used = f"{key.last_used_at:%Y-%m-%d}" if key.last_used_at else "never"
    return key.id, printable(key.name), scopes, _state(key, now), used


def _state(key: "ApiKey", now: datetime) -> str:
    if key.revoked_at:
        return "revoked"
    if not key.is_open(now):
        return "expired"
    return f"until {key.expires_at:%Y-%m-%d}" if key.expires_at else "lasts"


def _print_table(rows: Sequence[Sequence[str]]) -> None:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        typer.echo("  ".join(cells).rstrip())
