"""Hostile values in every place that takes one: paths, queries, fields, names of files."""

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from tests.entry.http_house import House, serving_house
from tests.entry.http_raw import send_raw, status_of
from tests.entry.http_samples import SAMPLES
from tests.entry.http_scene import Asked, Scene
from visavis.core.roles import Role

PATHS = (
    "..",
    ".",
    "../..",
    "../../../../../../etc/passwd",
    "..%2f..%2f..%2f..%2fetc%2fpasswd",
    "%2e%2e%2f%2e%2e%2fvault%2froot.key",
    "%2e%2e/%2e%2e/vault/root.key",
    "..%5c..%5cvault%5croot.key",
    "..\\..\\vault\\root.key",
    "..%252f..%252fvault",
    "%c0%ae%c0%ae%c0%af",
    "..;/..;/",
    "....//....//",
    "/etc/passwd",
    "%2fetc%2fpasswd",
    "C:%5cWindows%5cwin.ini",
    "{good}%00",
    "%00{good}",
    "{good}%00.json",
    "{good}/",
    "{good}/..",
    "{good}%0d%0aSet-Cookie:%20a=b",
    "{good}%20",
    "{good}.",
    "{GOOD}",
    "%ed%a0%80",
    "%ff",
    "%25",
    "%",
    "*",
    "'%20OR%201=1--",
    "0" * 4000,
    "-1",
    "null",
)
"""In place of an id; `{good}` is one that is there."""

TEXTS = (
    '"\\u0000"',
    '"a\\u0000b"',
    '"\\ud800"',
    '"\\udfff\\ud800 x"',
    '"\\u202e\\u2066\\ufeff\\uffff"',
    '"\\r\\nSet-Cookie: a=b"',
    '"../../vault/root.key"',
    '"%s%n{0}{{7*7}}${7*7}"',
    '"\'; DROP TABLE users; --"',
    '""',
    '" "',
    '"' + "x" * 200_000 + '"',
    '"' + "\\ud83d\\ude00" * 20_000 + '"',
    "9" * 400,
    "9" * 5000,
    "-1",
    "1e400",
    "1e-400",
    "NaN",
    "-Infinity",
    "9223372036854775808",
    "null",
    "true",
    "{}",
    "[[[]]]",
    '["a", "b"]',
    '{"$ref": "#"}',
    "[" * 500 + "]" * 500,
)
"""In place of a value in JSON, as it is written there."""

QUERIES = (
    "%00",
    "%ed%a0%80",
    "%ff%fe",
    "9" * 400,
    "-1",
    "1e9",
    "NaN",
    "%F0%9F%98%80",
    "..%2f..%2fetc",
    "'%20OR%20'1'='1",
    "x" * 5000,
    "eyJhIjoxfQ",
    "AAAA",
    "",
    "%E2%80%AE",
    "a&{name}=b",
)
"""In place of a value in a query, encoded."""


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def house(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("house")
    with serving_house(folder, request.param, accounts={"open_registration": True}) as served:
        yield served


def fault(answer: httpx.Response) -> str:
    """Say what is wrong with an answer to something hostile; empty = nothing."""
    if answer.status_code >= 500 and "readyz" not in answer.request.url.path:
        return f"{answer.status_code} {answer.text[:300]}"
    is_problem = answer.headers.get("content-type") == "application/problem+json"
    if answer.status_code >= 400 and not is_problem and answer.request.method != "HEAD":
        return f"{answer.status_code} is no problem: {answer.text[:300]}"
    return ""


def a_scene(house: House, name: str, made: dict[tuple[str, str], str]) -> tuple[Scene, Asked, str]:
    """Return what a good request to a route is about, the request, and the token for it."""
    sample = SAMPLES[name]
    tenant = house.add_tenant("apart") if sample.apart else house.host
    user = house.add_user(tenant.id, Role.OWNER) if sample.alone else tenant.owner
    scene = Scene(house, tenant, user, made)
    return scene, sample.make(scene), house.token(user)


WITH_PATH = [name for name in SAMPLES if "{" in name]
WITH_BODY = [name for name in SAMPLES if name.split()[0] in {"POST", "PUT", "PATCH", "DELETE"}]


@pytest.mark.parametrize("name", WITH_PATH)
def test_no_path_leads_out_of_its_place(house: House, name: str):
    made: dict[tuple[str, str], str] = {}
    for path in PATHS:
        _, asked, token = a_scene(house, name, made)
        good = next(iter(asked.path.values()))
        hostile = path.replace("{good}", good).replace("{GOOD}", good.upper())
        method, template = name.split()
        head = f"{method} {filled(template, hostile)} HTTP/1.1\r\n"
        head += (
            f"Host: x\r\nConnection: close\r\nContent-Length: 2\r\nAuthorization: Bearer {token}"
        )
        answer = send_raw(house.client, head.encode() + b"\r\n\r\n{}")
        if not (good.isdigit() or good.isalpha()):
            assert 400 <= status_of(answer) < 500, (path, answer)
        assert status_of(answer) < 500
        assert b"root:" not in answer
        assert b"\r\nset-cookie: a=b" not in answer.lower()


def filled(template: str, value: str) -> str:
    """Put a value into the place of every parameter of a path."""
    return value.join(re.split(r"{.*?}", template))


def places(body: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield where the values of a body lie, however deep, and the body itself."""
    yield at
    inner = (
        body.items() if isinstance(body, dict) else enumerate(body if type(body) is list else ())
    )
    for key, value in inner:
        yield from places(value, (*at, key))


def written(body: Any, at: tuple[Any, ...], text: str) -> bytes:
    """Write a body as JSON, with a text in place of one of its values."""
    if not at:
        return text.encode()
    marked = json.loads(json.dumps(body))
    inner = marked
    for key in at[:-1]:
        inner = inner[key]
    inner[at[-1]] = "THE PLACE"
    return json.dumps(marked).replace('"THE PLACE"', text).encode()


def bodies(body: Any, fields: Iterable[str]) -> Iterator[bytes]:
    """Yield a body with each hostile text in each of its places, and with hostile keys.

    Args:
        body: A good one.
        fields: All that it may have.
    """
    for text in TEXTS:
        for at in places(body):
            yield written(body, at, text)
        for name in fields:
            if name not in body:
                yield written(body | {name: None}, (name,), text)
    inner = json.dumps(body)[1:-1]
    for key in ('"\\ud800"', '"\\u0000"', '"__proto__"', '""', '"' + "k" * 5000 + '"'):
        yield f"{{{key}: 1{', ' if inner else ''}{inner}}}".encode()
    yield f"{{{inner}, {inner}}}".encode()


def fields_of(document: Any, name: str) -> list[str]:
    """Return all fields that the JSON body of a route may have; none where it takes no JSON."""
    method, path = name.split()
    content = document["paths"][path][method.lower()].get("requestBody", {}).get("content", {})
    schema = content.get("application/json", {}).get("schema", {})
    named = [schema, *schema.get("anyOf", ())]
    places_ = [each["$ref"].rpartition("/")[2] for each in named if "$ref" in each]
    found = (document["components"]["schemas"][place]["properties"] for place in places_)
    return [field for properties in found for field in properties]


@pytest.mark.parametrize("name", WITH_BODY)
def test_no_value_in_a_body_breaks_anything(house: House, name: str):
    fields = fields_of(house.client.get("/openapi.json").json(), name)
    if not fields:
        return
    method, template = name.split()
    _, sample, token = a_scene(house, name, {})
    path = template.format(**sample.path)
    for body in bodies(sample.json or {}, fields):
        answer = house.ask(
            method, path, token, headers={"Content-Type": "application/json"}, content=body
        )
        assert not fault(answer), body[:300]
        if SAMPLES[name].takes == "person" and answer.status_code in {200, 204, 401}:
            token = house.token(house.add_user(house.host.id, Role.OWNER))


def test_no_value_in_a_query_breaks_anything(house: House):
    document = house.client.get("/openapi.json").json()
    asked = 0
    for name in SAMPLES:
        method, template = name.split()
        operation = document["paths"][template][method.lower()]
        _, good, token = a_scene(house, name, {})
        for parameter in operation.get("parameters", ()):
            if parameter["in"] != "query":
                continue
            for value in QUERIES:
                query = f"{parameter['name']}={value.format(name=parameter['name'])}"
                path = f"{template.format(**good.path)}?{query}"
                answer = house.ask(method, path, token, json=good.json, headers=dict(good.headers))
                assert not fault(answer), path[:300]
                asked += 1
    assert asked > 20 * len(QUERIES)


def test_after_all_that_everything_can_still_be_read(house: House):
    token = house.owners_token(house.host)
    for name in SAMPLES:
        if name.startswith("GET /api") and "{" not in name and "shared" not in name:
            assert house.ask("GET", name.split()[1], token).status_code == 200, name
    whole = house.ask("POST", "/api/v1/audit/verify", token).json()
    assert whole == {"whole": True, "findings": []}


@pytest.mark.parametrize(
    "name",
    [
        "../../x",
        "..\\x",
        "/etc/passwd",
        "a/b",
        "a\r\nSet-Cookie: a=b",
        "a\x00b",
        "\ud800",
        "a" * 256,
    ],
)
def test_no_file_is_saved_under_a_path(house: House, name: str):
    scene = Scene(house, house.host, house.host.owner, {})
    order = json.dumps({"name": name}).encode()
    answer = house.ask(
        "POST",
        f"/api/v1/blobs/{scene.blob()}/link",
        house.owners_token(house.host),
        headers={"Content-Type": "application/json"},
        content=order,
    )
    assert answer.status_code == 422


@pytest.mark.parametrize(
    "name", ["..", "a\"; filename*=UTF-8''x", "é€😀", "a;b", "%2e%2e%2f", "\u202egpj.exe"]
)
def test_the_name_of_a_file_stays_in_its_place_in_the_header(house: House, name: str):
    scene = Scene(house, house.host, house.host.owner, {})
    path = f"/api/v1/blobs/{scene.blob()}/link"
    order = json.dumps({"name": name}).encode()
    headers = {"Content-Type": "application/json"}
    answer = house.ask("POST", path, house.owners_token(house.host), headers=headers, content=order)
    if answer.status_code == 422:
        return
    link = urlsplit(answer.json()["url"])
    opened = house.ask("GET", f"{link.path}?{link.query}")
    assert opened.status_code == 200
    assert parse_qs(link.query)["name"] == [name]
    shown = opened.headers["content-disposition"]
    assert shown.startswith("attachment")
    assert shown.isascii()
    assert shown.isprintable()
    assert shown.count("filename*=") <= 1
    assert opened.headers["x-content-type-options"] == "nosniff"
