"""The pages for whoever forgot their password: ask for a code, and choose a new one with it."""

from dataclasses import replace

from fastapi import APIRouter, Request, Response

from visavis.core.errors import VisavisError
from visavis.entry.services import Records
from visavis.entry.web import cookies, forms
from visavis.entry.web.form_reading import Form, network_address
from visavis.entry.web.forms import CODE, EMAIL, filled, new_password
from visavis.entry.web.guard import LOG_IN
from visavis.entry.web.pages.registration import outbox_note
from visavis.entry.web.pages.sign_in import NEW_PASSWORD


def routes(records: Records) -> APIRouter:
    """Return the pages of one deployment."""
    router = APIRouter(include_in_schema=False)

    @router.get("/forgot")
    def ask(request: Request) -> Response:
        return _forgot_page({"email": cookies.address_of(request)})

    @router.post("/forgot")
    def forgot(request: Request, form: Form) -> Response:
        email = form.get("email", "")
        try:
            records.passwords.forgot(email, address=network_address(request))
        except VisavisError as exc:
            return _forgot_page(form, exc)
        return forms.onward("/reset", cookies.address(records, email))

    @router.get("/reset")
    def ask_new(request: Request) -> Response:
        return _reset_page(records, {"email": cookies.address_of(request)})

    @router.post("/reset")
    def reset(request: Request, form: Form) -> Response:
        try:
            records.passwords.reset(
                form.get("email", ""),
                form.get("code", ""),
                form.get("password", ""),
                address=network_address(request),
            )
        except VisavisError as exc:
            return _reset_page(records, form, exc)
        return forms.onward(f"{LOG_IN}?said={NEW_PASSWORD}")

    return router


def _forgot_page(form: Form, error: VisavisError | None = None) -> Response:
    return forms.page(
        "Forgot your password?",
        forms.says("Say which address you log in with. You get a letter with a code."),
        forms.form([filled(EMAIL, form)], "Send the code", error=error),
        forms.links(("login", "Log in"), ("reset", "I have a code")),
        error=error,
    )


def _reset_page(records: Records, form: Form, error: VisavisError | None = None) -> Response:
    accounts = records.ground.settings.accounts
    hint = f"6 digits from the letter. They work for {accounts.code_minutes} minutes."
    fields = [
        filled(EMAIL, form),
        replace(CODE, hint=hint),
        new_password(accounts.min_password),
    ]
    return forms.page(
        "Choose a new password",
        forms.says("If there is an account with this address, a letter with a code is on its way."),
        outbox_note(records),
        forms.form(fields, "Change the password", error=error),
        forms.links(("forgot", "Send another code"), ("login", "Log in")),
        error=error,
    )
