"""Logging in over HTTP: from a fresh server to the end of a session."""

import re
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from email import message_from_bytes, policy
from urllib.parse import parse_qs, urlsplit

import httpx
import pyotp
import pytest

from tests.entry.http_house import OFTEN, PASSWORD, serving_house, unseen
from tests.entry.http_running import faulty_services, running
from visavis.core.roles import Role
from visavis.core.settings import load_settings
from visavis.credentials.roles import Permission
from visavis.entry.http_api.app import create_app
from visavis.entry.services import Records
from visavis.entry.wiring import open_people, open_records

GUEST = "guest@elsewhere.example"
NEW = "quite another set of words"
WRONG_CODE = "urn:visavis:problem:invalid-input"


@dataclass(frozen=True)
class Fresh:
    """A server on which nobody is."""

    client: httpx.Client
    records: Records

    def post(self, path: str, bearer: str = "", **body: object) -> httpx.Response:
        return self.ask("POST", path, bearer, **body)

    def ask(self, method: str, path: str, bearer: str = "", **body: object) -> httpx.Response:
        headers = {"Authorization": f"Bearer {bearer}"} if bearer else {}
        return self.client.request(method, f"/api/v1{path}", headers=headers, json=body)

    def secret(self) -> str:
        return parse_qs(urlsplit(self.records.set_up.link()).query)["secret"][0]

    def last_letter(self, to: str) -> str:
        """Return the text of the last letter to somebody."""
        self.records.ground.background.flush()
        outbox = self.records.ground.settings.data / "outbox"
        mails = [
            message_from_bytes(path.read_bytes(), policy=policy.default)
            for path in sorted(outbox.glob("*.eml"))
        ]
        mine = [mail for mail in mails if mail["To"] == to]
        assert mine, "no letter"
        body = mine[-1].get_body(("plain",))
        assert body
        return str(body.get_content())

    def code(self, to: str) -> str:
        found = re.search(r"^\s*(\d{6})\s*$", self.last_letter(to), re.MULTILINE)
        assert found
        return found[1]


@contextmanager
def serving_fresh(folder, **given) -> Iterator[Fresh]:
    settings = load_settings(**{"data": folder / "data", "throttle": OFTEN} | given)
    services = faulty_services(unseen, settings)
    with (
        closing(open_records(settings)) as records,
        running(create_app(services, records, open_people(services, records))) as client,
    ):
        yield Fresh(client, records)


@pytest.fixture
def fresh(tmp_path):
    with serving_fresh(tmp_path, accounts={"open_registration": True}) as made:
        yield made


@pytest.fixture
def set_up(fresh):
    """Give a server with an owner."""
    fresh.records.set_up.create_owner("owner@host.example", "Olga", PASSWORD)
    return fresh


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    with serving_house(tmp_path_factory.mktemp("house")) as made:
        yield made


def kind_of(answer):
    return answer.status_code, answer.json()["type"].rpartition(":")[2]


def test_a_server_is_set_up_once_with_the_link(fresh):
    order = {"email": GUEST, "full_name": "Ann Lee", "password": PASSWORD}
    assert kind_of(fresh.post("/set-up", secret="wrong", **order)) == (403, "not-allowed")
    made = fresh.post("/set-up", secret=fresh.secret(), organisation="The Shop", **order)
    assert made.status_code == 201
    assert made.json()["email"] == GUEST
    again = fresh.post("/set-up", secret=fresh.secret(), **order)
    assert kind_of(again) == (403, "not-allowed")
    tokens = fresh.post("/auth/login", email=GUEST, password=PASSWORD)
    assert tokens.status_code == 200
    assert fresh.ask("GET", "/me/sessions", tokens.json()["access_token"]).status_code == 200


def test_from_registering_to_logging_out(set_up):
    order = {"email": GUEST, "full_name": "Ann Lee", "password": PASSWORD}
    asked = set_up.post("/auth/register", **order)
    assert asked.status_code == 202
    code = set_up.code(GUEST)
    wrong = f"{(int(code) + 1) % 10**6:06}"
    assert kind_of(set_up.post("/auth/confirm", email=GUEST, code=wrong)) == (422, "invalid-input")
    login = {"email": GUEST, "password": PASSWORD}
    assert kind_of(set_up.post("/auth/login", **login)) == (401, "log-in")
    assert set_up.post("/auth/confirm", email=GUEST, code=code).status_code == 204
    first = set_up.post("/auth/login", **login)
    assert first.headers["cache-control"] == "no-store"
    assert first.json()["token_type"] == "Bearer"
    second = set_up.post("/auth/refresh", refresh_token=first.json()["refresh_token"]).json()
    assert second["session_id"] == first.json()["session_id"]
    assert set_up.post("/auth/logout", second["access_token"]).status_code == 204
    for answer in (
        set_up.post("/auth/logout", second["access_token"]),
        set_up.post("/auth/refresh", refresh_token=second["refresh_token"]),
    ):
        assert kind_of(answer) == (401, "log-in")
        assert answer.headers["www-authenticate"] == "Bearer"


def test_the_answers_about_letters_are_the_same_for_all(set_up):
    for path, more in (
        ("/auth/register", {"full_name": "Ann Lee", "password": NEW}),
        ("/auth/resend", {}),
        ("/auth/forgot", {}),
    ):
        known = set_up.post(path, email="owner@host.example", **more)
        unknown = set_up.post(path, email=GUEST, **more)
        assert known.status_code == unknown.status_code == 202
        assert known.content == unknown.content
        assert set(known.headers) == set(unknown.headers)


def test_a_forgotten_password_is_chosen_anew(set_up):
    email = "owner@host.example"
    tokens = set_up.post("/auth/login", email=email, password=PASSWORD).json()
    set_up.post("/auth/forgot", email=email)
    chosen = {"email": email, "code": set_up.code(email), "password": NEW}
    assert set_up.post("/auth/reset", **chosen).status_code == 204
    assert kind_of(set_up.post("/auth/reset", **chosen)) == (422, "invalid-input")
    assert set_up.post("/auth/logout", tokens["access_token"]).status_code == 401
    assert set_up.post("/auth/login", email=email, password=NEW).status_code == 200


def test_with_a_second_factor_a_code_is_asked_for(house):
    user = house.add_user(house.guest.id, Role.VIEWER)
    token = house.token(user)

    def ask(method, path, **body):
        return house.ask(method, f"/api/v1{path}", token, json=body)

    assert kind_of(ask("POST", "/me/totp", password="wrong")) == (403, "not-allowed")
    offer = ask("POST", "/me/totp", password=PASSWORD)
    assert offer.status_code == 201
    assert offer.headers["cache-control"] == "no-store"
    app = pyotp.TOTP(offer.json()["secret"])
    assert kind_of(ask("POST", "/me/totp/confirm", code="x")) == (422, "invalid-input")
    codes = ask("POST", "/me/totp/confirm", code=app.now()).json()["recovery_codes"]
    assert len(codes) == 10
    assert kind_of(ask("POST", "/me/totp", password=PASSWORD)) == (409, "already-there")
    login = {"email": user.email, "password": PASSWORD}

    def log_in(**more):
        return house.client.post("/api/v1/auth/login", json=login | more)

    assert kind_of(log_in()) == (401, "second-factor")
    assert kind_of(log_in(code="000000")) == (401, "second-factor")
    assert log_in(code=codes[0]).status_code == 200
    new = ask("POST", "/me/recovery-codes", password=PASSWORD)
    assert new.status_code == 201
    assert kind_of(log_in(code=codes[1])) == (401, "second-factor")
    assert log_in(code=new.json()["recovery_codes"][0]).status_code == 200
    assert ask("DELETE", "/me/totp", password=PASSWORD).status_code == 204
    assert kind_of(ask("DELETE", "/me/totp", password=PASSWORD)) == (404, "not-found")
    assert log_in().status_code == 200


def test_sessions_are_listed_with_this_one_marked_and_ended(house):
    user, other = (house.add_user(house.guest.id, Role.VIEWER) for _ in range(2))
    login = {"email": user.email, "password": PASSWORD}
    tokens = house.client.post(
        "/api/v1/auth/login", json=login, headers={"User-Agent": "a/1"}
    ).json()
    mine, theirs = tokens["access_token"], house.token(other)
    house.cookie(user)
    first = house.ask("GET", "/api/v1/me/sessions?limit=1", mine).json()
    rest = house.ask("GET", f"/api/v1/me/sessions?cursor={first['next']}", mine).json()
    listed = first["items"] + rest["items"]
    assert rest["next"] is None
    (current,) = [session for session in listed if session["current"]]
    assert (current["id"], current["user_agent"], current["address"]) == (
        *(tokens["session_id"], "a/1", "127.0.0.1"),
    )
    assert current["created_at"].endswith("Z")
    for session in listed:
        url = f"/api/v1/me/sessions/{session['id']}"
        assert house.ask("DELETE", url, theirs).status_code == 404
    assert house.ask("DELETE", "/api/v1/me/sessions/x", mine).status_code == 422
    (elsewhere,) = [session["id"] for session in listed if not session["current"]]
    url = f"/api/v1/me/sessions/{elsewhere}"
    assert [house.ask("DELETE", url, mine).status_code for _ in range(2)] == [204, 404]


def test_logging_out_everywhere_keeps_this_one_where_wanted(house):
    user = house.add_user(house.guest.id, Role.VIEWER)
    tokens = [house.token(user) for _ in range(3)]
    url = "/api/v1/auth/logout-everywhere"
    assert house.ask("POST", f"{url}?keep_this=true", tokens[0]).json() == {"sessions": 2}
    assert house.ask("POST", url, tokens[1]).status_code == 401
    assert house.ask("POST", url, tokens[0]).json() == {"sessions": 1}
    assert house.ask("POST", url, tokens[0]).status_code == 401


def test_a_browser_may_do_it_with_its_cookie(house):
    user = house.add_user(house.guest.id, Role.VIEWER)
    cookies = {"Cookie": f"visavis={house.cookie(user)}"}
    body = {"current": PASSWORD, "new": NEW}
    url = "/api/v1/me/password"
    elsewhere = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
    assert house.ask("POST", url, headers=cookies | elsewhere, json=body).status_code == 403
    assert house.ask("POST", url, headers=cookies, json=body).status_code == 204
    assert kind_of(house.ask("POST", url, headers=cookies, json=body)) == (403, "not-allowed")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/auth/logout"),
        ("POST", "/auth/logout-everywhere"),
        ("GET", "/me/sessions"),
        ("DELETE", f"/me/sessions/{'0' * 32}"),
        ("POST", "/me/password"),
        ("POST", "/me/totp"),
        ("POST", "/me/totp/confirm"),
        ("DELETE", "/me/totp"),
        ("POST", "/me/recovery-codes"),
    ],
)
def test_what_is_ones_own_is_for_people_only(house, method, path):
    key = house.key(house.guest.owner, *Permission)
    assert kind_of(house.ask(method, f"/api/v1{path}", key)) == (403, "not-allowed")
    assert kind_of(house.ask(method, f"/api/v1{path}")) == (401, "log-in")


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"email": GUEST},
        {"email": "no address", "password": PASSWORD},
        {"email": GUEST, "password": "x" * 257},
        {"email": GUEST, "password": PASSWORD, "role": "owner"},
        {"email": ["a@b.example"], "password": PASSWORD},
        {"email": "a" * 300 + "@b.example", "password": PASSWORD},
        {"email": "a\x00@b.example", "password": PASSWORD},
    ],
)
def test_what_does_not_fit_is_refused_and_never_repeated(house, body):
    answer = house.client.post("/api/v1/auth/login", json=body)
    assert kind_of(answer) == (422, "invalid-input")
    assert PASSWORD not in answer.text
    assert GUEST not in answer.text


def test_signs_that_no_database_takes_are_only_wrong(house):
    login = {"email": "a@b.example", "password": "\x00\x1f", "code": "\x00"}
    answer = house.client.post("/api/v1/auth/login", json=login)
    assert kind_of(answer) == (401, "log-in")
    half = b'{"email": "a@b.example", "password": "\\ud800 half a pair"}'
    headers = {"Content-Type": "application/json"}
    answer = house.client.post("/api/v1/auth/login", content=half, headers=headers)
    assert kind_of(answer) == (422, "invalid-input")


def test_a_program_may_call_itself_anything(house):
    user = house.add_user(house.guest.id, Role.VIEWER)
    login = {"email": user.email, "password": PASSWORD}
    headers = {b"User-Agent": b"\xff\x80" * 999}
    answer = house.client.post("/api/v1/auth/login", json=login, headers=headers)
    assert answer.status_code == 200
    listed = house.ask("GET", "/api/v1/me/sessions", answer.json()["access_token"]).json()
    assert listed["items"][0]["user_agent"] == "\xff" * 400


def test_who_tries_too_often_is_told_to_wait(tmp_path):
    with serving_fresh(tmp_path, throttle={}) as fresh:
        for number in range(10):
            email = f"n{number}@elsewhere.example"
            assert fresh.post("/auth/login", email=email, password=PASSWORD).status_code == 401
        answer = fresh.post("/auth/login", email=GUEST, password=PASSWORD)
        assert kind_of(answer) == (429, "overloaded")
        assert 0 < int(answer.headers["retry-after"]) <= 60


def test_where_registration_is_closed_it_says_what_to_do(tmp_path):
    with serving_fresh(tmp_path) as fresh:
        order = {"email": GUEST, "full_name": "Ann Lee", "password": PASSWORD}
        answer = fresh.post("/auth/register", **order)
        assert kind_of(answer) == (403, "not-allowed")
        assert "invitation" in answer.json()["detail"]


def test_every_answer_is_in_the_openapi_document(house):
    paths = house.client.get("/openapi.json").json()["paths"]
    statuses = {
        f"{method} {path.removeprefix('/api/v1')}": set(route["responses"])
        for path, methods in paths.items()
        for method, route in methods.items()
    }
    assert {"200", "401", "422", "429"} <= statuses["post /auth/login"]
    assert {"202", "403", "422", "429"} <= statuses["post /auth/register"]
    assert {"204", "401", "403", "404", "422"} <= statuses["delete /me/totp"]
    assert {"201", "401", "403", "409", "422"} <= statuses["post /me/totp"]
