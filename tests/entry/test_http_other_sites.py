"""Pages of other sites, names that point here, proxies that say who asks: what is believed."""

import itertools
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI, WebSocket

from tests.entry.http_house import OFTEN, House, serving_house, unseen
from tests.entry.http_raw import head_of, send_raw, status_of
from tests.entry.http_running import faulty_services, running, running_private
from visavis.core.errors import InvalidSettings
from visavis.core.settings import AccountOptions, ServerOptions, Settings, load_settings
from visavis.entry.http_api.app import create_app
from visavis.entry.main import require_loopback
from visavis.entry.services import COOKIE
from visavis.entry.wiring import open_people, open_records

ASK, CHANGE = "/metrics", "/api/v1/analyze"
"""One route that only reads, and one that is not safe; it answers 415 to whoever gets there."""

THERE = 415
SHOP = "https://shop.example"
SOCKET = "/socket"
UPGRADE = (
    b"GET /socket HTTP/1.1\r\nConnection: upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n"
)
SWITCHED = 101


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("house")
    with serving_house(folder, prepare=add_socket, server={"cors_origins": (SHOP,)}) as served:
        yield served


def add_socket(app: FastAPI) -> None:
    """Add a web socket that lets everybody in: what comes before it is what is tested."""

    async def open_and_close(socket: WebSocket) -> None:
        await socket.accept()
        await socket.close()

    app.add_api_websocket_route(SOCKET, open_and_close)


def upgraded(client: httpx.Client, host: str = "", **headers: str) -> int:
    """Ask for a web socket, with headers that a browser would send."""
    named = {"Host": host or client.base_url.netloc.decode()} | headers
    lines = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in named.items())
    return status_of(head_of(client, UPGRADE + lines.encode() + b"\r\n"))


def change(house: House, *, cookie: bool, **headers: str) -> int:
    """Ask for a change, by cookie or by bearer, with headers that a browser would send."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    if cookie:
        named["Cookie"] = f"{COOKIE}={house.cookie(house.host.owner)}"
        return house.ask("POST", CHANGE, headers=named).status_code
    return house.ask("POST", CHANGE, house.token(house.host.owner), headers=named).status_code


FOREIGN = (
    "https://evil.example",
    "null",
    "http://",
    "http://[",
    "http://localhost",
    "http://{host}.evil.example",
    "http://evil.example/{host}",
    "http://user@evil.example",
    "http://evil.example#{host}",
    "{host}",
    "file://",
    "http://{host} http://evil.example",
    "http://user@{host}",
)


@pytest.mark.parametrize("origin", FOREIGN)
@pytest.mark.parametrize("cookie", [True, False])
def test_another_site_changes_nothing(house: House, origin: str, cookie: bool):
    origin = origin.format(host=house.client.base_url.netloc.decode())
    assert change(house, cookie=cookie, Origin=origin) == 403


@pytest.mark.parametrize("site", ["cross-site", "same-site", "", "nonsense", "same-origin, none"])
@pytest.mark.parametrize("own_origin", [True, False])
def test_what_the_browser_says_of_the_site_counts_more_than_the_origin(
    house: House, site: str, own_origin: bool
):
    own = {"Origin": f"http://{house.client.base_url.netloc.decode()}"} if own_origin else {}
    allowed = not site  # no such header: then the origin counts, or its absence
    assert change(house, cookie=True, Sec_Fetch_Site=site, **own) == (THERE if allowed else 403)


def test_our_own_pages_and_programs_without_a_page_may(house: House):
    own = f"http://{house.client.base_url.netloc.decode()}"
    for cookie in (True, False):
        assert change(house, cookie=cookie) == THERE
        assert change(house, cookie=cookie, Origin=own) == THERE
        assert change(house, cookie=cookie, Origin=own, Sec_Fetch_Site="same-origin") == THERE
        assert change(house, cookie=cookie, Sec_Fetch_Site="none") == THERE


def test_a_method_that_is_no_safe_one_is_looked_at_whatever_its_spelling(house: House):
    token = house.token(house.host.owner)
    for method in ("POST", "PUT", "PATCH", "DELETE", "PROPFIND", "LOCK"):
        answer = house.ask(method, "/healthz", token, headers={"Sec-Fetch-Site": "cross-site"})
        assert answer.status_code == 403, method


def test_a_method_in_a_header_or_field_is_none(house: House):
    token = house.token(house.host.owner)
    for name in ("X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"):
        answer = house.ask("GET", CHANGE, token, headers={name: "POST"})
        assert answer.status_code == 405
    assert house.ask("GET", f"{CHANGE}?_method=POST", token).status_code == 405


def test_a_web_socket_from_another_site_is_refused(house: House):
    own = house.client.base_url.netloc.decode()
    cookie = f"{COOKIE}={house.cookie(house.host.owner)}"
    assert upgraded(house.client) == SWITCHED
    assert upgraded(house.client, Origin=f"http://{own}", Cookie=cookie) == SWITCHED
    assert upgraded(house.client, Origin=SHOP) == SWITCHED, "listed, and without a cookie"
    assert upgraded(house.client, Origin=SHOP, Cookie=cookie) == 403
    assert upgraded(house.client, Origin=f"http://{own}", Sec_Fetch_Site="cross-site") == 403
    for origin in FOREIGN:
        assert upgraded(house.client, Origin=origin.format(host=own), Cookie=cookie) == 403, origin


def test_a_listed_site_may_call_with_a_bearer_and_never_with_cookies(house: House):
    token = house.token(house.host.owner)
    asked = {"Origin": SHOP, "Sec-Fetch-Site": "cross-site"}
    answer = house.ask("POST", CHANGE, token, headers=asked)
    assert answer.status_code == THERE
    assert answer.headers["access-control-allow-origin"] == SHOP
    assert "access-control-allow-credentials" not in answer.headers
    assert "origin" in answer.headers["vary"].lower()
    assert change(house, cookie=True, **asked) == 403
    read = house.ask("GET", ASK, token, headers=asked)
    assert (read.status_code, read.headers["access-control-allow-origin"]) == (200, SHOP)
    refused = house.ask("GET", ASK, headers=asked)
    assert (refused.status_code, refused.headers["access-control-allow-origin"]) == (401, SHOP)


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "null",
        SHOP.upper(),
        SHOP + ".evil.example",
        SHOP + ":444",
        SHOP + "/",
        "http://shop.example",
        "https://a.shop.example",
        "*",
    ],
)
def test_a_site_that_is_not_listed_reads_nothing(house: House, origin: str):
    token = house.token(house.host.owner)
    preflight = {"Origin": origin, "Access-Control-Request-Method": "POST"}
    for answer in (
        house.ask("GET", ASK, token, headers={"Origin": origin}),
        house.ask("POST", CHANGE, token, headers={"Origin": origin}),
        house.ask("OPTIONS", CHANGE, headers=preflight),
        house.ask("GET", "/healthz", headers={"Origin": origin}),
    ):
        assert not [name for name in answer.headers if name.startswith("access-control-allow-o")]
        assert "access-control-allow-credentials" not in answer.headers


def test_without_a_list_no_site_is_let_in(tmp_path: Path):
    with serving_house(tmp_path) as house:
        answer = house.ask("GET", "/healthz", headers={"Origin": SHOP})
        assert not [name for name in answer.headers if name.startswith("access-control")]
        assert change(house, cookie=False, Origin=SHOP) == 403


LOCAL = ("localhost", "127.0.0.1", "127.9.9.9", "[::1]", "LocalHost")
ELSEWHERE = (
    "evil.example",
    "127.0.0.1.evil.example",
    "localhost.evil.example",
    "localhost.",
    "evil.example@localhost",
    "localhost@evil.example",
    "10.0.0.1",
    "0.0.0.0",
    "[::2]",
    "[::1",
    "::1]",
    "evil_name.example",
    "évil.example",
    "evil.example/localhost",
    "localhost/../evil.example",
    "localhost, evil.example",
    "",
)


def ask_as(client: httpx.Client, *names: str, method: str = "GET", path: str = "/healthz") -> int:
    """Ask under some names of the server; several make several headers."""
    head = b"%b %b HTTP/1.1\r\nConnection: close\r\n" % (method.encode(), path.encode())
    lines = b"".join(b"Host: %b\r\n" % name.encode() for name in names)
    return status_of(send_raw(client, head + lines + b"\r\n"))


def test_a_private_machine_answers_to_local_names_only():
    """Another site may have its own name point to 127.0.0.1, and its pages ask under that name."""
    with running_private(faulty_services(unseen, Settings())) as client:
        for name, port in itertools.product(LOCAL, ("", ":80", ":65535")):
            assert ask_as(client, name + port) == 200, name
        for name, port in itertools.product(ELSEWHERE, ("", ":80", ":", ":999999", ":x")):
            assert ask_as(client, name + port) in {400, 403}, name + port
        assert ask_as(client, "localhost", "evil.example") in {400, 403}
        assert ask_as(client, "evil.example", "localhost") in {400, 403}
        assert ask_as(client, "evil.example", path="http://localhost/healthz") == 403
        for method in ("POST", "OPTIONS", "DELETE"):
            assert ask_as(client, "evil.example", method=method) == 403


def test_a_private_machine_opens_no_web_socket_under_another_name(tmp_path: Path):
    with behind((), tmp_path, login=False) as client:
        assert upgraded(client) == SWITCHED
        assert upgraded(client, "localhost", Origin="http://localhost") == SWITCHED
        assert upgraded(client, "evil.example", Origin="http://evil.example") == 403
        assert upgraded(client, "localhost", Origin="http://evil.example") == 403


def test_a_private_machine_is_its_owners_and_no_other_sites():
    with running_private(faulty_services(unseen, Settings())) as client:
        assert client.get(ASK).status_code == 200
        assert client.post(CHANGE).status_code == THERE
        foreign = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
        assert client.post(CHANGE, headers=foreign).status_code == 403
        assert client.get(ASK, headers={"Authorization": "Bearer x"}).status_code == 401


@contextmanager
def behind(proxies: tuple[str, ...], folder: Path, *, login: bool) -> Iterator[httpx.Client]:
    """Serve with some proxies listed; the client of the test is at 127.0.0.1."""
    settings = load_settings(
        data=folder,
        accounts=AccountOptions(login=login),
        server=ServerOptions(proxies=proxies),
        throttle=OFTEN | {"per_address": "2 per hour"},
    )
    with closing(open_records(settings)) as records:
        services = faulty_services(unseen, settings)
        app = create_app(services, records, open_people(services, records))
        add_socket(app)
        with running(app, proxies) as client:
            yield client


def test_a_private_machine_refuses_whoever_is_elsewhere(tmp_path: Path):
    with behind(("127.0.0.1",), tmp_path, login=False) as client:
        client.headers["Host"] = "localhost"
        assert client.get("/healthz").status_code == 200
        for address in ("10.1.2.3", "fe80::1", "nonsense", "127.0.0.1, 10.1.2.3", "192.0.2.1:80"):
            answer = client.get("/healthz", headers={"X-Forwarded-For": address})
            assert answer.status_code == 403, address
            assert "private machine" in answer.json()["detail"]


def statuses(client: httpx.Client, *forwarded: str) -> list[int]:
    """Ask once for each value of the header that a proxy adds."""
    return [
        client.get("/api/v1/nothing", headers={"X-Forwarded-For": value}).status_code
        for value in forwarded
    ]


@pytest.mark.parametrize("proxies", [(), ("10.9.9.9", "192.0.2.0/24")])
def test_who_asks_is_not_believed_from_strangers(tmp_path: Path, proxies: tuple[str, ...]):
    with behind(proxies, tmp_path, login=True) as client:
        addresses = [f"203.0.113.{number}" for number in range(4)]
        assert statuses(client, *addresses) == [404, 404, 429, 429]


def test_who_asks_is_believed_from_a_listed_proxy_and_only_what_it_added_itself(tmp_path: Path):
    with behind(("127.0.0.1",), tmp_path, login=True) as client:
        assert statuses(client, "203.0.113.1", "203.0.113.2", "203.0.113.3") == [404] * 3
        forged = [f"198.51.100.{number}, 203.0.113.9" for number in range(4)]
        assert statuses(client, *forged) == [404, 404, 429, 429]


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "", "192.168.1.5", "example.com", "localhost.x"])
def test_a_private_machine_does_not_serve_a_network(host: str):
    settings = Settings(accounts=AccountOptions(login=False), server=ServerOptions(host=host))
    with pytest.raises(InvalidSettings, match="without logging in"):
        require_loopback(settings, settings.server.host)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1.2.3", "::1", "localhost"])
def test_a_private_machine_serves_itself(host: str):
    settings = Settings(accounts=AccountOptions(login=False), server=ServerOptions(host=host))
    require_loopback(settings, settings.server.host)
