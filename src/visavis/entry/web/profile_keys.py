"""API keys: what is asked about a new one; making, showing and revoking them."""

from visavis.credentials.roles import ALL, Permission
from visavis.entry.web import profile_markup
from visavis.entry.web.fields import Choice, choices, line, select
from visavis.entry.web.profile_steps import Act, Steps
from visavis.entry.web.questions import Form
from visavis.entry.web.users_markup import DUTIES
from visavis.usecases.actor import Actor
from visavis.usecases.api_keys import DEFAULT_DAYS, MOST_NAME, NewKey

SOME = "some"
_DAYS = (
    ("30", "30 days"),
    ("90", "90 days"),
    (str(DEFAULT_DAYS), "a year"),
    ("", "as long as nobody revokes it"),
)
_KEY = "Give it to the program that will use it. It is not shown again."


class Keys:
    """What the buttons about keys do.

    Args:
        steps: Of the page.
    """

    def __init__(self, steps: Steps) -> None:
        self._steps = steps
        self._keys = steps.records.api_keys

    def acts(self) -> dict[str, Act]:
        """Return what each button does."""
        return {"key": self._make, "revoke": self._revoke}

    async def _make(self, _of: str) -> None:
        actor = await self._steps.visit.do(lambda actor: actor)

        async def answer(form: Form) -> None:
            name, scopes, days = asked(form)
            made: list[NewKey] = []
            await self._steps.do(
                f"The key {name} is made.",
                lambda actor: made.append(self._keys.create(actor, name, scopes, days)),
            )
            self._steps.show(profile_markup.once(f"Your new key {name}", _KEY, made[0].secret))

        self._steps.ask("Make a key", fields(actor), "Make it", answer)

    async def _revoke(self, of: str) -> None:
        async def answer(_form: Form) -> None:
            await self._steps.do("The key is revoked.", lambda actor: self._keys.revoke(actor, of))

        about = "<p>Programs that use it are refused from now on. It cannot be undone.</p>"
        self._steps.ask("Revoke this key?", about, "Revoke it", answer, grave=True)


def fields(actor: Actor) -> str:
    """Return what is asked about a new key, as HTML."""
    reach = (
        Choice(ALL, "Everything that I may do", "Also what you may do later.", chosen=True),
        Choice(SOME, "Only some of it"),
    )
    offered = [Choice(p.value, DUTIES[p], p.value) for p in Permission if p in actor.permissions]
    return (
        line("name", "Name", hint="What will use it?", longest=MOST_NAME, required=True)
        + select("days", "It works for", _DAYS, str(DEFAULT_DAYS))
        + choices("reach", "It may do", reach)
        + choices("scopes", "Namely", offered, many=True)
    )


def asked(form: Form) -> tuple[str, list[str], int | None]:
    """Return name, scopes and days of life of the key that was asked for."""
    days = form.text("days")
    scopes = [ALL] if form.text("reach") == ALL else form.all("scopes")
    return form.text("name"), scopes, int(days) if days.isdecimal() else None
