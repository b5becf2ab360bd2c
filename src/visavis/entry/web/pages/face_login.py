"""The page to log in by face: the camera, or a picture of oneself, and the code."""

from dataclasses import dataclass, replace
from typing import Annotated

from anyio import to_thread
from fastapi import APIRouter, Depends, Request, Response
from starlette.datastructures import UploadFile

from visavis.core.errors import InvalidInput, VisavisError
from visavis.core.types import Source
from visavis.entry.services import People, Records
from visavis.entry.web import cookies, forms
from visavis.entry.web.form_reading import Form, network_address
from visavis.entry.web.forms import CODE, EMAIL, filled
from visavis.entry.web.guard import BY_FACE, LOG_IN, WITH_FACE, local_path
from visavis.entry.web.pages import sign_in
from visavis.usecases.errors import SecondFactorNeeded

_MOST_FIELDS, _LONGEST_FIELD = 10, 4096

_CODE = replace(CODE, hint="6 digits from your authenticator app, or one of your recovery codes.")
_WRONG_CODE = "the code is missing or wrong; wait for the next one and type that"
_HONEST = (
    "Nobody looks yet whether it is you before the camera or a photo of you. The picture is "
    "compared with your account's face and not kept."
)
_CAMERA = """
<div id="vf-camera" class="vf-viewfinder" hidden>
  <video id="vf-video" autoplay playsinline muted aria-label="What the camera sees"></video>
  <p id="vf-note" role="status"></p>
</div>
<div id="vf-file"><label for="file">A picture of you alone</label>
  <input id="file" name="file" type="file" accept="image/*" capture="user" required></div>
"""
_OTHER = (
    '<button type="button" class="vv-button" id="vf-other" hidden>Choose a picture instead</button>'
)


@dataclass(frozen=True, slots=True)
class _Sent:
    """What the form of the page sends.

    Attributes:
        texts: What was typed, and the challenge.
        picture: None = there is none.
        refusal: Why nothing of it was read; None = it was.
    """

    texts: dict[str, str]
    picture: Source | None
    refusal: VisavisError | None = None


async def _read(request: Request) -> _Sent:
    """Read the form, where it could open anything; the whole body is capped before."""
    try:
        open_to = _people(request).face_login.require_open
        await to_thread.run_sync(open_to, network_address(request))
    except VisavisError as exc:
        return _Sent({}, None, exc)
    async with request.form(
        max_files=1, max_fields=_MOST_FIELDS, max_part_size=_LONGEST_FIELD
    ) as form:
        texts = {name: value for name, value in form.items() if isinstance(value, str)}
        file = form.get("file")
        data = await file.read() if isinstance(file, UploadFile) else b""
    return _Sent(texts, Source("picture", data) if data else None)


def routes(records: Records) -> APIRouter:
    """Return the pages of one deployment."""
    router = APIRouter(include_in_schema=False)

    @router.get(BY_FACE)
    @router.get(WITH_FACE)
    def begin_again() -> Response:
        return forms.onward(LOG_IN)

    @router.post(BY_FACE)
    def ask(request: Request, form: Form) -> Response:
        try:
            return _page(request, form)
        except VisavisError as exc:
            return sign_in.page(records, form, exc)

    @router.post(WITH_FACE)
    def log_in(request: Request, sent: Annotated[_Sent, Depends(_read)]) -> Response:
        try:
            return _enter(records, request, sent)
        except SecondFactorNeeded:
            return _again(records, request, sent, InvalidInput(_WRONG_CODE))
        except VisavisError as exc:
            return _again(records, request, sent, exc)

    return router


def _enter(records: Records, request: Request, sent: _Sent) -> Response:
    if sent.refusal is not None:
        raise sent.refusal
    if sent.picture is None:
        raise InvalidInput("there is no picture; take one, or choose one of you alone")
    browser = _people(request).face_login.open_browser(
        sent.texts.get("challenge", ""),
        sent.picture,
        sent.texts.get("code", ""),
        address=network_address(request),
        user_agent=request.headers.get("user-agent", ""),
    )
    to = local_path(sent.texts.get("next", ""))
    return forms.onward(to, cookies.session(records, browser.secret))


def _again(records: Records, request: Request, sent: _Sent, error: VisavisError) -> Response:
    """Ask once more, with a new challenge."""
    try:
        return _page(request, sent.texts, error)
    except VisavisError as exc:
        return sign_in.page(records, sent.texts, exc)


def _page(request: Request, form: dict[str, str], error: VisavisError | None = None) -> Response:
    login = _people(request).face_login
    challenge = login.challenge(form.get("email", ""), address=network_address(request))
    return forms.page(
        "Log in with your face",
        forms.form(
            [replace(filled(EMAIL, form), fixed=True), replace(_CODE, required=login.needs_code)],
            "Log in",
            error=error,
            hidden={"next": local_path(form.get("next", "")), "challenge": challenge},
            before=_CAMERA,
            second=_OTHER,
            files_to=WITH_FACE,
        ),
        forms.says(_HONEST, "quiet"),
        forms.links(("login", "Log in with the password")),
        error=error,
        scripts=("camera", "face"),
    )


def _people(request: Request) -> People:
    people: People = request.app.state.people
    return people
