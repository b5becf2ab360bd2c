"""The page behind the link of an invitation: whoever has it becomes a user."""

from dataclasses import replace

from fastapi import APIRouter, Request, Response

from visavis.core.errors import VisavisError
from visavis.entry.services import Records
from visavis.entry.web import forms
from visavis.entry.web.form_reading import Form
from visavis.entry.web.forms import EMAIL, NAME, filled, new_password
from visavis.entry.web.pages.sign_in import enter_first
from visavis.usecases.errors import NotFound
from visavis.usecases.invitations import Invited


def routes(records: Records) -> APIRouter:
    """Return the page of one deployment."""
    router = APIRouter(include_in_schema=False)

    @router.get("/invitation")
    def ask(secret: str = "") -> Response:
        try:
            invited = records.invitations.look(secret)
        except VisavisError as exc:
            return _dead(exc)
        return _page(records, invited, {"secret": secret})

    @router.post("/invitation")
    def accept(request: Request, form: Form) -> Response:
        secret = form.get("secret", "")
        try:
            invited = records.invitations.look(secret)
        except VisavisError as exc:
            return _dead(exc)
        try:
            user = records.invitations.accept(
                secret, form.get("full_name", ""), form.get("password", "")
            )
        except NotFound as exc:  # somebody was faster
            return _dead(exc)
        except VisavisError as exc:
            return _page(records, invited, form, exc)
        return enter_first(records, request, form | {"email": user.email})

    return router


def _page(
    records: Records, invited: Invited, form: Form, error: VisavisError | None = None
) -> Response:
    least = records.ground.settings.accounts.min_password
    password = replace(new_password(least), label="Password")
    where = invited.organisation or "a team"
    return forms.page(
        f"Join {where}",
        forms.says(f"You are invited to work with {where} in Visavis, as {invited.role}."),
        forms.form(
            [replace(EMAIL, value=invited.email, fixed=True), filled(NAME, form), password],
            "Join",
            error=error,
            hidden={"secret": form.get("secret", "")},
        ),
        error=error,
    )


def _dead(error: VisavisError) -> Response:
    return forms.page(
        "This invitation does not work any more",
        forms.says(
            "It was accepted or taken back, or it is too old. Ask whoever invited you for another."
        ),
        forms.links(("login", "Log in")),
        error=error,
    )
