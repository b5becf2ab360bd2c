"""`visavis calibrate`: what similarities mean among the people who are enrolled here."""

from contextlib import closing
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from visavis.entry.cli.console import DONE, FAILED, complain, say
from visavis.entry.cli.opening import Data, Json, OneTenant, opened, print_json

if TYPE_CHECKING:
    from visavis.core.settings import Settings
    from visavis.index.calibration_fit import Refit


def calibrate(
    ctx: typer.Context,
    tenant: OneTenant = "",
    embedder: Annotated[
        str,
        typer.Option(
            metavar="ID", help="Whose similarities. (default: of the pack)", show_default=False
        ),
    ] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would change.")] = False,
    reset: Annotated[
        bool, typer.Option("--reset", help="Go back to the calibration that ships.")
    ] = False,
    json: Json = False,
    data: Data = None,
) -> None:
    """Compare the templates of different people, and fit the error rates to them.

    The rates that ship are fair for a mixed crowd; where people resemble each other more, strangers
    match more often than stated. At least some fifty people have to be enrolled. What is kept is
    a curve, nothing of anybody. Exit code 1 where an organisation could not be calibrated.
    """
    from visavis.core.errors import VisavisError

    told: list[dict[str, object]] = []
    with closing(opened(ctx, data)) as records:
        name = embedder or _embedder(records.ground.settings)
        meant = [tenant] if tenant else [each.id for each in records.audit_trail.tenants()]
        for tenant_id in meant:
            try:
                if reset:
                    records.calibrating.reset(tenant_id, name)
                    told.append({"tenant_id": tenant_id, "reset": True})
                    continue
                change = records.calibrating.calibrate(tenant_id, name, keep=not dry_run)
                told.append({"tenant_id": tenant_id, "kept": not dry_run, **asdict(change)})
                _say(tenant_id, change, quiet=json)
            except VisavisError as exc:
                complain(f"{tenant_id}: {exc}")
                told.append({"tenant_id": tenant_id, "error": str(exc)})
    if json:
        print_json({"embedder": name, "organisations": told})
    elif reset:
        say("the calibration that ships counts again")
    raise typer.Exit(FAILED if any("error" in each for each in told) else DONE)


def _embedder(settings: "Settings") -> str:
    from visavis.vision.weights.catalog import find_pack, find_weight

    return find_weight(find_pack(settings.pack).embedder).id


def _say(tenant_id: str, change: "Refit", *, quiet: bool) -> None:
    if quiet:
        return
    typer.echo(f"{tenant_id}  {change.people} people, {change.pairs} pairs")
    typer.echo("  stated FMR  threshold before → after  observed before → after")
    for rate, (before, after) in change.thresholds.items():
        old, new = change.shares[rate]
        typer.echo(f"  {rate:>10}  {before:.4f} → {after:.4f}           {old:.2g} → {new:.2g}")
