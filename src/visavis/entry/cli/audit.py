"""`visavis audit`: whether anybody changed the logs of what was done, and their ends to keep."""

from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from visavis.core.errors import InvalidInput
from visavis.entry.cli.console import DONE, FAILED, printable, say
from visavis.entry.cli.opening import Data, Json, OneTenant, opened, print_json

if TYPE_CHECKING:
    from visavis.entry.services import Records
    from visavis.usecases.audit_trail import AuditTrail
    from visavis.vault.audit_chain import Head

app = typer.Typer(
    no_args_is_help=True, help="Find out whether anybody changed the logs of what was done."
)

_LARGEST = 16 * 1024 * 1024
_GONE = "This organisation is not here, but the end of its log was kept: the log is gone."


@app.command()
def verify(
    ctx: typer.Context,
    tenant: OneTenant = "",
    head: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Ends of logs, as `visavis audit head --json` printed."),
    ] = None,
    json: Json = False,
    data: Data = None,
) -> None:
    """Read the whole logs and say what is wrong: exit code 1 where anything is.

    Any entry that was changed, removed, added or moved shows. With --head it shows also whether an
    older copy of a log, with its own end, was put back.
    """
    kept = {} if head is None else _read_heads(head)
    with closing(opened(ctx, data)) as records:
        found = list(_verified(records, tenant, kept))
    is_whole = not any(log["findings"] for log in found)
    if json:
        print_json({"whole": is_whole, "logs": found})
    else:
        _show(found)
    raise typer.Exit(DONE if is_whole else FAILED)


@app.command("head")
def head_(
    ctx: typer.Context, tenant: OneTenant = "", json: Json = False, data: Data = None
) -> None:
    """Print where the logs end: keep it where nobody who can change the database can."""
    from visavis.usecases.audit_trail import head_as_dict

    with closing(opened(ctx, data)) as records:
        trail = records.audit_trail
        heads = [head_as_dict(trail.head_of_tenant(each)) for each in _names(trail, tenant)]
    if json:
        print_json({"heads": heads})
        return
    for found in heads:
        typer.echo(f"{found['tenant_id']}  {found['seq']} entries  {found['mac']}")
    say("keep the output of --json elsewhere, and give it to `visavis audit verify --head FILE`")


def _names(trail: "AuditTrail", tenant: str) -> dict[str, str]:
    """Return the names of the organisations that are asked for, by id.

    Raises:
        InvalidInput: there is none of that id.
    """
    names = {each.id: each.name for each in trail.tenants() if tenant in {"", each.id}}
    if tenant and not names:
        raise InvalidInput(f"there is no organisation {tenant[:50]!r} here; leave --tenant out")
    return names


def _verified(
    records: "Records", tenant: str, kept: Mapping[str, "Head"]
) -> Iterator[dict[str, Any]]:
    """Yield what was found in each log."""
    trail = records.audit_trail
    names = _names(trail, tenant)
    for tenant_id, name in names.items():
        findings = trail.verify_tenant(tenant_id, kept.get(tenant_id))
        told = [{"seq": each.seq, "fault": each.fault, "words": each.words} for each in findings]
        against = tenant_id in kept
        yield {"tenant_id": tenant_id, "name": name, "against_head": against, "findings": told}
    for tenant_id in sorted(kept.keys() - names.keys()) if not tenant else ():
        told = [{"seq": kept[tenant_id].seq, "fault": "gone", "words": _GONE}]
        yield {"tenant_id": tenant_id, "name": "", "against_head": True, "findings": told}


def _show(found: list[dict[str, Any]]) -> None:
    """Print one line a log, and below it what is wrong with it."""
    for log in found:
        is_whole = not log["findings"]
        mark = typer.style("ok  " if is_whole else "FAIL", fg="green" if is_whole else "red")
        against = ", against the end that was kept" if log["against_head"] else ""
        typer.echo(f"{mark}  {log['tenant_id']}  {printable(log['name'])}{against}")
        for finding in log["findings"]:
            typer.echo(f"      {finding['words']}")


def _read_heads(path: Path) -> dict[str, "Head"]:
    """Return the ends in a file, by tenant.

    Raises:
        InvalidInput: it holds none.
    """
    import orjson

    from visavis.usecases.audit_trail import read_head

    with path.open("rb") as file:
        text = file.read(_LARGEST)
    try:
        told = orjson.loads(text)
        listed = told.get("heads", [told])
    except (orjson.JSONDecodeError, AttributeError):
        raise InvalidInput(f"{path} holds no ends of logs; give what audit head printed") from None
    heads = [read_head(each) for each in listed]
    return {each.tenant_id: each for each in heads}
