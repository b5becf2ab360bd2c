"""Who looks at a page: asked again at every act, so that a session that ended ends the page."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import wraps
from html import escape
from typing import Any, TypeVar

from fastapi import Request
from nicegui import background_tasks, run, ui
from starlette.requests import HTTPConnection

from visavis.core.errors import Unavailable, VisavisError
from visavis.entry.services import COOKIE, Records
from visavis.entry.web.elements import CROSS, html, plain_button, sentence
from visavis.entry.web.guard import local_path, log_in_path
from visavis.usecases.actor import Actor
from visavis.usecases.errors import LogInNeeded

WATCH_EVERY_S = 4.0
"""How often an open page looks whether its session goes on."""

_GONE_WITHIN_S = 2.0
"""How long the browser may take to leave a page whose session ended."""

_Found = TypeVar("_Found")


def actor_of(records: Records, asked: HTTPConnection) -> Actor:
    """Return who sent a request, by the cookie; on a private machine its owner.

    Raises:
        LogInNeeded: nobody is logged in, or not any more.
    """
    if not records.login:
        return records.private.owner()
    address = asked.client.host if asked.client else ""
    return records.callers.of_cookie(asked.cookies.get(COOKIE, ""), address)


def visitor(records: Records) -> Actor:
    """Return who looks at the page that is being built or used, as they are now.

    It looks into the database; where that may take long use `Visit.do`.

    Raises:
        LogInNeeded: their session ended.
    """
    return actor_of(records, ui.context.client.request)


class Visit:
    """One open page and whoever looks at it.

    Args:
        records: Knows the sessions.
    """

    def __init__(self, records: Records) -> None:
        self.records = records
        self._client = ui.context.client
        self._request: Request = self._client.request
        self._over = False
        self._told = ui.element("div").classes("vv-told").props("role=status")
        self.dialogs = ui.element("div")
        """Where dialogs are put, so that they stay while what opened them changes."""

    @property
    def is_over(self) -> bool:
        """Whether nobody is there any more: the page was left, or its session ended."""
        return self._over or self._client.is_deleted

    def actor(self) -> Actor:
        """Return who it is now; for threads.

        Raises:
            LogInNeeded: their session ended.
        """
        if self._over:
            raise LogInNeeded("you are not logged in any more; log in again")
        return actor_of(self.records, self._request)

    async def do(self, act: Callable[[Actor], _Found]) -> _Found:
        """Do something as whoever looks at the page, without keeping the other pages waiting.

        Args:
            act: Called in a thread of its own with who it is now.

        Raises:
            LogInNeeded: their session ended.
            VisavisError: whatever `act` raises.
        """
        done: list[_Found] = []
        await run.io_bound(lambda: done.append(act(self.actor())))
        if not done:
            raise Unavailable("the server stops; open the page again in a moment")
        return done[0]

    def handler(self, act: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[None]]:
        """Return a handler of events that leaves when the session ended and tells other faults.

        Args:
            act: Does what is asked for; without parameters, or with the event's arguments.
        """

        @wraps(act)  # the toolkit looks at its parameters
        async def handle(*arguments: Any) -> None:  # noqa: ANN401  # whatever the toolkit passes
            try:
                await act(*arguments)
            except LogInNeeded:
                self.leave()
            except VisavisError as exc:
                if not self.is_over:
                    self.tell(sentence(str(exc)))

        return handle

    def watch(self) -> None:
        """Look from time to time whether the session goes on."""
        if self.records.login:
            ui.timer(WATCH_EVERY_S, self._look, immediate=False)

    async def _look(self) -> None:
        try:
            await self.do(lambda actor: actor)
        except LogInNeeded:
            self.leave()
        except VisavisError:
            return  # the database is away for a moment, say: that ends nothing

    def leave(self, then: str | None = None) -> None:
        """Go to the log-in page, and make this one deaf.

        Args:
            then: Path of this server that logging in leads to; None = back to this page.
        """
        if self.is_over:
            return
        self._over = True
        url = self._request.url
        here = local_path(url.path + (f"?{url.query}" if url.query else ""))
        self._client.open(log_in_path(here if then is None else then))
        background_tasks.create(self._vanish(), name="page of an ended session")

    async def _vanish(self) -> None:
        await asyncio.sleep(_GONE_WITHIN_S)
        if not self._client.is_deleted:
            self._client.delete()

    def tell(self, said: str) -> None:
        """Say something on the page, until the person puts it away."""
        self._told.clear()
        with self._told:
            html(escape(said), "p")
            plain_button(CROSS, self.hush)

    def hush(self) -> None:
        """Take away what was said."""
        self._told.clear()
