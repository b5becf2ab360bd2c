"""The pages to make an account, and to show with a code that an e-mail address is one's own."""

from dataclasses import replace

from fastapi import APIRouter, Request, Response

from visavis.core.errors import VisavisError
from visavis.entry.services import Records
from visavis.entry.web import cookies, forms
from visavis.entry.web.form_reading import Form, network_address
from visavis.entry.web.forms import CODE, EMAIL, NAME, Field, filled, new_password
from visavis.entry.web.guard import LOG_IN
from visavis.entry.web.pages.sign_in import CONFIRMED, nobody_yet

AGAIN = "again"
ORGANISATION = Field(
    "organisation",
    "Organisation",
    complete="organization",
    hint="What your team is called; others see it when you invite them.",
    longest=200,
    required=False,
)
_SENT_AGAIN = (
    "If an account waits to be confirmed with this address, another code is on its way. What came "
    "before does not work any more."
)


def routes(records: Records) -> APIRouter:
    """Return the pages of one deployment."""
    router = APIRouter(include_in_schema=False)
    _add_register(router, records)
    _add_confirm(router, records)
    return router


def _add_register(router: APIRouter, records: Records) -> None:
    @router.get("/register")
    def ask() -> Response:
        if records.set_up.needed():
            return nobody_yet()
        return _register_page(records, {}) if records.registration.is_open else _closed(records)

    @router.post("/register")
    def register(request: Request, form: Form) -> Response:
        email = form.get("email", "")
        try:
            records.registration.register(
                email,
                form.get("full_name", ""),
                form.get("password", ""),
                address=network_address(request),
                organisation=form.get("organisation", ""),
            )
        except VisavisError as exc:
            return _register_page(records, form, exc)
        return forms.onward("/confirm", cookies.address(records, email))


def _add_confirm(router: APIRouter, records: Records) -> None:
    @router.get("/confirm")
    def ask_code(request: Request) -> Response:
        return _confirm_page(records, {"email": cookies.address_of(request)})

    @router.post("/confirm")
    def confirm(request: Request, form: Form) -> Response:
        email, address = form.get("email", ""), network_address(request)
        try:
            if form.get("do") == AGAIN:
                records.registration.resend(email, address=address)
                return _confirm_page(records, form, said=_SENT_AGAIN)
            records.registration.confirm(email, form.get("code", ""), address=address)
        except VisavisError as exc:
            return _confirm_page(records, form, exc)
        return forms.onward(f"{LOG_IN}?said={CONFIRMED}", cookies.address(records, email))


def outbox_note(records: Records) -> str:
    """Say where letters are, where this server sends none; not in which folder: strangers read it.

    Returns:
        HTML, empty where mail is sent.
    """
    if records.ground.settings.mail.host:
        return ""
    return forms.says(
        "This server does not send mail: the letter is in the outbox folder of its data. Whoever "
        "runs it can read you the code.",
        "quiet",
    )


def _register_page(records: Records, form: Form, error: VisavisError | None = None) -> Response:
    least = records.ground.settings.accounts.min_password
    password = replace(new_password(least), label="Password")
    fields = [NAME, EMAIL, ORGANISATION, password]
    return forms.page(
        "Make an account",
        forms.form([filled(field, form) for field in fields], "Make the account", error=error),
        forms.links(("login", "Log in instead")),
        error=error,
    )


def _closed(records: Records) -> Response:
    contact = records.ground.settings.mail.contact or "whoever runs this server"
    return forms.page(
        "Accounts are by invitation here",
        forms.says(f"Ask {contact} to invite you. You will get a letter with a link."),
        forms.links(("login", "Log in")),
    )


def _confirm_page(
    records: Records, form: Form, error: VisavisError | None = None, said: str = ""
) -> Response:
    minutes = records.ground.settings.accounts.code_minutes
    hint = f"6 digits from the letter. They work for {minutes} minutes."
    again = (
        f'<button class="vv-button" name="do" value="{AGAIN}" formnovalidate>'
        "Send another code</button>"
    )
    return forms.page(
        "Confirm your address",
        forms.says("A letter with a code is on its way to you."),
        outbox_note(records),
        forms.says(said, "done") if said else "",
        forms.form(
            [filled(EMAIL, form), replace(CODE, hint=hint)], "Confirm", error=error, second=again
        ),
        forms.links(("login", "Log in")),
        error=error,
    )
