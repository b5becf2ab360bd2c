"""The start page: drop a picture, see its faces."""

from functools import partial
from typing import Any

from nicegui import events, ui

from visavis.core.types import Source
from visavis.credentials.roles import Permission
from visavis.entry.services import Records, Services
from visavis.entry.web import markup, result, shell
from visavis.entry.web.desk import Desk, Notice, Picture
from visavis.entry.web.elements import CROSS, html, plain_button
from visavis.entry.web.gallery import Gallery
from visavis.entry.web.look import Look, look
from visavis.entry.web.taking import add_scripts, why_not_sent
from visavis.entry.web.visitor import Visit
from visavis.usecases.actor import Actor
from visavis.usecases.analysis import Failure

TITLE = "Visavis – find the faces in a picture"


def install(services: Services, records: Records, gallery: Gallery) -> None:
    """Register the page."""

    async def build(visit: Visit, actor: Actor) -> None:
        AnalysisPage(services, gallery, visit, actor)

    shell.install(records, shell.ANALYSE, TITLE, build)


class AnalysisPage:
    """One open page: its desk, and the elements that show it."""

    def __init__(self, services: Services, gallery: Gallery, visit: Visit, actor: Actor) -> None:
        self._services = services
        self._visit = visit
        self._desk = Desk(services.settings.server.max_files, actor.user_id)
        self._client = ui.context.client
        self._client.on_delete(self._desk.clear)
        gallery.add(self._desk)
        self._layers = {markup.BOXES, markup.POINTS}
        self._shown: Picture | None = None
        self._thumbs: dict[Picture, ui.html] = {}
        add_scripts()
        self._build()
        self._listen()

    def _build(self) -> None:
        with ui.element("main").classes("vv-main is-empty") as self._main:
            with ui.element("section").classes("vv-drop").props('aria-label="Add pictures"'):
                html(markup.DROP_ZONE).classes("vv-drop-inner")
                plain_button("Start over", self._start_over).classes("vv-again")
            self._progress = ui.element("div").classes("vv-progress").props("role=status")
            self._notices = ui.element("div").classes("vv-notices")
            self._strip = ui.element("nav").classes("vv-strip").props('aria-label="Pictures"')
            self._result = ui.element("div").classes("vv-result")
        html(markup.CAMERA)
        self._upload = (
            ui.upload(multiple=True, auto_upload=True, on_upload=self._visit.handler(self._take))
            .classes("vv-upload")
            .props("aria-hidden=true")
        )
        largest = self._services.settings.images.max_bytes
        ui.run_javascript(f"visavis.start({self._upload.id}, {largest})")

    def _listen(self) -> None:
        """Hear what the page's script tells."""
        ui.on("visavis_added", lambda e: self._expect(e.args))
        ui.on("visavis_refused", lambda e: self._refuse(e.args))
        self._upload.on("finish", self._upload.reset, args=[])
        self._upload.on("failed", js_handler="(info) => visavis.failed(info)")

    def _expect(self, args: Any) -> None:  # noqa: ANN401  # whatever a browser sends
        self._desk.expect(min(int(args["count"]), 10_000))
        self._show_progress()

    def _refuse(self, args: Any) -> None:  # noqa: ANN401  # whatever a browser sends
        """Say why a file never got here."""
        sentence = why_not_sent(str(args["why"]), self._services.settings.images.max_bytes)
        self._desk.refuse(str(args["name"])[:200], sentence)
        self._show_progress()
        self._show_notices()

    async def _take(self, upload: events.UploadEventArguments) -> None:
        """Look at a picture that has arrived."""
        name, data = upload.file.name[:200], await upload.file.read()
        if self._desk.full:
            most = self._desk.most
            self._desk.refuse("Too many pictures:", f"{most} fit at once. Start over to add more.")
        else:
            picture = self._desk.open(name)
            self._show_strip()
            outcome = await self._visit.do(partial(self._look, Source(name, data)))
            if self._visit.is_over:
                return
            self._desk.settle(picture, outcome)
        self._show_all()

    def _look(self, source: Source, actor: Actor) -> Look | Failure:
        """Look at a picture, if whoever brought it may still do so."""
        actor.require(Permission.ANALYSE)
        return look(self._services, source)

    def _start_over(self) -> None:
        self._desk.clear()
        self._show_all()

    def _choose(self, picture: Picture) -> None:
        if picture.look is not None:
            self._desk.current = picture
            self._show_strip()
            self._show_result()

    def _remove(self) -> None:
        if self._desk.current is not None:
            self._desk.remove(self._desk.current)
            self._show_all()

    def _dismiss(self, notice: Notice) -> None:
        self._desk.notices.remove(notice)
        self._show_notices()

    def _show_all(self) -> None:
        self._show_progress()
        self._show_notices()
        self._show_strip()
        self._show_result()

    def _show_progress(self) -> None:
        """Show how far the work is, while there is some."""
        desk = self._desk
        self._progress.clear()
        if not desk.busy:
            return
        with self._progress:
            share = desk.settled / desk.expected
            ui.linear_progress(share, show_value=False).props(
                f'{"" if desk.settled else "indeterminate"} aria-label="Progress"'
            )
            of = f" {desk.settled} of {desk.expected} done" if desk.expected > 1 else ""
            ui.label(f"Looking for faces…{of}")

    def _show_notices(self) -> None:
        """Show what went wrong; each can be put away."""
        self._notices.clear()
        with self._notices:
            for notice in self._desk.notices:
                with ui.element("div").classes("vv-notice").props("role=alert"):
                    html(markup.notice(notice), "p")
                    plain_button(CROSS, partial(self._dismiss, notice))

    def _show_strip(self) -> None:
        """Show the pictures to choose from, once there are two."""
        desk = self._desk
        self._main.classes(**{"remove" if desk.pictures else "add": "is-empty"})
        self._strip.set_visibility(len(desk.pictures) > 1)
        for picture in [known for known in self._thumbs if known not in desk.pictures]:
            self._thumbs.pop(picture).delete()
        for picture in desk.pictures:
            if picture not in self._thumbs:
                self._thumbs[picture] = self._thumb(picture)
            self._thumbs[picture].set_content(markup.thumb(picture))
            chosen = "true" if picture is desk.current else "false"
            self._thumbs[picture].props(f"aria-current={chosen}")

    def _thumb(self, picture: Picture) -> ui.html:
        """Add a picture to the strip; it is kept, so that its thumbnail is fetched once."""
        with self._strip:
            thumb = html("", "button").classes("vv-thumb").props("type=button")
        return thumb.on("click", lambda: self._choose(picture), args=[])

    def _show_result(self) -> None:
        """Show the current picture, unless it is what is shown."""
        if self._shown is self._desk.current:
            return
        self._shown = self._desk.current
        self._result.clear()
        if self._shown is not None:
            with self._result:
                result.show(self._shown, self._layers, self._remove)
