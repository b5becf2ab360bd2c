"""`/api/v1/login/face` and `/api/v1/me/face`: logging in by face."""

from typing import Annotated, Any, NamedTuple

from anyio import to_thread
from fastapi import APIRouter, Depends, Request, Response

from visavis.core.types import Source
from visavis.entry.http_api.access import (
    Address,
    Caller,
    Guarded,
    Held,
    KnownPeople,
    in_person,
    open_to_all,
    takes_long,
)
from visavis.entry.http_api.pictures import PICTURE_ANSWERS, one, usable
from visavis.entry.http_api.routes.receipts import as_written
from visavis.entry.http_api.schemas import answers
from visavis.entry.http_api.schemas_face_login import (
    FaceChallenge,
    FaceChallengeOrder,
    FaceNotice,
    FaceState,
    FaceTokenPair,
)
from visavis.entry.http_api.schemas_receipts import Receipt
from visavis.entry.http_api.uploads import PICTURE_FIELDS, Fields, read_fields
from visavis.usecases.face_challenges import GOOD_FOR
from visavis.usecases.face_set_up import State
from visavis.usecases.receipts import handed_out

_TEXT_BYTES = 4_000
"""A password of the longest kind, in whatever script."""

_YES = frozenset({"true", "yes", "1", "on"})


async def _not_kept(response: Response) -> None:
    """Have nobody on the way keep an answer with secrets in it."""
    response.headers["Cache-Control"] = "no-store"


router = APIRouter(
    prefix="/api/v1",
    tags=["logging in"],
    route_class=Guarded,
    dependencies=[Depends(_not_kept)],
)


class Sent(NamedTuple):
    """A picture, and what was written beside it.

    Attributes:
        picture: The only one.
        texts: The last value of each field; empty where nothing was sent.
    """

    picture: Source
    texts: dict[str, str]

    def says(self, name: str) -> bool:
        """Return whether somebody says yes."""
        return self.texts[name].strip().lower() in _YES


async def _read(request: Request, *names: str) -> Sent:
    form = await read_fields(request, Fields(PICTURE_FIELDS, names, _TEXT_BYTES))
    texts = {name: (values or [""])[-1] for name, values in form.texts.items()}
    return Sent(one([usable(each) for each in form.pictures]), texts)


async def _login_form(request: Request, people: KnownPeople, address: Address) -> Sent:
    await to_thread.run_sync(people.face_login.require_open, address)
    return await _read(request, "challenge", "code")


async def _own_form(request: Request) -> Sent:
    return await _read(request, "password", "agree", "notice_id", "of_age")


def _form(required: tuple[str, ...], **texts: str) -> dict[str, Any]:
    """Return how OpenAPI describes a form with one picture and some texts."""
    file = {"type": "string", "format": "binary", "description": "A picture of you alone."}
    said = {name: {"type": "string", "description": about} for name, about in texts.items()}
    schema = {
        "type": "object",
        "required": ["file", *required],
        "properties": {"file": file} | said,
    }
    content = {"multipart/form-data": {"schema": schema}}
    return {"requestBody": {"required": True, "content": content}}


_LOGIN = _form(
    ("challenge",),
    challenge="As `/login/face/challenge` gave it.",
    code="Of the authenticator app, or a recovery code; only with a second factor.",
)
_OWN = _form(
    ("password", "agree"),
    password="Yours, asked for again.",  # noqa: S106  # no password
    agree="`true`: you agree to what the notice says.",
    notice_id="The notice that you read; left out = the newest one.",
    of_age="`true`: you are of age; some organisations need to know.",
)
_OFF = (403, "Nobody logs in by face here.")
_REFUSED = (401, "Not with these; of the type `second-factor` where only its code is missing.")
_CLOSED = (
    403,
    "The password is wrong, a program asks, or second factor, mode, notice or age forbid it.",
)


@router.post(
    "/login/face/challenge",
    summary="Ask for a challenge to log in by face",
    responses=answers(_OFF, (422, "It is no e-mail address.")),
)
@open_to_all
def challenge(order: FaceChallengeOrder, people: KnownPeople, address: Address) -> FaceChallenge:
    """Answer a challenge, whether there is such an account or not; it is good once."""
    made = people.face_login.challenge(order.email, address=address)
    return FaceChallenge(challenge=made, expires_in_s=int(GOOD_FOR.total_seconds()))


@router.post(
    "/login/face",
    summary="Log in by face",
    responses={**PICTURE_ANSWERS, **answers(_REFUSED, _OFF)},
    openapi_extra=_LOGIN,
)
@open_to_all
def log_in(
    request: Request,
    sent: Annotated[Sent, Depends(_login_form)],
    people: KnownPeople,
    address: Address,
) -> FaceTokenPair:
    """Begin a session with a picture of oneself; the picture is not kept.

    Whether a living person is before the camera is not checked: the answer says so.
    """
    entered = people.face_login.log_in(
        sent.texts["challenge"].strip(),
        sent.picture,
        sent.texts["code"],
        address=address,
        user_agent=request.headers.get("user-agent", ""),
    )
    return FaceTokenPair(
        access_token=entered.tokens.access_token,
        refresh_token=entered.tokens.refresh_token,
        token_type="Bearer",  # noqa: S106  # no password
        expires_in=entered.tokens.expires_in_s,
        session_id=entered.tokens.session_id,
        liveness=entered.liveness,
    )


@router.get("/me/face", summary="Do I log in by face?")
@in_person
def read(actor: Caller, people: KnownPeople) -> FaceState:
    """Answer whether there is a face, and what stands against it."""
    return _shown(people.face_set_up.state(actor))


@router.post(
    "/me/face",
    status_code=201,
    summary="Log in by face from now on",
    responses={
        **PICTURE_ANSWERS,
        **answers(_CLOSED, (409, "There is one already; remove it first.")),
    },
    openapi_extra=_OWN,
)
@in_person
@takes_long
def add(sent: Annotated[Sent, Depends(_own_form)], actor: Caller, people: KnownPeople) -> FaceState:
    """Seal what a picture of oneself says of the face; the picture is not kept."""
    people.face_set_up.add(
        actor,
        sent.texts["password"],
        sent.picture,
        agrees=sent.says("agree"),
        notice_id=sent.texts["notice_id"].strip(),
        of_age=sent.says("of_age"),
    )
    return _shown(people.face_set_up.state(actor))


@router.delete(
    "/me/face",
    summary="Do not log in by face any more",
    response_model=Receipt,
    responses=answers((404, "There is none.")),
)
@in_person
@takes_long
def remove(actor: Caller, records: Held) -> Response:
    """Erase the own face with the consent to keep it; the answer is a signed receipt."""
    return as_written(handed_out(records.own_faces.remove(actor)))


def _shown(state: State) -> FaceState:
    notice = state.notice
    return FaceState(
        enrolled=state.kept,
        works=state.works and not state.obstacle,
        since=state.face.since if state.face else None,
        obstacle=state.obstacle or None,
        notice=notice
        and FaceNotice(
            id=notice.id, version=notice.version, language=notice.language, text=notice.text
        ),
    )
