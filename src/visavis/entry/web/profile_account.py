"""Changing one's name, address and password; taking one's data along, and leaving."""

from io import BytesIO

from nicegui import ui

from visavis.entry.web import profile_markup
from visavis.entry.web.fields import line
from visavis.entry.web.profile_steps import Act, Steps, own_password
from visavis.entry.web.questions import Form
from visavis.usecases.actor import Actor

_FILE = "my-visavis-data.zip"


class Account:
    """What the buttons about the account do.

    Args:
        steps: Of the page.
    """

    def __init__(self, steps: Steps) -> None:
        self._steps = steps
        self._records = steps.records
        self._client = ui.context.client

    def acts(self) -> dict[str, Act]:
        """Return what each button does."""
        return {
            "rename": self._rename,
            "email": self._change_email,
            "password": self._change_password,
            "export": self._export,
            "delete": self._delete,
        }

    async def _rename(self, _of: str) -> None:
        profile = self._records.profile
        me = await self._steps.visit.do(profile.read)

        async def answer(form: Form) -> None:
            name = form.text("full_name")
            await self._steps.do("Your name is changed.", lambda actor: profile.rename(actor, name))

        name = 'autocomplete="name"'
        field = line("full_name", "Full name", value=me.full_name, required=True, more=name)
        self._steps.ask("Change your name", field, "Change", answer)

    async def _change_email(self, _of: str) -> None:
        profile, steps = self._records.profile, self._steps

        async def answer(form: Form) -> None:
            email, password = form.text("email"), form.secret("password")
            await steps.visit.do(lambda actor: profile.ask_new_email(actor, password, email))
            has_mail = bool(self._records.ground.settings.mail.host)
            told = profile_markup.new_email(email, has_mail=has_mail)
            steps.show(told, "Confirm", self._confirm_email)

        fields = line(
            "email",
            "New e-mail",
            kind="email",
            longest=254,
            required=True,
            more='autocomplete="email"',
        )
        title = "Change your e-mail address"
        steps.ask(title, fields + own_password(), "Send a code there", answer)

    async def _confirm_email(self, form: Form) -> None:
        profile, code = self._records.profile, form.text("code")
        await self._steps.do(
            "You log in with your new address from now on.",
            lambda actor: profile.confirm_new_email(actor, code),
        )
        await self._steps.put_away()

    async def _change_password(self, _of: str) -> None:
        async def answer(form: Form) -> None:
            current, new = form.secret("password"), form.secret("new_password")
            await self._steps.do(
                "Your password is changed, and your other sessions have ended.",
                lambda actor: self._records.passwords.change(actor, current, new),
            )

        least = self._records.ground.settings.accounts.min_password
        fields = own_password("Current password") + line(
            "new_password",
            "New password",
            kind="password",
            hint=f"At least {least} characters. Several words in a row are easy to remember.",
            longest=1000,
            required=True,
            more='autocomplete="new-password"',
        )
        self._steps.ask("Change your password", fields, "Change", answer)

    async def _export(self, _of: str) -> None:
        def export(actor: Actor) -> bytes:
            target = BytesIO()
            self._records.exports.mine(actor, target)
            return target.getvalue()

        data = await self._steps.visit.do(export)
        self._client.download(data, _FILE, "application/zip")

    async def _delete(self, _of: str) -> None:
        async def answer(form: Form) -> None:
            password = form.secret("password")
            await self._steps.visit.do(lambda actor: self._records.profile.delete(actor, password))
            self._steps.visit.leave("/")

        about = f"<p>{profile_markup.LEAVE} It cannot be undone.</p>"
        title = "Delete your account?"
        self._steps.ask(title, about + own_password(), "Delete my account", answer, grave=True)
