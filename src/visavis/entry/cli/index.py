"""`visavis index`: comparing the search index with the database, and building it anew."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import typer

from visavis.entry.cli.console import DONE, FAILED, say
from visavis.entry.cli.opening import Data, Json, OneTenant, opened, print_json

if TYPE_CHECKING:
    from visavis.entry.services import Records

app = typer.Typer(
    no_args_is_help=True,
    help="Look after the search index. The database is the truth; stop the server first.",
)


@app.command()
def verify(
    ctx: typer.Context, tenant: OneTenant = "", json: Json = False, data: Data = None
) -> None:
    """Compare the index with the database, repair it, and say what was wrong.

    Exit code 1 where something was wrong.
    """
    told: list[dict[str, Any]] = []
    with closing(opened(ctx, data)) as records:
        for tenant_id in _tenants(records, tenant):
            told += [
                {"tenant_id": tenant_id, "clean": found.is_clean, **asdict(found)}
                for found in records.galleries.verify(tenant_id)
            ]
    if json:
        print_json({"spaces": told})
    else:
        for each in told:
            typer.echo(_line(each))
        if not told:
            say("there are no templates yet")
    raise typer.Exit(DONE if all(each["clean"] for each in told) else FAILED)


@app.command()
def rebuild(
    ctx: typer.Context, tenant: OneTenant = "", json: Json = False, data: Data = None
) -> None:
    """Build the index anew from the sealed templates."""
    with closing(opened(ctx, data)) as records:
        told = {each: records.galleries.rebuild(each) for each in _tenants(records, tenant)}
    if json:
        print_json({"templates": told})
    else:
        for tenant_id, count in told.items():
            typer.echo(f"{tenant_id}  {count} templates")


def _tenants(records: "Records", tenant: str) -> Iterator[str]:
    """Yield which organisations are meant."""
    if tenant:
        yield tenant
        return
    for each in records.audit_trail.tenants():
        yield each.id


def _line(found: dict[str, Any]) -> str:
    counts = ("ghosts", "holes", "unreadable", "stale")
    wrong = [f"{found[what]} {what}" for what in counts if found[what]]
    state = "ok" if found["clean"] else f"repaired: {', '.join(wrong)}"
    where = f"  collection {found['collection']}" if found["collection"] else ""
    part = f"{found['tenant_id']}  {found['embedder']}{where}"
    return f"{part}  {found['templates']} templates  {state}"
