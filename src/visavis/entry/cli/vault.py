"""`visavis vault`: which keys there are, and rotating them while the server runs."""

import secrets
from collections.abc import Iterable
from contextlib import closing
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from visavis.core.errors import InvalidInput
from visavis.entry.cli.console import printable, say
from visavis.entry.cli.opening import Data, Json, OneTenant, opened, print_json, settings_of

if TYPE_CHECKING:
    from visavis.entry.services import Records
    from visavis.usecases.key_rotation import Level, Rewrapped, Rotated

app = typer.Typer(no_args_is_help=True, help="Show and rotate the keys of the vault.")

ROOT = "root"
_NEXT = (
    "keep a copy of vault/root.key elsewhere; start all servers again, then run `visavis vault "
    "rewrap` once more before an older root key is taken out of it"
)


@app.command()
def status(
    ctx: typer.Context, tenant: OneTenant = "", json: Json = False, data: Data = None
) -> None:
    """List the keys of each organisation and what lies under them; never a key itself."""
    with closing(opened(ctx, data)) as records:
        found = [_state(records, *each) for each in _tenants(records, tenant)]
        root_id = records.ground.keyring.root_id
    if json:
        print_json({"root_id": root_id, "tenants": found})
        return
    typer.echo(f"new keys are wrapped under the root key {root_id}")
    for state in found:
        typer.echo(f"{state['tenant_id']}  {printable(state['name'])}")
        for key in state["keys"]:
            typer.echo(f"      {_line(key)}")


@app.command()
def rotate(
    ctx: typer.Context,
    level: Annotated[
        str,
        typer.Argument(
            metavar="LEVEL",
            help="root, tenant, subjects, codes, references, second_factor, audit or receipts.",
        ),
    ],
    tenant: OneTenant = "",
    name: Annotated[
        str, typer.Option(help="With root: what to call the new key. (default: random)")
    ] = "",
    json: Json = False,
    data: Data = None,
) -> None:
    """Rotate keys while the server runs; everything stays readable meanwhile.

    root: a new root key, and every key is wrapped anew. tenant: the key that wraps those of people.
    subjects: the key of every person, and all that is sealed for them. The others protect how
    people are found by reference, second factors, the audit log and receipts.
    """
    if level == ROOT:
        if tenant:
            raise InvalidInput("the root key is that of all organisations; leave --tenant out")
        _add_root(ctx, name, data)
        _rewrap(ctx, json, data)
        say(_NEXT)
        return
    if name:
        raise InvalidInput("only root keys have names; leave --name out")
    chosen = _level(level)
    with closing(opened(ctx, data)) as records:
        done = [
            (tenant_id, records.key_rotation.rotate_for(tenant_id, chosen))
            for tenant_id, _name in _tenants(records, tenant)
        ]
    if json:
        print_json({"rotated": [{"tenant_id": each} | asdict(what) for each, what in done]})
    else:
        for tenant_id, what in done:
            typer.echo(f"{tenant_id}  {_done(what)}")


@app.command()
def rewrap(ctx: typer.Context, json: Json = False, data: Data = None) -> None:
    """Wrap every key anew that lies under an older one, after the root key was changed."""
    _rewrap(ctx, json, data)


def _add_root(ctx: typer.Context, name: str, data: Data) -> None:
    """Put a new root key in front of the others, where the keys lie in the file."""
    from visavis.vault.root_keys import add_root_key

    settings = settings_of(data)
    if settings.vault.root_key.get_secret_value():
        raise InvalidInput(
            "the root key comes from VISAVIS_VAULT__ROOT_KEY: put a new one in front of it there, "
            "keep the old one behind it, and run `visavis vault rewrap`"
        )
    opened(ctx, data).close()  # nothing is changed where the records cannot be opened
    add_root_key(settings.data / "vault", name or secrets.token_hex(4))


def _rewrap(ctx: typer.Context, json: bool, data: Data) -> None:
    with closing(opened(ctx, data)) as records:
        done: Rewrapped = records.key_rotation.rewrap()
        root_id = records.ground.keyring.root_id
    if json:
        print_json({"root_id": root_id} | asdict(done))
    else:
        typer.echo(
            f"wrapped anew: {done.deployment} keys of the deployment and {done.tenants} of "
            f"organisations, now under the root key {root_id}; {done.subjects} of people"
        )


def _tenants(records: "Records", tenant: str) -> list[tuple[str, str]]:
    """Return ids and names of the organisations that are asked for.

    Raises:
        InvalidInput: there is none of that id.
    """
    found = records.audit_trail.tenants()
    chosen = [(each.id, each.name) for each in found if tenant in {"", each.id}]
    if tenant and not chosen:
        raise InvalidInput(f"there is no organisation {tenant[:50]!r} here; leave --tenant out")
    return chosen


def _level(name: str) -> "Level":
    from visavis.usecases.key_rotation import Level

    if name not in set(Level):
        known: Iterable[str] = (ROOT, *Level)
        raise InvalidInput(f"there is no level {name[:50]!r}; choose from {', '.join(known)}")
    return Level(name)


def _state(records: "Records", tenant_id: str, name: str) -> dict[str, Any]:
    state = records.key_rotation.state_of(tenant_id)
    keys = [asdict(key) for key in state.keys]
    return {
        "tenant_id": tenant_id,
        "name": name,
        "subject_keys": state.subject_keys,
        "keys": keys,
    }


def _line(key: dict[str, Any]) -> str:
    wraps = f", wraps {key['wraps']} keys of people" if key["wraps"] else ""
    since = key["retired_at"]
    state = f"retired on {since:%Y-%m-%d}" if since else "in use"
    return f"{key['purpose']} {key['version']}: {state}, under root key {key['root_id']}{wraps}"


def _done(what: "Rotated") -> str:
    if what.version is None and what.level != "subjects":
        return "there is no such key yet"
    version = f"version {what.version}" if what.version else "a new key for each"
    return f"{version}, {what.renewed} renewed"
