"""Who may use which route.

Every route says it, beneath its path:

    @router.get("/keys")
    @needs(Permission.KEYS_READ)
    def page(actor: Caller, …): …

A route that says nothing cannot be built, so none is open by accident. The rule is asked before
anything of the body is read.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial, wraps
from inspect import iscoroutinefunction
from typing import Annotated, Any, TypeVar

from anyio import CapacityLimiter, to_thread
from anyio.lowlevel import RunVar
from fastapi import Depends, Request, Response
from fastapi.routing import APIRoute

from visavis.core.trace import belongs_to
from visavis.credentials.roles import Permission
from visavis.entry.http_api.schemas import answers
from visavis.entry.services import COOKIE, People, Records
from visavis.usecases.actor import Actor
from visavis.usecases.errors import LogInNeeded

MARK = "x-visavis-access"
"""Where the OpenAPI document says what a route asks for."""

BEARER = {"bearer": {"type": "http", "scheme": "bearer", "description": "Access token or API key."}}
"""The security scheme of the OpenAPI document."""

AT_ONCE = 8
"""Requests of this process that are at work; more of them only get in each other's way."""

_TURNS: RunVar[CapacityLimiter] = RunVar("visavis requests at work")  # one for each event loop

EVERYBODY, USER, PERSON = "everybody", "user", "person"

_RULE, _LONG = "__visavis_rule__", "__visavis_takes_long__"
_Endpoint = TypeVar("_Endpoint", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Rule:
    """What a route asks of whoever calls it.

    Attributes:
        word: As the OpenAPI document says it: a permission, or one of the words above.
        permission: That they need; None = none in particular.
        person: Whether it has to be the user, not a program with a key.
        everybody: Whether nobody needs to be logged in.
    """

    word: str
    permission: Permission | None = None
    person: bool = False
    everybody: bool = False

    def admit(self, request: Request, called_by: Callable[[Request], Actor]) -> Actor | None:
        """Return who calls; None where everybody may and nobody is asked.

        Args:
            request: What came.
            called_by: Tells who sent it.

        Raises:
            LogInNeeded: nobody is logged in.
            NotAllowed: they may not.
        """
        if self.everybody:
            return None
        actor = called_by(request)
        if self.person:
            actor.require_person()
        if self.permission is not None:
            actor.require(self.permission)
        return actor


def needs(permission: Permission, *, person: bool = False) -> Callable[[_Endpoint], _Endpoint]:
    """Let in whoever has a permission; with `person` no program, whatever its key may do."""
    word = f"{permission.value} in {PERSON}" if person else permission.value
    return _ruled(Rule(word, permission, person))


def open_to_all(endpoint: _Endpoint) -> _Endpoint:
    """Let in everybody."""
    return _ruled(Rule(EVERYBODY, everybody=True))(endpoint)


def logged_in(endpoint: _Endpoint) -> _Endpoint:
    """Let in every user, and every program with a key."""
    return _ruled(Rule(USER))(endpoint)


def in_person(endpoint: _Endpoint) -> _Endpoint:
    """Let in every user who has logged in, and no program."""
    return _ruled(Rule(PERSON, person=True))(endpoint)


def takes_long(endpoint: _Endpoint) -> _Endpoint:
    """Have an endpoint take no turn from the others: it waits for more than a few rows."""
    setattr(endpoint, _LONG, True)
    return endpoint


def _ruled(rule: Rule) -> Callable[[_Endpoint], _Endpoint]:
    def mark(endpoint: _Endpoint) -> _Endpoint:
        setattr(endpoint, _RULE, rule)
        return endpoint

    return mark


class Guarded(APIRoute):
    """A route that asks its rule first."""

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:  # noqa: ANN401
        rule: Rule | None = getattr(endpoint, _RULE, None)
        if rule is None:
            raise TypeError(f"the route {path} says not who may use it: put a rule above it")
        self.rule = rule
        options["openapi_extra"] = _described(rule) | (options.get("openapi_extra") or {})
        options["responses"] = _refusals(rule) | (options.get("responses") or {})
        super().__init__(path, _leaving_the_loop(endpoint, rule), **options)

    def called_by(self, request: Request) -> Actor:
        """Return who sent a request; raises as `caller`."""
        return caller(request)

    def get_route_handler(self) -> Callable[[Request], Any]:
        """Return what serves a request."""
        serve = super().get_route_handler()

        async def guarded(request: Request) -> Response:
            limiter = None if self.rule.everybody else _turns()
            request.state.actor = await to_thread.run_sync(
                self.rule.admit, request, self.called_by, limiter=limiter
            )
            if request.state.actor is not None:
                belongs_to(tenant_id=request.state.actor.tenant_id)
            answer: Response = await serve(request)
            return answer

        return guarded


def _leaving_the_loop(endpoint: Callable[..., Any], rule: Rule) -> Callable[..., Any]:
    """Return an endpoint that leaves the loop only while it works.

    FastAPI would take a plain function to a thread, and what it returned to another one to be
    checked: on a busy machine each way there and back costs as much as a query.
    """
    if iscoroutinefunction(endpoint):
        return endpoint

    takes_turns = not (rule.everybody or getattr(endpoint, _LONG, False))

    @wraps(endpoint)
    async def work(*args: object, **named: object) -> object:
        act = partial(endpoint, *args, **named)
        return await to_thread.run_sync(act, limiter=_turns() if takes_turns else None)

    return work


def _turns() -> CapacityLimiter:
    """Return what those who are logged in share, in the order in which they came.

    The others, who try passwords and wait for that, have threads of their own: they hold up nobody.
    """
    try:
        return _TURNS.get()
    except LookupError:
        limiter = CapacityLimiter(AT_ONCE)
        _TURNS.set(limiter)
        return limiter


def _described(rule: Rule) -> dict[str, Any]:
    return {MARK: rule.word, "security": [] if rule.everybody else [{name: [] for name in BEARER}]}


def _refusals(rule: Rule) -> dict[int | str, dict[str, Any]]:
    """Return the answers that every route of this rule may give."""
    everywhere = answers(
        (400, "The request is broken."),
        (408, "The request came too slowly."),
        (413, "The request is too large."),
        (429, "That was tried too often; try again after `Retry-After` seconds."),
        (500, "It failed inside."),
        (503, "A part of the service does not answer; try again later."),
    )
    if rule.everybody:
        return everywhere
    return everywhere | answers(
        (401, "Nobody is logged in, or not any more."),
        (403, "Whoever is logged in may not do that, or another site asked."),
    )


def caller(request: Request) -> Actor:
    """Return who sent a request: by token, key or cookie; on a private machine its owner.

    Raises:
        LogInNeeded: nobody is logged in.
    """
    records: Records = request.app.state.records
    address = network_address(request)
    if secret := _bearer(request):
        return records.callers.of_bearer(secret, address)
    if not records.login:
        return records.private.owner()
    if cookie := request.cookies.get(COOKIE):
        return records.callers.of_cookie(cookie, address)
    raise LogInNeeded(
        "nobody is logged in; log in, or send an API key as `Authorization: Bearer …`"
    )


def _bearer(request: Request) -> str:
    scheme, _, secret = request.headers.get("authorization", "").partition(" ")
    return secret.strip() if scheme.lower() == "bearer" else ""


def network_address(request: Request) -> str:
    """Return where a request comes from; behind a proxy that the settings name, who asked it."""
    return request.client.host if request.client else ""


# What FastAPI is to ask on the loop is a coroutine: it takes every other function to a thread.


async def _caller(request: Request) -> Actor:
    actor: Actor | None = request.state.actor
    if actor is None:
        raise LogInNeeded("nobody is logged in")
    return actor


async def _records(request: Request) -> Records:
    records: Records = request.app.state.records
    return records


async def _address(request: Request) -> str:
    return network_address(request)


Caller = Annotated[Actor, Depends(_caller)]
"""Who calls, as a parameter of an endpoint."""

Held = Annotated[Records, Depends(_records)]
"""The use cases, as a parameter of an endpoint."""


async def _people(request: Request) -> People:
    people: People = request.app.state.people
    return people


KnownPeople = Annotated[People, Depends(_people)]
"""The use cases about pictures of people who are known, as a parameter of an endpoint."""

Address = Annotated[str, Depends(_address)]
"""Where the request comes from, as a parameter of an endpoint."""
