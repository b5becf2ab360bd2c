"""The settings page: the organisation, how this server is set up, and whether its parts work."""

from nicegui import ui

from visavis.credentials.roles import Permission
from visavis.entry.services import Records
from visavis.entry.web import settings_markup, shell
from visavis.entry.web.elements import html
from visavis.entry.web.fields import line
from visavis.entry.web.questions import Form, Question, acting
from visavis.entry.web.settings_markup import Server
from visavis.entry.web.visitor import Visit
from visavis.usecases.actor import Actor
from visavis.usecases.names import LONGEST

TITLE = "Settings – Visavis"

_GOES = (
    "<p>Everything goes: users with their API keys, people and what is sealed of them, pictures, "
    "receipts and the audit log. Nobody can bring it back; only a backup you made before holds "
    "it.</p>"
)


def install(records: Records) -> None:
    """Register the page."""
    shell.install(records, shell.SETTINGS, TITLE, _build)


async def _build(visit: Visit, actor: Actor) -> None:
    page = SettingsPage(visit, actor)
    await visit.handler(page.show)()


class SettingsPage:
    """One open settings page.

    Args:
        visit: Who looks at it.
        actor: The same, as they were when it was opened: what is shown hangs on it.
    """

    def __init__(self, visit: Visit, actor: Actor) -> None:
        self._visit, self._records, self._actor = visit, visit.records, actor
        self._name = ""
        with ui.element("main").classes("vv-main vo-main") as main:
            html("Settings", "h1")
            self._organisation = html("")
            self._health = html("")
            self._server = html("")
            html(settings_markup.danger(actor, login=visit.records.login))
        acts = {
            "rename": self._ask_rename,
            "check": self._check,
            "test": self._test,
            "delete": self._ask_delete,
        }
        acting(main, visit, acts)

    async def show(self) -> None:
        """Show how things are now."""
        await self._show_organisation()
        if self._actor.may(Permission.SETTINGS_READ):
            await self._check("")
            await self._show_server()

    async def _show_organisation(self) -> None:
        records = self._records
        tenant, used = await self._visit.do(
            lambda actor: (records.tenants.read(actor), records.deployment.used(actor))
        )
        self._name = tenant.name
        if not self._visit.is_over:
            self._organisation.set_content(settings_markup.organisation(tenant, used))

    async def _show_server(self) -> None:
        database = await self._visit.do(self._records.deployment.database)
        ground = self._records.ground
        told = settings_markup.server(Server(ground.settings, ground.site, database))
        if not self._visit.is_over:
            self._server.set_content(told + settings_markup.BACKUP)

    async def _check(self, _: str) -> None:
        found = await self._visit.do(self._records.deployment.health)
        if not self._visit.is_over:
            self._health.set_content(settings_markup.health(found, mail=self._records.login))

    async def _test(self, _: str) -> None:
        address = await self._visit.do(self._records.deployment.send_test)
        folder = self._records.deployment.folder / "outbox"
        where = "Look into your mailbox." if self._has_server else f"It lies in {folder}."
        self._visit.tell(f"A letter to {address} has left. {where}")

    @property
    def _has_server(self) -> bool:
        return bool(self._records.ground.settings.mail.host)

    async def _ask_rename(self, _: str) -> None:
        field = line("name", "Name", value=self._name, longest=LONGEST, required=True)
        with self._visit.dialogs:
            Question(self._visit, "Rename the organisation").ask(field, "Rename", self._rename)

    async def _rename(self, form: Form) -> None:
        name, rename = form.text("name"), self._records.tenants.rename
        await self._visit.do(lambda actor: rename(actor, name))
        self._visit.tell("The organisation has another name now.")
        await self._show_organisation()

    async def _ask_delete(self, _: str) -> None:
        fields = _GOES + line(
            "password",
            "Your password",
            kind="password",
            longest=1000,
            required=True,
            more='autocomplete="current-password"',
        )
        with self._visit.dialogs:
            question = Question(self._visit, f"Delete {self._name}?")
            question.ask(fields, "Yes, delete everything", self._delete, grave=True)

    async def _delete(self, form: Form) -> None:
        password, delete = form.secret("password"), self._records.tenants.delete
        await self._visit.do(lambda actor: delete(actor, password))
        self._visit.leave("/")
