"""`visavis harmonize`: change the embedder without any picture, and go back again."""

from contextlib import closing
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from visavis.core.errors import InvalidInput, VisavisError
from visavis.entry.cli.console import DONE, FAILED, complain, say
from visavis.entry.cli.harmonize_lab import fit, report
from visavis.entry.cli.opening import Data, Json, OneTenant, opened, print_json

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from visavis.entry.services import Records
    from visavis.usecases.harmonizing_batch import Count

app = typer.Typer(
    invoke_without_command=True,
    help="Change the embedder without any picture, and go back again.",
)
app.command("fit")(fit)
app.command("report")(report)

To = Annotated[str, typer.Option("--to", metavar="ID", help="The new embedder.")]


@app.callback()
def harmonize(
    ctx: typer.Context,
    source: Annotated[
        str, typer.Option("--from", metavar="ID", help="The embedder that templates are of.")
    ] = "",
    target: To = "",
    tenant: OneTenant = "",
    json: Json = False,
    data: Data = None,
) -> None:
    """Bring all templates over from one embedder to another, by a map and without any picture.

    Searches go on with the old ones until `switch`, and the old ones stay until `finish`. What
    was brought over before is not done again, so it can be interrupted and repeated. Exit code 1
    where an organisation could not be done.
    """
    if ctx.invoked_subcommand is not None:
        return
    if not source or not target:
        raise InvalidInput("name both embedders, as --from dlib_resnet@1 --to visavis_lite@1")

    def migrate(records: "Records", tenant_id: str) -> dict[str, Any]:
        def tell(count: "Count") -> None:
            say(f"{tenant_id}: {count.mapped} brought over, {count.left_out} left out")

        return asdict(records.harmonizing.migrate(tenant_id, source, target, tell))

    _each(ctx, data, tenant, migrate, json=json, shown=_migrated)


@app.command()
def status(
    ctx: typer.Context, tenant: OneTenant = "", json: Json = False, data: Data = None
) -> None:
    """Say whose templates are searched, and how far a change is."""

    def look(records: "Records", tenant_id: str) -> dict[str, Any]:
        return asdict(records.harmonizing.standing(tenant_id))

    _each(ctx, data, tenant, look, json=json, shown=_standing)


@app.command()
def shadow(
    ctx: typer.Context,
    target_fpir: Annotated[
        float, typer.Option("--fpir", help="How often strangers may be named.")
    ] = 0.01,
    tenant: OneTenant = "",
    json: Json = False,
    data: Data = None,
) -> None:
    """Compare what would be answered after the switch with what is answered now."""

    def compare(records: "Records", tenant_id: str) -> dict[str, Any]:
        return asdict(records.shadow_scoring.compare(tenant_id, target_fpir))

    _each(ctx, data, tenant, compare, json=json, shown=_compared)


@app.command()
def switch(
    ctx: typer.Context,
    target: To,
    without_map: Annotated[
        bool,
        typer.Option(
            "--without-map",
            help="Also where no map leads from other templates: those people are not found any "
            "more until they are enrolled again.",
        ),
    ] = False,
    tenant: OneTenant = "",
    json: Json = False,
    data: Data = None,
) -> None:
    """Search the templates of the new embedder from now on."""

    def turn(records: "Records", tenant_id: str) -> dict[str, Any]:
        act = records.harmonizing.leave_behind if without_map else records.harmonizing.switch
        act(tenant_id, target)
        return {"searched": target}

    _each(ctx, data, tenant, turn, json=json, shown=_searched)


@app.command()
def rollback(
    ctx: typer.Context, tenant: OneTenant = "", json: Json = False, data: Data = None
) -> None:
    """Search the templates of the old embedder again."""

    def turn(records: "Records", tenant_id: str) -> dict[str, Any]:
        return {"searched": records.harmonizing.rollback(tenant_id)}

    _each(ctx, data, tenant, turn, json=json, shown=_searched)


@app.command()
def finish(
    ctx: typer.Context,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    tenant: OneTenant = "",
    json: Json = False,
    data: Data = None,
) -> None:
    """End a change where searches stand now: templates of the other embedder are removed.

    After `switch` the old ones go; before it, or after `rollback`, what was brought over goes.
    There is no way back.
    """
    if not yes:
        typer.confirm("Remove the templates of the embedder that is not searched?", abort=True)

    def end(records: "Records", tenant_id: str) -> dict[str, Any]:
        return {"removed": records.harmonizing.finish(tenant_id)}

    _each(ctx, data, tenant, end, json=json, shown=lambda told: f"{told['removed']} removed")


def _each(
    ctx: typer.Context,
    data: Data,
    tenant: str,
    act: "Callable[[Records, str], dict[str, Any]]",
    *,
    json: bool,
    shown: "Callable[[dict[str, Any]], str]",
) -> None:
    """Do something with each organisation that is meant; one that fails does not stop others."""
    told: list[dict[str, Any]] = []
    with closing(opened(ctx, data)) as records:
        for tenant_id in _tenants(records, tenant):
            try:
                done = act(records, tenant_id)
            except VisavisError as exc:
                complain(f"{tenant_id}: {exc}")
                told.append({"tenant_id": tenant_id, "error": str(exc)})
                continue
            told.append({"tenant_id": tenant_id, **done})
            if not json:
                typer.echo(f"{tenant_id}  {shown(done)}")
    if json:
        print_json({"organisations": told})
    raise typer.Exit(FAILED if any("error" in each for each in told) else DONE)


def _tenants(records: "Records", tenant: str) -> "Iterator[str]":
    if tenant:
        yield tenant
        return
    for each in records.audit_trail.tenants():
        yield each.id


def _migrated(told: dict[str, Any]) -> str:
    return (
        f"{told['mapped']} templates brought over, {told['there']} were there, "
        f"{told['left_out']} left out"
    )


def _standing(told: dict[str, Any]) -> str:
    searched = told["searched"] or "the embedder that serves"
    if not told["target"]:
        return f"searched: {searched}"
    done = told["originals"] - told["waiting"]
    way = f"{told['source']} → {told['target']}"
    return f"searched: {searched}; {way}: {done} of {told['originals']} templates brought over"


def _compared(told: dict[str, Any]) -> str:
    way, probes = f"{told['source']} → {told['target']}", told["probes"]
    lines = [
        f"{way}: {probes} probes of {told['subjects']} subjects",
        f"  same subject first  {told['same_first']:.4f}",
        f"  same answer         {told['same_answer']:.4f}",
        f"  somebody named      {told['named'][0]:.4f} → {told['named'][1]:.4f}",
    ]
    if told["right"] is not None:
        lines.append(f"  right one first     {told['right'][0]:.4f} → {told['right'][1]:.4f}")
    for each in told["disagreements"]:
        before, after = each["before"] or "nobody", each["after"] or "nobody"
        lines.append(f"  {each['subject_id']}: {before} → {after}")
    return "\n".join(lines)


def _searched(told: dict[str, Any]) -> str:
    return f"searched: {told['searched']}"
