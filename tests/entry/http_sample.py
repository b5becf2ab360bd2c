"""What one route of the API asks of whoever calls it, and how a request to it is made."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tests.entry.http_scene import Asked, Scene

EVERYBODY, USER, PERSON = "everybody", "user", "person"

LEAST: Mapping[str, str] = {
    "analyse": "operator",
    "recognise": "operator",
    "people:read": "viewer",
    "people:write": "operator",
    "people:erase": "admin",
    "photos:read": "viewer",
    "photos:write": "operator",
    "jobs:read": "viewer",
    "jobs:write": "operator",
    "results:read": "viewer",
    "results:write": "operator",
    "logs:read": "admin",
    "audience:read": "viewer",
    "audience:write": "operator",
    "privacy:read": "operator",
    "privacy:write": "admin",
    "users:read": "admin",
    "users:write": "admin",
    "keys:read": "operator",
    "keys:write": "operator",
    "audit:read": "admin",
    "models:read": "viewer",
    "models:write": "admin",
    "settings:read": "admin",
    "settings:write": "admin",
    "tenant:delete": "owner",
}
"""The least role that has a permission."""

OF_THE_HOST = frozenset({"models:write", "settings:read", "settings:write"})
"""What only the tenant that runs the deployment has."""

GOOD = frozenset({200, 201, 202, 204})
WRONG = frozenset({422})

NEW_PASSWORD = "eleven quiet swans at dusk"


def nothing(_: Scene) -> Asked:
    """Ask without parameters and body."""
    return Asked()


def sends(body: object) -> Callable[[Scene], Asked]:
    """Ask with the same body each time."""
    return lambda _: Asked(json=body)


@dataclass(frozen=True)
class Sample:
    """One route.

    Attributes:
        takes: What it takes: a permission, or one of the three words.
        make: Makes a request to it.
        gives: The statuses that whoever may gets.
        alone: Whether whoever asks should be there for this one request only.
        apart: Whether their whole tenant should.
        person: Whether it takes, beside a permission, that no program asks.
        also: Further permissions that it takes.
    """

    takes: str
    make: Callable[[Scene], Asked] = nothing
    gives: frozenset[int] = GOOD
    alone: bool = False
    apart: bool = False
    person: bool = False
    also: tuple[str, ...] = ()

    @property
    def word(self) -> str:
        """What the OpenAPI document says of it."""
        return f"{self.takes} in person" if self.person else self.takes


PICTURE = (
    b'--cut\r\nContent-Disposition: form-data; name="file"; filename="a.jpg"\r\n\r\n'
    b"no picture\r\n--cut--\r\n"
)
FORM = {"Content-Type": "multipart/form-data; boundary=cut"}
NO_PICTURE = frozenset({415})
"""Whoever may is told that it is none."""


def a_picture(path: Mapping[str, str] | None = None, **query: str) -> Asked:
    return Asked(path=path or {}, query=query, content=PICTURE, headers=FORM)


def a_form(texts: Mapping[str, str]) -> Asked:
    """Ask with texts beside the picture."""
    parts = "".join(
        f'--cut\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{text}\r\n'
        for name, text in texts.items()
    )
    return Asked(content=parts.encode() + PICTURE, headers=FORM)
