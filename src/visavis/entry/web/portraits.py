"""Small portraits of people, cut out of pictures that the organisation keeps."""

import nicegui
from fastapi import Request, Response

from visavis.core.errors import VisavisError
from visavis.core.types import Pixels
from visavis.entry.services import Records
from visavis.entry.web.copies import FACE_PX, cut
from visavis.entry.web.look import shrunk
from visavis.entry.web.visitor import actor_of
from visavis.usecases.actor import Actor
from visavis.usecases.errors import LogInNeeded, NotFound
from visavis.usecases.faces import Box
from visavis.usecases.seen import Shares
from visavis.vision.images import decode
from visavis.vision.render.annotate import encode_jpeg

PATH = "portraits"

_HEADERS = {"Cache-Control": "private, max-age=300"}
_GONE = "There is no picture."


def address(subject_id: str, template_id: str) -> str:
    """Return where the browser finds the portrait of a template, relative to the root."""
    return f"{PATH}/{subject_id}/{template_id}"


def install(records: Records) -> None:
    """Add the route to the pages' application."""

    @nicegui.app.get(f"/{PATH}/{{subject_id}}/{{template_id}}", include_in_schema=False)
    def portrait(request: Request, subject_id: str, template_id: str) -> Response:
        try:
            data = small(records, actor_of(records, request), subject_id, template_id)
        except LogInNeeded:
            return Response(_GONE, 401, media_type="text/plain")
        except VisavisError:  # of somebody else, erased, or not for them
            return Response(_GONE, 404, media_type="text/plain")
        return Response(data, 200, _HEADERS, "image/jpeg")


def small(records: Records, actor: Actor, subject_id: str, template_id: str) -> bytes:
    """Return the face of a picture that is kept, as a small JPEG.

    Args:
        records: The use cases.
        actor: Who looks at it.
        subject_id: Whose template.
        template_id: Which.

    Raises:
        NotFound: there is no such template, or its picture is not kept.
        VisavisError: as `Portraits.of`, or the picture cannot be decoded any more.
    """
    kept = records.portraits.of(actor, template_id, subject_id)
    if kept is None:
        raise NotFound("picture")
    image = decode(kept.data, records.ground.settings.images)
    known = records.templates.some(actor, (template_id,)).get(template_id)
    seen = known.seen if known else None
    box = _pixels(seen.box, image) if seen and seen.box else _middle(image)
    return encode_jpeg(shrunk(cut(image, box), FACE_PX))


def _pixels(box: Shares, image: Pixels) -> Box:
    x, y, wide, high = box
    height, width = image.shape[:2]
    return x * width, y * height, (x + wide) * width, (y + high) * height


def _middle(image: Pixels) -> Box:
    """Return where a face is on most portraits."""
    height, width = image.shape[:2]
    half = min(height, width) * 0.3
    middle, upper = width / 2, height * 0.42
    return middle - half, upper - half, middle + half, upper + half
