"""The last net: an error nobody expected is logged here and answered without its details."""

from http import HTTPStatus
from uuid import uuid4

import structlog
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from visavis.entry.http_api.problems import problem


class Crashes:
    """Answers 500 as a problem when the application below raises; one request, not the server."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = False

        async def send_watched(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self._app(scope, receive, send_watched)
        except ClientDisconnect:
            return  # the caller left in the middle of an upload: nobody waits for an answer
        except Exception:  # noqa: BLE001  # this is the place where every other error ends
            instance = uuid4().urn
            structlog.get_logger().exception("request_crashed", instance=instance)
            if not started:
                await _sorry(instance)(scope, receive, send)


def _sorry(instance: str) -> ASGIApp:
    return problem(
        HTTPStatus.INTERNAL_SERVER_ERROR,
        f"Something went wrong inside; the server's log says what, under {instance}.",
        title="It failed inside",
        slug="internal",
        instance=instance,
    )
