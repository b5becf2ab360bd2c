"""`visavis backup` and `visavis restore`: a whole deployment in one file, and back."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from visavis.entry.cli.analysis import stated
from visavis.entry.cli.console import DONE, FAILED, complain, say

if TYPE_CHECKING:
    from visavis.usecases.backup import Restored

_MIB = 1024 * 1024

Data = Annotated[
    Path | None,
    typer.Option(metavar="DIR", help="Data folder of the deployment. (default: as the settings)"),
]


def backup(
    target: Annotated[Path, typer.Argument(metavar="TARGET", help="File to write, a .zip.")],
    with_keys: Annotated[
        bool,
        typer.Option(
            "--with-keys",
            help="Put the root key in: then this one file is all that is needed, for thieves too.",
        ),
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace TARGET if it is there.")] = False,
    data: Data = None,
) -> None:
    """Copy a deployment into one file, while it runs: rows, files and head files.

    The file fits every database that Visavis runs on. It holds personal data, readable for whoever
    has it but for what is sealed. The root key is not in it: keep a copy of `vault/root.key`
    elsewhere, because without it nothing that is sealed will ever open again.
    """
    from visavis.core.settings import load_settings
    from visavis.entry.cli.weights_progress import pull_progress
    from visavis.usecases.backup import Backup

    settings = load_settings(**stated({"data": data}))
    with pull_progress() as progress:
        made = Backup(settings, progress).backup(target, with_keys=with_keys, force=force)
    say(f"{target}: {made.rows} rows, {made.files} files of {made.size / _MIB:.1f} MiB", "bold")
    if made.deleted:
        say(f"{made.deleted} files were deleted meanwhile and are not in it")
    if made.damaged:
        complain(
            f"{made.damaged} files are lost or damaged here and are not in it; the log names them"
        )
    if made.with_keys:
        say("THE ROOT KEY IS IN IT: whoever has this file can read everything; lock it away", "red")
    else:
        say(
            "The root key is NOT in it. Keep a copy of vault/root.key (or of "
            "VISAVIS_VAULT__ROOT_KEY) in another safe place: without it nothing that is sealed in "
            "this backup will ever open again.",
            "yellow",
        )
    raise typer.Exit(FAILED if made.damaged else DONE)


def restore(
    source: Annotated[Path, typer.Argument(metavar="SOURCE", help="A file that backup wrote.")],
    force: Annotated[
        bool, typer.Option("--force", help="Replace a deployment that is not empty, all of it.")
    ] = False,
    data: Data = None,
) -> None:
    """Bring a deployment to what it was when a backup was made; stop the server first.

    Everything in the file is checked before anything is written, and when something fails nothing
    has changed. A backup of an older version is brought up to date. Who was erased since the
    backup is back: erase them again.
    """
    from visavis.core.settings import load_settings
    from visavis.entry.cli.weights_progress import pull_progress
    from visavis.usecases.backup import Backup

    settings = load_settings(**stated({"data": data}))
    with pull_progress() as progress:
        restored = Backup(settings, progress).restore(source, force=force)
    say(
        f"restored what was there on {restored.made_at:%Y-%m-%d %H:%M} UTC: {restored.rows} rows, "
        f"{restored.files} files",
        "bold",
    )
    _tell_keys(restored)
    say("who was erased after that day is back; erase them again: the receipts say whom")
    raise typer.Exit(FAILED if restored.faulty else DONE)


def _tell_keys(restored: "Restored") -> None:
    """Say whether what is sealed opens, and whether the audit logs are whole."""
    if restored.root_id and not restored.has_key:
        complain(
            f"the root key {restored.root_id!r} is not here: put the copy of vault/root.key back "
            "(or set VISAVIS_VAULT__ROOT_KEY) before the server starts, then run `visavis audit "
            "verify`; without it nothing that was sealed opens"
        )
    if restored.verified:
        say(f"{restored.verified} audit logs verified")
    if restored.unread:
        complain(f"{restored.unread} audit logs need an older root key, which is not here")
    if restored.faulty:
        complain(f"these audit logs were not whole before: {', '.join(restored.faulty)}")
