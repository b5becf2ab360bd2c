"""Serves the pictures of open pages to those who opened them, out of memory."""

from collections.abc import Collection
from urllib.parse import quote
from weakref import WeakValueDictionary

import nicegui
from fastapi import Request, Response

from visavis.core.types import Feature
from visavis.entry.services import Records
from visavis.entry.web.desk import Desk, Picture
from visavis.entry.web.look import Look
from visavis.entry.web.visitor import actor_of
from visavis.usecases.analysis_json import to_dict, to_json

PATH = "pictures"
VIEW, THUMB, JSON, ANNOTATED = "view.jpg", "thumb.jpg", "analysis.json", "annotated.jpg"
_JPEG = "image/jpeg"


class Gallery:
    """Knows the desks of all open pages; a desk that is gone takes its pictures with it.

    Args:
        features: What was asked for, and so is written into saved results.
    """

    def __init__(self, features: Collection[Feature]) -> None:
        self._features = features
        self._desks: WeakValueDictionary[int, Desk] = WeakValueDictionary()

    def add(self, desk: Desk) -> None:
        """Serve the pictures of `desk` for as long as it lives."""
        self._desks[id(desk)] = desk

    def find(self, token: str, user_id: str) -> Picture | None:
        """Return the picture that has this token, on whichever desk of a user."""
        desks = [desk for desk in self._desks.values() if desk.user_id == user_id]
        return next((p for desk in desks for p in desk.pictures if p.token == token), None)

    def install(self, records: Records) -> None:
        """Add the route to the pages' application."""

        @nicegui.app.get(f"/{PATH}/{{token}}/{{part}}", include_in_schema=False)
        def picture(request: Request, token: str, part: str) -> Response:
            found = self.find(token, actor_of(records, request).user_id)
            if found is None or found.look is None:
                return Response("This picture is gone.", 404, media_type="text/plain")
            return _answer(found.name, found.look, part, self._features)


def url(picture: Picture, part: str) -> str:
    """Return where the browser finds a part of a picture, relative to the page."""
    return f"{PATH}/{picture.token}/{part}"


def file_name(name: str, part: str) -> str:
    """Return what a downloaded part is called: after the picture, by the part's suffix."""
    stem = name.rsplit(".", 1)[0] or "picture"
    return f"{stem}.json" if part == JSON else f"{stem}-annotated.jpg"


def _answer(name: str, look: Look, part: str, features: Collection[Feature]) -> Response:
    headers = {"Cache-Control": "private, no-store"}
    match part:
        case "view.jpg":
            return Response(look.view, media_type=_JPEG, headers=headers)
        case "thumb.jpg":
            return Response(look.thumb, media_type=_JPEG, headers=headers)
        case "annotated.jpg":
            return Response(look.analysis.annotated, 200, headers | _as_file(name, part), _JPEG)
        case "analysis.json":
            body = to_json(to_dict(look.analysis, features), indent=True)
            return Response(body, 200, headers | _as_file(name, part), "application/json")
    return Response("There is no such part.", 404, media_type="text/plain")


def _as_file(name: str, part: str) -> dict[str, str]:
    """Return the header that makes a browser save the answer (RFC 6266)."""
    quoted = quote(file_name(name, part), safe="")
    return {"Content-Disposition": f"attachment; filename*=UTF-8''{quoted}"}
