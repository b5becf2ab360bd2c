"""Copies of the pictures of results to look at: small for the grid, larger for the screen."""

import threading
from collections import OrderedDict

import nicegui
from fastapi import Request, Response

from visavis.core.errors import VisavisError
from visavis.entry.services import Records
from visavis.entry.web.look import shrunk
from visavis.entry.web.visitor import actor_of
from visavis.store.results import Result
from visavis.usecases.actor import Actor
from visavis.usecases.errors import LogInNeeded, NotFound
from visavis.usecases.results_sealing import Part
from visavis.vision.images import decode
from visavis.vision.render.annotate import encode_jpeg

PATH = "results-pictures"
THUMB, VIEW, LARGE = "thumb.jpg", "view.jpg", "large.jpg"

LONGEST = {THUMB: 360, VIEW: 1600, LARGE: 4096}
"""Longest side of each copy, pixels: a tile of the grid, a screen, and to look closely."""

MOST_THUMBS = 1000
"""Thumbnails kept in memory, some 20 kB each."""

_HEADERS = {"Cache-Control": "private, max-age=300"}
_GONE = "There is no picture."


def address(result: Result, copy: str) -> str:
    """Return where the browser finds a copy, relative to the root; another result has another."""
    return f"{PATH}/{result.sha256}/{copy}?v={result.id[:8]}"


class Copies:
    """Makes the copies; thumbnails are kept in memory, and never anywhere else.

    Args:
        records: The use cases.
    """

    def __init__(self, records: Records) -> None:
        self._records = records
        self._lock = threading.Lock()
        self._thumbs: OrderedDict[str, bytes] = OrderedDict()

    def get(self, actor: Actor, sha256: str, copy: str) -> bytes:
        """Return a copy as a JPEG.

        Raises:
            NotFound: there is no such result or copy.
            VisavisError: as `Results.open`, or the picture cannot be decoded any more.
        """
        if copy not in LONGEST:
            raise NotFound("picture")
        result = self._records.results.find(actor, sha256)
        if copy == THUMB and (kept := self._kept(result.id)):
            return kept
        data = self._records.results.open(actor, sha256, Part.PICTURE)[1]
        image = decode(data, self._records.ground.settings.images)
        made = encode_jpeg(shrunk(image, LONGEST[copy]))
        if copy == THUMB:
            self._keep(result.id, made)
        return made

    def _kept(self, result_id: str) -> bytes | None:
        with self._lock:
            if found := self._thumbs.get(result_id):
                self._thumbs.move_to_end(result_id)
            return found

    def _keep(self, result_id: str, thumb: bytes) -> None:
        with self._lock:
            self._thumbs[result_id] = thumb
            while len(self._thumbs) > MOST_THUMBS:
                self._thumbs.popitem(last=False)


def install(records: Records) -> None:
    """Add the route to the pages' application."""
    copies = Copies(records)

    @nicegui.app.get(f"/{PATH}/{{sha256}}/{{copy}}", include_in_schema=False)
    def picture(request: Request, sha256: str, copy: str) -> Response:
        try:
            data = copies.get(actor_of(records, request), sha256, copy)
        except LogInNeeded:
            return Response(_GONE, 401, media_type="text/plain")
        except VisavisError:  # of somebody else, removed, or not for them
            return Response(_GONE, 404, media_type="text/plain")
        return Response(data, 200, _HEADERS, "image/jpeg")
