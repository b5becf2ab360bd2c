"""Taking pictures into a page: chosen, dropped, pasted or from the camera; one page has it once.

The buttons may stand anywhere on the page: `fields.act` with `choose` or `camera`.
"""

from collections.abc import Awaitable, Callable, Sequence
from html import escape
from typing import Any

from nicegui import events, ui

from visavis import __version__
from visavis.core.settings import MIB
from visavis.core.types import Source
from visavis.entry.web import markup
from visavis.entry.web.elements import html
from visavis.entry.web.fields import act
from visavis.entry.web.visitor import Visit

SCRIPTS = ("camera", "faces", "analysis")

_INPUT = (
    '<input type="file" id="vv-input" multiple hidden tabindex="-1" aria-label="Pictures" '
    'accept="image/*,.heic,.heif,.avif,.tif,.tiff,.webp,.bmp">'
)
_LONGEST_NAME = 200

Take = Callable[[Source], Awaitable[None]]
"""Does something with a picture that has arrived."""


class Taking:
    """Takes pictures into one open page.

    Args:
        visit: The page.
        take: Called with each picture, one after the other.
    """

    def __init__(self, visit: Visit, take: Take) -> None:
        self._visit, self._take = visit, take
        self._largest = visit.records.ground.settings.images.max_bytes
        add_scripts()
        html(_INPUT + markup.CAMERA)
        upload = ui.upload(multiple=True, auto_upload=True, on_upload=visit.handler(self._came))
        upload.classes("vv-upload").props("aria-hidden=true")
        upload.on("finish", upload.reset, args=[])
        upload.on("failed", js_handler="(info) => visavis.failed(info)")
        ui.on("visavis_refused", lambda e: self._refused(e.args))
        ui.run_javascript(f"visavis.start({upload.id}, {self._largest})")

    async def _came(self, upload: events.UploadEventArguments) -> None:
        await self._take(Source(upload.file.name[:_LONGEST_NAME], await upload.file.read()))

    def _refused(self, args: Any) -> None:  # noqa: ANN401  # whatever a browser sends
        """Say why a file never got here."""
        name = str(args["name"])[:_LONGEST_NAME]
        self._visit.tell(f"{name} {why_not_sent(str(args['why']), self._largest)}")


def why_not_sent(why: str, largest: int) -> str:
    """Return the rest of a sentence about a file that never got here.

    Args:
        why: As the page's script says it.
        largest: Most bytes of a picture.
    """
    if why == "too_large":
        return f"is larger than the {largest // MIB} MB allowed. Send a smaller copy."
    return "did not arrive: the connection broke. Try it again."


def add_scripts(scripts: Sequence[str] = SCRIPTS) -> None:
    """Put scripts, such as those that a page needs to take pictures, into its head."""
    for script in scripts:
        ui.add_head_html(f'<script defer src="assets/{script}.js?v={__version__}"></script>')


def buttons(of: str = "", *, whose: str = "", first: bool = True, one: bool = False) -> str:
    """Return the buttons that take pictures.

    Args:
        of: What they are for, where a page takes pictures for several things.
        whose: The same for people, told to those who do not see the page.
        first: Whether to choose a file is the main thing to do.
        one: Whether a single picture is meant.
    """
    kind = "vv-button vv-primary" if first else "vv-button"
    choose = act("choose", "Choose a picture" if one else "Choose pictures", of, whose, kind)
    camera = act("camera", "Use the camera", of, whose, "vv-button")
    return f'<div class="vv-actions">{choose}{camera}</div>'


def drop_zone(title: str, lead: str, small: str) -> str:
    """Return the place where pictures come in, large while there is none; all of it is text.

    Args:
        title: What the page is for.
        lead: What to do.
        small: What becomes of the picture.
    """
    return (
        f'<h1>{escape(title)}</h1><p class="vv-lead">{escape(lead)}</p>'
        '<p class="vv-more">Drop another picture anywhere.</p>'
        '<div class="vv-actions">'
        '<button type="button" class="vv-button vv-primary" data-do="choose">'
        '<span class="vv-first">Choose a picture</span>'
        '<span class="vv-again">Another picture</span></button>'
        '<button type="button" class="vv-button" data-do="camera" aria-label="Use the camera">'
        '<span class="vv-long">Use the camera</span><span class="vv-short">Camera</span></button>'
        f'</div><p class="vv-small">{escape(small)}</p>'
    )
