"""What CompreFace tells about itself, and two of its ways that are not offered."""

from fastapi import APIRouter, Request, Response
from starlette.exceptions import HTTPException

from visavis.entry.http_api.access import open_to_all
from visavis.entry.http_api.dialects.answers import answered
from visavis.entry.http_api.dialects.compreface.route import PREFIX, CompreFaceRoute
from visavis.entry.services import Services

router = APIRouter(prefix=PREFIX, route_class=CompreFaceRoute)


@router.get("/config")
@open_to_all
def config(request: Request) -> Response:
    """Tell how large a picture and a request may be, bytes."""
    services: Services = request.app.state.services
    settings = services.settings
    return answered(
        {
            "maxFileSize": settings.images.max_bytes,
            "maxBodySize": settings.server.max_request_bytes,
        }
    )


@router.get("/consistence/status")
@open_to_all
def consistence() -> Response:
    """Tell that all is well: vectors of several embedders live side by side here."""
    return answered({"demoFaceCollectionIsInconsistent": False, "dbIsInconsistent": False})


@router.get("/static/{rest:path}")
@open_to_all
def picture_by_address() -> Response:
    """Refuse: a key in an address ends up in logs and histories."""
    raise HTTPException(
        404,
        "Pictures are not given out at addresses that hold a key; ask for "
        "/api/v1/recognition/faces/{image_id}/img with the header x-api-key.",
    )


@router.post("/migrate")
@open_to_all
def migrate() -> Response:
    """Refuse: there is nothing to migrate, and everybody could ask for it."""
    raise HTTPException(404, "There is nothing to migrate here; vectors know their embedder.")
