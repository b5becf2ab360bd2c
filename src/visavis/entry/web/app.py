"""Mounts the pages beside the API; one process serves one set of pages."""

import sys
from pathlib import Path

import nicegui
from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse
from nicegui import ui
from starlette.formparsers import MultiPartParser
from starlette.middleware import Middleware

from visavis.entry.services import Records, Services
from visavis.entry.web import forms, portraits
from visavis.entry.web.elements import html
from visavis.entry.web.gallery import Gallery
from visavis.entry.web.guard import FORMS, Guard
from visavis.entry.web.handover import Handover
from visavis.entry.web.look import features
from visavis.entry.web.pages import (
    analysis,
    face_login,
    heads,
    invitations,
    jobs,
    logs,
    passwords,
    people,
    privacy,
    profile,
    recognise,
    registration,
    results,
    set_up,
    settings,
    sign_in,
    users,
    verify,
)

RECONNECT_WITHIN_S = 30
"""How long a browser may be away (a phone choosing a photo) before its pictures are dropped."""

_ICON = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32" fill="none" stroke="#0e7c66" '
    'stroke-width="3"><circle cx="12" cy="16" r="9"/><circle cx="20" cy="16" r="9"/></svg>'
)
_GONE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Nothing here</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<body style="font-family:system-ui;max-width:32rem;margin:20vh auto;padding:0 1rem">
<h1>There is nothing here</h1><p><a href="/">Go to the start page</a></p>"""
_NOT_FOUND = {
    "type": "about:blank",
    "title": "Not Found",
    "status": 404,
    "detail": "There is nothing here; the API is described at /docs.",
}


_FORMS = (sign_in, face_login, registration, passwords, set_up, invitations)


def mount(app: FastAPI, services: Services, records: Records) -> None:
    """Serve the pages at `/`, after the routes `app` has already.

    Call it once a process: the toolkit behind the pages is one application per process.
    """
    # Uploads above a limit would be spooled to temporary files; pictures must not touch the disk.
    # The size of a whole request is capped before it gets here.
    MultiPartParser.spool_max_size = sys.maxsize
    add_forms(app, records)
    gallery = Gallery(features(services.policy))
    gallery.install(records)
    nicegui.app.add_static_files("/assets", Path(__file__).parent / "static")
    nicegui.app.exception_handler(404)(_nothing_here)
    nicegui.app.on_page_exception(_page_broken)
    analysis.install(services, records, gallery)
    heads.install(services, records)
    handover, known = Handover(), app.state.people
    portraits.install(records)
    people.install(services, records, known, handover)
    recognise.install(records, known, handover)
    verify.install(records, known)
    profile.install(records, known)
    for page in (users, privacy, settings, logs, results, jobs):
        page.install(records)
    ui.run_with(
        app,
        title="Visavis",
        favicon=_ICON,
        dark=None,
        language="en-US",
        tailwind=False,
        reconnect_timeout=RECONNECT_WITHIN_S,
        show_welcome_message=False,
    )


def add_forms(app: FastAPI, records: Records) -> None:
    """Add the pages for whoever is not logged in, and the guard before all others.

    On a private machine they say that nobody logs in there.
    """
    app.user_middleware.append(Middleware(Guard, records=records))  # the innermost layer
    if records.login:
        for door in _FORMS:
            app.include_router(door.routes(records))
        return
    for path in FORMS:
        app.add_api_route(path, _nobody_logs_in, methods=["GET", "POST"], include_in_schema=False)


def _nobody_logs_in() -> Response:
    return forms.page(
        "Nobody logs in on this machine",
        forms.says(
            "It is a private machine: whoever sits at it may do everything. To have accounts, "
            "start the server with VISAVIS_ACCOUNTS__LOGIN=true."
        ),
        forms.links((".", "Go to the start page")),
    )


def _page_broken() -> None:
    """Build the page that stands in for one that could not be built; the log says why."""
    html(
        "<h1>Something went wrong</h1><p>The server's log says what. <a href='/'>Try again</a></p>"
    )


def _nothing_here(request: Request, _error: Exception) -> Response:
    """Answer an unknown path without building a page for it: to people HTML, to programs JSON."""
    if "text/html" in request.headers.get("accept", ""):
        return Response(_GONE, 404, media_type="text/html")
    return JSONResponse(_NOT_FOUND, 404, media_type="application/problem+json")
