"""`/api/v1/detection`: where faces are, and what they look like; nobody is known."""

from fastapi import APIRouter, Request, Response

from visavis.credentials.roles import Permission
from visavis.entry.http_api.access import Caller, Held, needs, takes_long
from visavis.entry.http_api.dialects.answers import answered
from visavis.entry.http_api.dialects.compreface.faces import told, versions
from visavis.entry.http_api.dialects.compreface.looking import allowed, detect
from visavis.entry.http_api.dialects.compreface.options import Wanted
from visavis.entry.http_api.dialects.compreface.pictures import Picture
from visavis.entry.http_api.dialects.compreface.route import PREFIX, CompreFaceRoute
from visavis.entry.services import Services

router = APIRouter(prefix=f"{PREFIX}/detection", route_class=CompreFaceRoute)


@router.post("/detect")
@needs(Permission.ANALYSE)
@takes_long
def find(
    request: Request, picture: Picture, options: Wanted, actor: Caller, records: Held
) -> Response:
    """Return the faces of a picture."""
    services: Services = request.app.state.services
    features = allowed(records, actor, options)
    found, order = detect(services, picture, features, options)
    answer: dict[str, object] = {"result": [told(found, i, options) for i in order]}
    if options.is_detailed:
        embedder = services.analyses.embedder
        answer["plugins_versions"] = versions(found, embedder, options.plugins)
    return answered(answer)
