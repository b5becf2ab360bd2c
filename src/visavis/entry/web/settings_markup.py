"""The settings page as HTML: the organisation, the server in plain words, and how it is.

What people bring in goes through `escape`; all else is ours.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

from visavis import __version__
from visavis.core.settings import Settings
from visavis.credentials.roles import Permission
from visavis.entry.web.fields import act
from visavis.entry.web.words import day, size
from visavis.store.tenants import Tenant
from visavis.usecases.actor import Actor
from visavis.usecases.deployment import Health, Part, Used
from visavis.vault.root_keys import FILE

PARTS: Mapping[Part, str] = {
    Part.DATABASE: "Database",
    Part.ROOT_KEY: "Root key",
    Part.FILES: "Files",
}

BACKUP = (
    "<h2>Backup</h2><p>Rows and files in one file, made while the server runs:</p>"
    "<p><code>visavis backup visavis-backup.zip</code></p>"
    "<p>The root key is not in it. Keep a copy of that key in another safe place: without it "
    "nothing that is sealed ever opens again.</p>"
    "<p class='vo-quiet'>To put it back, stop the server and run <code>visavis restore "
    "visavis-backup.zip</code>.</p>"
)


@dataclass(frozen=True, slots=True)
class Server:
    """How a deployment is set up.

    Attributes:
        settings: What was set.
        site: Where people reach it.
        database: Where its rows are, without secrets.
    """

    settings: Settings
    site: str
    database: str


def organisation(tenant: Tenant, used: Used) -> str:
    """Return what concerns the organisation alone."""
    kept = size(used.octets)
    if used.quota:
        kept += (
            f" of {size(used.quota)}<progress value='{used.octets}' max='{used.quota}' "
            "aria-label='Files kept, of what is allowed'></progress>"
        )
    else:
        kept += "<small>no limit is set</small>"
    rename = act("rename", "Rename…", whose="the organisation")
    rows = [
        _row("Name", escape(tenant.name), rename),
        _row("Here since", day(tenant.created_at)),
        _row("Files", kept),
    ]
    return f'<h2>Organisation</h2><dl class="vo-facts">{"".join(rows)}</dl>'


def server(told: Server) -> str:
    """Return how the server is set up."""
    settings = told.settings
    rows = (
        ("Address", f"<code>{escape(told.site)}</code>", "In letters and links."),
        ("Login", _login(settings), _registration(settings)),
        ("Database", f"<code>{escape(told.database)}</code>", ""),
        ("Files", *_files(settings)),
        ("Root key", *_root_key(settings)),
        ("Mail", *_mail(settings)),
        ("Limits", _limits(settings), _counted(settings)),
        ("Version", __version__, ""),
    )
    shown = "".join(
        _row(name, said + (f"<small>{more}</small>" if more else "")) for name, said, more in rows
    )
    return (
        f'<h2>This server</h2><dl class="vo-facts">{shown}</dl>'
        "<p class='vo-quiet'>These are set with <code>VISAVIS_…</code> in the environment or in "
        "<code>visavis.toml</code>, and hold after a restart.</p>"
    )


def health(found: Sequence[Health], *, mail: bool) -> str:
    """Return how the parts are.

    Args:
        found: What each part said.
        mail: Whether a test letter is offered.
    """
    rows = "".join(_row(PARTS[each.part], _state(each)) for each in found)
    if mail:
        test = act("test", "Send me a test letter", kind="vv-button")
        rows += _row("Mail", "Shown by a letter.", test)
    again = act("check", "Check again", kind="vv-button")
    return (
        f'<div class="vo-head vo-second"><h2>Health</h2>{again}</div>'
        f'<dl class="vo-facts">{rows}</dl>'
    )


def danger(actor: Actor, *, login: bool) -> str:
    """Return what cannot be undone; empty for those who may not do it.

    Args:
        actor: Who looks at it.
        login: Whether people log in here; else the data folder is all there is to delete.
    """
    if not (login and actor.may(Permission.TENANT_DELETE)):
        return ""
    button = act("delete", "Delete the organisation…", kind="vv-button")
    return (
        "<h2>Delete the organisation</h2><div class='vo-acts vo-danger'><div><p>Everything goes: "
        "users, people, pictures, keys and the audit log. Nobody can bring it back.</p>"
        f"{button}</div></div>"
    )


def _state(found: Health) -> str:
    if found.fault:
        state = '<span class="vo-state" data-state="bad">does not answer</span>'
        return f"{state}<small>{escape(found.fault)}</small>"
    return '<span class="vo-state" data-state="good">good</span>'


def _row(name: str, said: str, button: str = "") -> str:
    return f"<div><dt>{name}</dt><dd>{said}</dd><dd>{button}</dd></div>"


def _login(settings: Settings) -> str:
    if not settings.accounts.login:
        return "Nobody logs in: a private machine"
    return f"With accounts; a session lasts {settings.accounts.session_days} days without a visit"


def _registration(settings: Settings) -> str:
    if not settings.accounts.login:
        return "Only this machine reaches the server."
    if settings.accounts.open_registration:
        return "Anybody may register, with an organisation of their own."
    return "Only who is invited gets an account."


def _files(settings: Settings) -> tuple[str, str]:
    blobs = settings.blobs
    if blobs.kind == "files":
        return f"<code>{escape(str(settings.data.absolute() / 'blobs'))}</code>", ""
    where = blobs.endpoint_url or "AWS"
    return f"S3 bucket <code>{escape(blobs.bucket)}</code>", f"At {escape(where)}."


def _root_key(settings: Settings) -> tuple[str, str]:
    if settings.vault.root_key.get_secret_value():
        return "From the environment or visavis.toml", "Without it nothing that is sealed opens."
    path = escape(str(settings.data.absolute() / "vault" / FILE))
    return f"<code>{path}</code>", "Without it nothing that is sealed opens: keep a copy."


def _mail(settings: Settings) -> tuple[str, str]:
    mail = settings.mail
    if mail.host:
        return f"<code>{escape(mail.host)}:{mail.port}</code>, {mail.security}", (
            f"From {escape(mail.sender)}."
        )
    folder = escape(str(settings.data.absolute() / "outbox"))
    return f"<code>{folder}</code>", (
        "No mail server is set: letters lie in this folder and are not sent."
    )


def _limits(settings: Settings) -> str:
    throttle = settings.throttle
    return (
        f"{escape(throttle.per_address)} from one address, {escape(throttle.per_key)} of one user "
        f"or key; logins: {escape(throttle.login)}"
    )


def _counted(settings: Settings) -> str:
    return "Counted together for all processes." if settings.throttle.url else ""
