"""Every route of every dialect refuses whoever has no key, or one that may not."""

from collections.abc import Iterator

import httpx
import pytest
from fastapi.routing import APIRoute

from tests.entry.dialect_shop import open_shop
from tests.entry.http_house import House, serving_house
from visavis.core.settings import DialectOptions
from visavis.entry.http_api.dialects import routers

OPEN = {
    "GET /api/v1/config",
    "GET /api/v1/consistence/status",
    "GET /api/v1/static/{rest:path}",
    "POST /api/v1/migrate",
}
"""What is the same for everybody: sizes, and sentences that refuse."""

ROUTES = sorted(
    f"{method} {route.path}"
    for router in routers(DialectOptions())
    for route in router.routes
    if isinstance(route, APIRoute)
    for method in route.methods or ()
)
SPOKEN_BY_SIGNATURE = {"POST /"}
"""Rekognition's one route; its own tests go through its operations."""


@pytest.fixture(scope="module")
def house(tmp_path_factory) -> Iterator[House]:
    with serving_house(tmp_path_factory.mktemp("access")) as served:
        yield served


def ask(house: House, route: str, key: str = "") -> httpx.Response:
    """Ask a route, with a key in all places where a dialect looks for one."""
    method, path = route.split(" ")
    for name, value in (("{image_id}", "0" * 32), ("{name:path}", "Ann"), ("{rest:path}", "x")):
        path = path.replace(name, value)
    headers = {"x-api-key": key, "Authorization": f"Bearer {key}"} if key else {}
    sent = {} if method in {"GET", "DELETE"} else {"json": {"subject": "Ann"}}
    return house.client.request(method, path, headers=headers, **sent)  # type: ignore[arg-type]


def test_there_are_as_many_as_there_should_be():
    assert len(ROUTES) >= 30
    assert set(ROUTES) >= OPEN | SPOKEN_BY_SIGNATURE


@pytest.mark.parametrize("route", sorted(set(ROUTES) - OPEN - SPOKEN_BY_SIGNATURE))
def test_nobody_comes_in_without_a_key(house, route):
    for key in ("", "nothing", "vv_nothing"):
        answer = ask(house, route, key)
        assert answer.status_code in {400, 401, 404}, answer.text
        told = answer.json()
        is_about_keys = any(word in answer.text for word in ("x-api-key", "API Key", "log", "oken"))
        assert is_about_keys, told


@pytest.mark.parametrize("route", sorted(set(ROUTES) - OPEN - SPOKEN_BY_SIGNATURE))
def test_nobody_comes_in_with_a_key_that_is_for_something_else(house, route):
    shop = open_shop(house)
    answer = ask(house, route, shop.key("audit:read"))
    assert answer.status_code == 403, answer.text
    assert "this key lacks the scope" in answer.text


@pytest.mark.parametrize("route", sorted(OPEN))
def test_what_is_open_is_the_same_for_everybody(house, route):
    answer, with_key = ask(house, route), ask(house, route, open_shop(house).key())
    assert answer.status_code in {200, 404}
    assert (answer.status_code, answer.content) == (with_key.status_code, with_key.content)


def test_requests_are_counted_by_their_routes(house):
    ask(house, "GET /api/v1/recognition/faces/{image_id}/img")
    token = house.owners_token(house.host)
    counted = house.ask("GET", "/metrics", token).text
    assert 'route="/api/v1/recognition/faces/{image_id}/img"' in counted
