"""The second factor: an authenticator app is added with a code of it, and recovery codes shown."""

import segno

from visavis.entry.web import profile_markup
from visavis.entry.web.profile_steps import Act, Steps, own_password
from visavis.entry.web.questions import Form
from visavis.usecases.second_factor import Offer

_CODES = (
    "Each of them lets you in once, should the app be lost. Print them, or keep them in a safe "
    "place: they are not shown again."
)


class Factor:
    """What the buttons about the second factor do.

    Args:
        steps: Of the page.
    """

    def __init__(self, steps: Steps) -> None:
        self._steps = steps
        self._factor = steps.records.second_factor

    def acts(self) -> dict[str, Act]:
        """Return what each button does."""
        return {"factor": self._add, "no-factor": self._remove, "codes": self._new_codes}

    async def _add(self, _of: str) -> None:
        async def answer(form: Form) -> None:
            password = form.secret("password")
            offer = await self._steps.visit.do(lambda actor: self._factor.begin(actor, password))
            shown = profile_markup.new_factor(_picture(offer), offer.secret)
            self._steps.show(shown, "Turn it on", self._confirm)

        about = (
            "<p>With a second factor logging in takes a code from an app on your phone, too. "
            "Whoever learns your password cannot get in with that alone.</p>"
        )
        self._steps.ask("Set up a second factor", about + own_password(), "Go on", answer)

    async def _confirm(self, form: Form) -> None:
        code = form.text("code")
        codes: list[str] = []
        await self._steps.do(
            "The second factor is on.",
            lambda actor: codes.extend(self._factor.confirm(actor, code)),
        )
        self._show(codes)

    async def _new_codes(self, _of: str) -> None:
        async def answer(form: Form) -> None:
            password = form.secret("password")
            codes: list[str] = []
            await self._steps.do(
                "You have new recovery codes. The old ones do not work any more.",
                lambda actor: codes.extend(self._factor.new_recovery_codes(actor, password)),
            )
            self._show(codes)

        about = "<p>The codes that you have now will not work any more.</p>"
        self._steps.ask("Make new recovery codes?", about + own_password(), "Make them", answer)

    async def _remove(self, _of: str) -> None:
        async def answer(form: Form) -> None:
            password = form.secret("password")
            await self._steps.do(
                "The second factor is removed.",
                lambda actor: self._factor.remove(actor, password),
            )
            await self._steps.put_away()

        about = "<p>From then on your password alone lets you in. Recovery codes go as well.</p>"
        title = "Remove the second factor?"
        self._steps.ask(title, about + own_password(), "Remove it", answer, grave=True)

    def _show(self, codes: list[str]) -> None:
        shown = profile_markup.once("Your recovery codes", _CODES, "\n".join(codes), printed=True)
        self._steps.show(shown)


def _picture(offer: Offer) -> str:
    """Return the QR code as SVG that stands in the page."""
    drawn: str = segno.make(offer.uri, error="m").svg_inline(
        border=4, omitsize=True, dark="#000", light="#fff"
    )
    return drawn
