"""Nobody gets past the guard without a session; what is open is named."""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from fastapi import FastAPI, Response, WebSocket
from hypothesis import given
from hypothesis import strategies as st

from tests.entry.http_house import House, serving_house
from tests.entry.http_running import running
from visavis.core.errors import Unavailable
from visavis.entry.services import COOKIE
from visavis.entry.web.guard import FORMS, Guard, local_path, log_in_path

PAGE = {"accept": "text/html,*/*"}
OPEN = ("/assets/theme.css", "/favicon.ico", "/healthz", "/readyz", *sorted(FORMS))
OWN_RULES = ("/api/v1/analyze", "/docs", "/docs/assets/x.js", "/openapi.json", "/metrics")
GUARDED = (
    "/",
    "/models",
    "/privacy/people",
    "/pictures/token/view.jpg",
    "/_nicegui/3.18.0/static/nicegui.css",
    "/_nicegui/client/x/upload/3",
    "/_nicegui_ws/socket.io/",
    "/assets",
    "/api",
    "/docs/other",
    "/metrics/x",
    "/login/",
    "/LOGIN",
    "/login%2f..%2fmodels",
    "/something%0Aassets/x",
)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with serving_house(tmp_path_factory.mktemp("guarded")) as house:
        yield house


@pytest.fixture(scope="module")
def server(house: House) -> Iterator[str]:
    """Serve an application that answers everything with a page, behind the guard."""
    inner = FastAPI(openapi_url=None)

    @inner.websocket("/{path:path}")
    async def talk(socket: WebSocket) -> None:
        await socket.accept()
        await socket.send_text("in")
        await socket.close()

    @inner.api_route("/{path:path}", methods=["GET", "HEAD", "POST", "PUT", "DELETE"])
    def answer() -> Response:
        return Response("<p>in</p>", media_type="text/html")

    inner.add_middleware(Guard, records=house.records)
    with running(inner) as client:
        yield str(client.base_url)


@pytest.fixture
def guarded(server: str) -> Iterator[httpx.Client]:
    """Give a browser without cookies."""
    with httpx.Client(base_url=server) as client:
        yield client


def talked(client: httpx.Client, cookie: str = "") -> int:
    """Return the status that opening a web socket is answered with."""
    upgrade = {
        "connection": "upgrade",
        "upgrade": "websocket",
        "sec-websocket-version": "13",
        "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
    } | ({"cookie": cookie} if cookie else {})
    with client.stream("GET", "/_nicegui_ws/socket.io/", headers=upgrade) as answer:
        return answer.status_code


@pytest.mark.parametrize("path", GUARDED)
def test_a_stranger_gets_nothing_but_the_way_to_the_log_in_page(
    guarded: httpx.Client, path: str
) -> None:
    seen = guarded.get(path, headers=PAGE)
    asked = guarded.get(path)
    sent = guarded.post(path, headers=PAGE)

    assert seen.status_code == (401 if path.startswith("/_nicegui") else 303)
    assert (asked.status_code, sent.status_code) == (401, 401)
    assert "in</p>" not in seen.text + asked.text + sent.text
    assert all(answer.headers["cache-control"] == "no-store" for answer in (seen, asked, sent))


@pytest.mark.parametrize("path", [*OPEN, *OWN_RULES])
def test_what_is_open_or_has_rules_of_its_own_is_left_alone(
    guarded: httpx.Client, path: str
) -> None:
    assert guarded.get(path, headers=PAGE).text == "<p>in</p>"


def test_the_log_in_page_leads_back_to_where_somebody_wanted_to_go(guarded: httpx.Client) -> None:
    to = guarded.get("/models?sort=a%26b&x=%C3%A9", headers=PAGE).headers["location"]

    assert to.startswith("/login?")
    assert parse_qs(urlsplit(to).query)["next"] == ["/models?sort=a%26b&x=%C3%A9"]
    assert guarded.get("/", headers=PAGE).headers["location"] == "/login"


def test_whoever_has_a_session_gets_in_and_keeps_the_cookie_for_longer(
    house: House, guarded: httpx.Client
) -> None:
    secret = house.cookie(house.host.owner)
    guarded.cookies.set(COOKIE, secret)

    seen, fetched = guarded.get("/models", headers=PAGE), guarded.get("/pictures/x/view.jpg")

    assert (seen.text, fetched.text) == ("<p>in</p>", "<p>in</p>")
    assert seen.headers["set-cookie"].startswith(f"{COOKIE}={secret}; ")
    assert "set-cookie" not in fetched.headers
    assert seen.headers["referrer-policy"] == "same-origin"  # or its forms come from nowhere
    assert talked(guarded, f"{COOKIE}={secret}") == 101


@pytest.mark.parametrize("secret", ["", "x", "vvs_" + "a" * 51, "vv_" + "b" * 51, '"', "a;x"])
def test_no_other_cookie_opens_anything(guarded: httpx.Client, secret: str) -> None:
    cookie = f"{COOKIE}={secret}"

    assert guarded.get("/models", headers={"cookie": cookie}).status_code == 401
    assert talked(guarded, cookie) == 403


def test_an_api_key_or_a_token_opens_no_page(house: House, guarded: httpx.Client) -> None:
    for secret in (house.key(house.host.owner, "all"), house.token(house.host.owner)):
        guarded.cookies.set(COOKIE, secret)
        bearer = {"Authorization": f"Bearer {secret}"}
        assert guarded.get("/models", headers=bearer).status_code == 401


def test_a_session_that_ended_opens_nothing_any_more(house: House, guarded: httpx.Client) -> None:
    owner = house.host.owner
    guarded.cookies.set(COOKIE, house.cookie(owner))
    assert guarded.get("/models").status_code == 200

    with house.records.ground.store.work() as work:
        work.sessions.revoke_all(owner.tenant_id, owner.id, house.now(), "a test")

    assert guarded.get("/models").status_code == 401
    assert guarded.post("/_nicegui/client/x/upload/3").status_code == 401


def test_where_the_database_is_away_nobody_gets_in(
    house: House, guarded: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object) -> None:
        raise Unavailable("the database does not answer; try again")

    monkeypatch.setattr(type(house.records.callers), "of_cookie", away)

    assert guarded.get("/models", headers=PAGE).status_code == 503


def test_on_a_private_machine_nobody_is_asked(tmp_path: Path) -> None:
    with serving_house(tmp_path, accounts={"login": False}) as house:
        inner = FastAPI(openapi_url=None)

        @inner.get("/models")
        def models() -> str:
            return "in"

        inner.add_middleware(Guard, records=house.records)
        with running(inner) as client:
            answer = client.get("/models", headers=PAGE)

    assert answer.status_code == 200
    assert "set-cookie" not in answer.headers


@given(st.text() | st.from_regex(r"[/\\]{1,3}[\x00-\x20./\\a-z:@]*", fullmatch=True))
def test_after_logging_in_nobody_is_sent_to_another_site(asked: str) -> None:
    to = local_path(asked)
    # What browsers do with an address: they drop tabs and line breaks, and turn \ into /.
    read = to.translate({ord(c): None for c in "\t\r\n"}).strip().replace("\\", "/")

    assert read.startswith("/")
    assert not read.startswith("//")
    assert not urlsplit(read).scheme
    assert not urlsplit(read).netloc


@pytest.mark.parametrize("path", ["/", "/models", "/privacy/people?cursor=a%2Fb&x=1#y"])
def test_a_path_of_this_server_is_kept(path: str) -> None:
    assert local_path(path) == path
    assert parse_qs(urlsplit(log_in_path(path)).query).get("next", ["/"]) == [path]
