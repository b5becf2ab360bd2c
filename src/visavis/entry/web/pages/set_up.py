"""The page behind the link that a new server prints: it makes the owner."""

from dataclasses import replace

from fastapi import APIRouter, Request, Response

from visavis.core.errors import VisavisError
from visavis.entry.services import Records
from visavis.entry.web import forms
from visavis.entry.web.form_reading import Form
from visavis.entry.web.forms import EMAIL, NAME, filled, new_password
from visavis.entry.web.pages.registration import ORGANISATION
from visavis.entry.web.pages.sign_in import enter_first


def routes(records: Records) -> APIRouter:
    """Return the page of one deployment."""
    router = APIRouter(include_in_schema=False)

    @router.get("/set-up")
    def ask(secret: str = "") -> Response:
        try:
            records.set_up.check(secret)
        except VisavisError as exc:
            return _dead(exc)
        return _page(records, {"secret": secret})

    @router.post("/set-up")
    def set_up(request: Request, form: Form) -> Response:
        try:
            records.set_up.create_owner(
                form.get("email", ""),
                form.get("full_name", ""),
                form.get("password", ""),
                organisation=form.get("organisation", ""),
                secret=form.get("secret", ""),
            )
        except VisavisError as exc:
            return _page(records, form, exc)
        return enter_first(records, request, form)

    return router


def _page(records: Records, form: Form, error: VisavisError | None = None) -> Response:
    least = records.ground.settings.accounts.min_password
    password = replace(new_password(least), label="Password")
    fields = [NAME, EMAIL, ORGANISATION, password]
    return forms.page(
        "Welcome to Visavis",
        forms.says("Make the account of the owner, who may do everything here."),
        forms.form(
            [filled(field, form) for field in fields],
            "Make the account",
            error=error,
            hidden={"secret": form.get("secret", "")},
        ),
        error=error,
    )


def _dead(error: VisavisError) -> Response:
    return forms.page(
        "This link does not work",
        forms.fault(error),
        forms.links(("login", "Log in")),
        error=error,
    )
