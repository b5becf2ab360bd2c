"""The pages to log in and out."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from visavis.core.errors import InvalidInput, VisavisError
from visavis.entry.services import Records
from visavis.entry.web import cookies, forms
from visavis.entry.web.form_reading import Form, network_address
from visavis.entry.web.forms import CODE, EMAIL, PASSWORD, filled
from visavis.entry.web.guard import BY_FACE, LOG_IN, local_path
from visavis.entry.web.visitor import actor_of
from visavis.usecases.errors import LogInNeeded, SecondFactorNeeded

CONFIRMED, NEW_PASSWORD = "confirmed", "new-password"  # words in an address
_DONE = {
    CONFIRMED: "Your e-mail address is confirmed. You can log in now.",
    NEW_PASSWORD: "You have a new password. Log in with it.",
}
_WRONG_CODE = "this code is wrong or was used before; wait for the next one and type that"
_BY_FACE = (
    f'<button class="vv-button" formaction="{BY_FACE.strip("/")}" formnovalidate>Use my face'
    "</button>"
)
_FROM_THE_APP = "6 digits from your authenticator app, or one of your recovery codes."


def routes(records: Records) -> APIRouter:
    """Return the pages of one deployment."""
    router = APIRouter(include_in_schema=False)

    @router.get(LOG_IN)
    def ask(
        request: Request, then: Annotated[str, Query(alias="next")] = "/", said: str = ""
    ) -> Response:
        if _is_in(records, request):
            return forms.onward(local_path(then))
        if records.set_up.needed():
            return nobody_yet()
        return page(records, {"next": local_path(then)}, said=_DONE.get(said, ""))

    @router.post(LOG_IN)
    def log_in(request: Request, form: Form) -> Response:
        try:
            return enter(records, request, form, local_path(form.get("next", "")))
        except SecondFactorNeeded:
            return _factor_page(form)
        except VisavisError as exc:
            return page(records, form, exc)

    @router.post("/logout")
    def log_out(request: Request) -> Response:
        with suppress(LogInNeeded):  # it ended before
            records.sign_in.log_out(actor_of(records, request))
        return forms.onward(LOG_IN, cookies.no_session(records))

    return router


def enter(records: Records, request: Request, form: Form, to: str) -> Response:
    """Log a browser in with what was typed, and send it on.

    Args:
        records: Knows the accounts.
        request: From the browser.
        form: Has `email`, `password` and, where it is needed, `code`.
        to: A path of this server.

    Raises:
        LogInRefused: address or password are wrong.
        SecondFactorNeeded: the code is missing or wrong.
        TooManyRequests: it was tried too often.
    """
    browser = records.sign_in.open_browser(
        form.get("email", ""),
        form.get("password", ""),
        form.get("code", ""),
        address=network_address(request),
        user_agent=request.headers.get("user-agent", ""),
    )
    return forms.onward(to, cookies.session(records, browser.secret))


def enter_first(records: Records, request: Request, form: Form) -> Response:
    """Log in whoever has just made an account; as `enter`, and where that fails ask them to."""
    try:
        return enter(records, request, form, "/")
    except VisavisError:  # too many tries from their address, say
        return forms.onward(LOG_IN)


def nobody_yet() -> Response:
    """Return the page of a deployment that has no owner yet."""
    return forms.page(
        "Almost there",
        forms.says("Nobody can log in yet: this server has no owner."),
        forms.says(
            "When it started it printed an address in its terminal or log. Open that address to "
            "make the owner's account. A new one is printed each time the server starts."
        ),
    )


def page(
    records: Records, form: Mapping[str, str], error: VisavisError | None = None, said: str = ""
) -> Response:
    """Return the page to log in.

    Args:
        records: Knows what is possible here.
        form: What was typed before.
        error: Why that came to nothing.
        said: What was done before.
    """
    by_face = records.ground.settings.accounts.face_login != "off"
    further = [("forgot", "Forgot your password?")]
    if records.registration.is_open:
        further.append(("register", "Make an account"))
    return forms.page(
        "Log in",
        forms.says(said, "done") if said else "",
        forms.form(
            [filled(EMAIL, form), PASSWORD],
            "Log in",
            error=error,
            hidden={"next": local_path(form.get("next", ""))},
            second=_BY_FACE if by_face else "",
        ),
        forms.links(*further),
        error=error,
    )


def _factor_page(form: Form) -> Response:
    """Ask for the code as well; what was typed as the password is in no page and kept nowhere."""
    error = InvalidInput(_WRONG_CODE) if form.get("code") else None
    return forms.page(
        "One more step",
        forms.says("This account has a second factor: type your password again and the code."),
        forms.form(
            [replace(filled(EMAIL, form), fixed=True), PASSWORD, replace(CODE, hint=_FROM_THE_APP)],
            "Log in",
            error=error,
            hidden={"next": local_path(form.get("next", ""))},
        ),
        forms.links(("login", "Use another account")),
        error=error,
    )


def _is_in(records: Records, request: Request) -> bool:
    try:
        actor_of(records, request)
    except VisavisError:
        return False
    return True
