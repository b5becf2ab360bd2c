"""What every page has: its look, the bar at the top, and its end when the session ends."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from html import escape

from fastapi import Response
from fastapi.responses import RedirectResponse
from nicegui import run, ui

from visavis import __version__
from visavis.credentials.roles import Permission
from visavis.entry.services import Records
from visavis.entry.web.elements import html
from visavis.entry.web.guard import log_in_path
from visavis.entry.web.visitor import Visit, actor_of
from visavis.usecases.actor import Actor
from visavis.usecases.errors import LogInNeeded

ACCENT = "#0e7c66"
BUILT_WITHIN_S = 30.0
"""Longest time to build a page: the first one of a process may have to load something."""


@dataclass(frozen=True, slots=True)
class Place:
    """A page.

    Attributes:
        path: Where it is, relative to the root; a part of a page lies below it: `privacy/keys`.
        label: What it is called.
        permission: What it takes to see it; None = to be logged in.
        sheets: Names of its style sheets.
    """

    path: str
    label: str
    permission: Permission | None = None
    sheets: Sequence[str] = ()


_WITH_PICTURES = ("camera", "analysis", "dialogs", "office", "people")

ANALYSE = Place(".", "Analyse", Permission.ANALYSE, ("camera", "analysis"))
JOBS = Place(
    "jobs", "Jobs", Permission.JOBS_READ, ("camera", "analysis", "dialogs", "office", "jobs")
)
RESULTS = Place("results", "Results", Permission.RESULTS_READ, ("dialogs", "office", "results"))
RESULT = Place(
    "results/{result}",
    "Results",
    Permission.RESULTS_READ,
    ("analysis", "dialogs", "office", "results"),
)
RECOGNISE = Place("recognise", "Recognise", Permission.RECOGNISE, _WITH_PICTURES)
VERIFY = Place("verify", "Verify", Permission.RECOGNISE, _WITH_PICTURES)
PEOPLE = Place("people", "People", Permission.PEOPLE_READ, _WITH_PICTURES)
PERSON = Place("people/{person}", "People", Permission.PEOPLE_READ, _WITH_PICTURES)
MODELS = Place("models", "Models", Permission.MODELS_READ, ("heads",))
PRIVACY = Place("privacy", "Privacy", Permission.PRIVACY_READ, ("dialogs", "office"))
LOGS = Place("logs", "Logs", Permission.LOGS_READ, ("dialogs", "office", "logs"))
USERS = Place("users", "Users", Permission.USERS_READ, ("dialogs", "office"))
# Admins name their organisation there; how the server is set up only its host sees.
SETTINGS = Place("settings", "Settings", Permission.USERS_WRITE, ("dialogs", "office"))
PROFILE = Place("profile", "Profile and security", sheets=("dialogs", "camera", "profile"))

IN_THE_BAR = (
    *(ANALYSE, JOBS, RESULTS, RECOGNISE, VERIFY, PEOPLE, MODELS),
    *(PRIVACY, LOGS, USERS, SETTINGS),
)

Build = Callable[[Visit, Actor], Awaitable[None]]
"""Builds what is below the bar, for whoever looks at it."""

_BAR = """
<div class="vv-bar">
  <a class="vv-mark" href="." aria-label="Visavis, start page">
    <svg viewBox="0 0 32 32" aria-hidden="true">
      <circle cx="12" cy="16" r="9"/><circle cx="20" cy="16" r="9"/></svg>
    Visavis</a>
  <nav class="vv-pages" aria-label="Pages">{pages}</nav>
  <button type="button" class="vv-who" popovertarget="vv-menu" aria-label="{name}, menu">
    <span class="vv-who-name">{name}</span><span class="vv-who-menu"></span></button>
  <div class="vv-menu" id="vv-menu" popover>
    <nav aria-label="All pages">{pages}</nav>
    <p>{name}<small>{role}</small></p>
    <a href="{profile}"{here}>Profile and security</a>
    {log_out}
  </div>
</div>
"""
_LOG_OUT = '<form method="post" action="logout"><button>Log out</button></form>'


def install(records: Records, place: Place, title: str, build: Build) -> None:
    """Register a page that those see who may.

    Args:
        records: Knows who looks at it.
        place: Where it is and who may see it.
        title: What the browser calls it.
        build: Called for each of those who may see it.
    """

    @ui.page(f"/{place.path.strip('.')}", title=title, response_timeout=BUILT_WITHIN_S)
    async def page() -> Response | None:
        return await _open(records, place, build)


async def _open(records: Records, place: Place, build: Build) -> Response | None:
    request = ui.context.client.request

    def look() -> tuple[Actor, str]:
        actor = actor_of(records, request)
        return actor, records.profile.read(actor).full_name

    try:
        found = await run.io_bound(look)
    except LogInNeeded:  # it ended a moment ago, after the guard had looked
        return RedirectResponse(log_in_path(request.url.path), 303)
    if found is None:  # the server stops
        return Response("The server stops.", 503, media_type="text/plain")
    actor, name = found
    if place is ANALYSE and not actor.may(Permission.ANALYSE):  # where everybody arrives
        return RedirectResponse(f"/{first_for(actor).path}", 303)
    _dress(place)
    html(bar(place, actor, name, login=records.login), "header")
    visit = Visit(records)
    if place.permission is None or actor.may(place.permission):
        await build(visit, actor)
    else:
        html(_not_for(place, actor), "main").classes("vv-main")
    visit.watch()
    return None


def first_for(actor: Actor) -> Place:
    """Return the first page in the bar that somebody may see, else the one about themselves."""
    return next((p for p in IN_THE_BAR if p.permission and actor.may(p.permission)), PROFILE)


def _dress(place: Place) -> None:
    """Put the look of a page into its head; links on it are those of a page at the root."""
    if depth := place.path.count("/"):
        ui.add_head_html(f'<base href="{"../" * depth}">')
    for sheet in ("theme", *place.sheets):
        ui.add_head_html(f'<link rel="stylesheet" href="assets/{sheet}.css?v={__version__}">')
    ui.colors(primary=ACCENT)


def bar(here: Place, actor: Actor, name: str, *, login: bool) -> str:
    """Return the bar at the top: the way home, to the pages somebody may see, and to themselves.

    Args:
        here: The page that is open.
        actor: Who looks at it.
        name: Their full name.
        login: Whether people log in here at all.
    """
    seen = [p for p in IN_THE_BAR if p.permission is None or actor.may(p.permission)]
    top = here.path.partition("/")[0]
    pages = [f'<a href="{p.path}"{_current(p.path == top)}>{p.label}</a>' for p in seen]
    return _BAR.format(
        pages="".join([*pages, '<a href="docs">API</a>']),
        name=escape(name),
        role=actor.role,
        profile=PROFILE.path,
        here=_current(here is PROFILE),
        log_out=_LOG_OUT if login else "",
    )


def _current(is_here: bool) -> str:
    return ' aria-current="page"' if is_here else ""


def _not_for(place: Place, actor: Actor) -> str:
    return (
        f"<h1>{place.label}</h1><p>This page is not for the role {actor.role}. "
        "Ask an admin of your organisation for another role if you need it.</p>"
    )
