"""The plain pages for whoever is not logged in: what they take, say, set and never give away."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from http.cookies import SimpleCookie
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from fastapi import FastAPI
from hypothesis import given
from hypothesis import strategies as st

from tests.entry.http_house import PASSWORD, House, serving_house
from tests.entry.outbox import link
from visavis.core.errors import InvalidInput, Unavailable
from visavis.core.roles import Role
from visavis.entry.services import COOKIE
from visavis.entry.web import forms
from visavis.entry.web.app import add_forms
from visavis.entry.web.form_reading import MOST_BYTES
from visavis.entry.web.forms import EMAIL, filled
from visavis.entry.web.forms import PASSWORD as SECRET
from visavis.entry.web.guard import BY_FACE, FORMS, WITH_FACE
from visavis.usecases.set_up import SetUp

PAGES = sorted(FORMS - {"/logout"})
FORM = {"content-type": "application/x-www-form-urlencoded"}
OPEN = {"open_registration": True}


def prepare(app: FastAPI) -> None:
    add_forms(app, app.state.records)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("forms")
    with serving_house(folder, prepare=prepare, accounts=OPEN) as house:
        yield house


@pytest.fixture
def house(served: House) -> House:
    """Give the deployment, and a browser without cookies."""
    served.client.cookies.clear()
    return served


class Seen(HTMLParser):
    """Collects tags, attributes and text of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.inputs: dict[str, dict[str, str | None]] = {}
        self.text = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        if tag == "input":
            given = dict(attrs)
            self.inputs[str(given["name"])] = given

    def handle_data(self, data: str) -> None:
        self.text += data


def cookie_of(answer: httpx.Response, name: str = COOKIE) -> dict[str, str]:
    """Return the value and the attributes of a cookie that an answer sets."""
    for line in answer.headers.get_list("set-cookie"):
        jar: SimpleCookie = SimpleCookie(line)
        if name in jar:
            return {"value": jar[name].value} | {k: str(v) for k, v in jar[name].items() if v}
    return {}


def log_in(house: House, **form: str) -> httpx.Response:
    given = {"email": house.host.owner.email, "password": PASSWORD} | form
    return house.client.post("/login", data=given)


@pytest.mark.parametrize("path", [path for path in PAGES if path not in {BY_FACE, WITH_FACE}])
def test_nothing_runs_in_a_page_and_nobody_keeps_it(house: House, path: str) -> None:
    answer = house.client.get(path)
    policy = answer.headers["content-security-policy"]

    assert answer.status_code in {200, 403, 404}
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "script" not in policy + answer.text.lower()
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["referrer-policy"] == "same-origin"
    assert not re.search(r'\b(style|on\w+)="', answer.text)


@pytest.mark.parametrize("path", [BY_FACE, WITH_FACE])
def test_logging_in_by_face_begins_at_the_log_in_page(house: House, path: str) -> None:
    answer = house.client.get(path)
    assert (answer.status_code, answer.headers["location"]) == (303, "/login")
    assert answer.headers["cache-control"] == "no-store"


def test_the_page_with_the_camera_runs_our_own_scripts_and_no_other(house: House) -> None:
    answer = house.client.post(BY_FACE, data={"email": "nobody@nowhere.example"})
    policy = answer.headers["content-security-policy"]
    assert answer.status_code == 200
    assert "default-src 'none'" in policy
    assert "script-src 'self';" in policy
    assert "unsafe" not in policy
    assert answer.text.count("<script") == answer.text.count('<script defer src="assets/') == 2
    assert answer.headers["cache-control"] == "no-store"


def test_a_form_without_a_picture_or_a_challenge_comes_to_nothing(house: House) -> None:
    sent = {"email": (None, house.host.owner.email), "challenge": (None, "x")}
    answer = house.client.post(WITH_FACE, files=sent)
    assert answer.status_code == 422
    assert "There is no picture" in answer.text
    assert "set-cookie" not in answer.headers
    refused = house.client.post(WITH_FACE, files=sent | {"file": ("me.jpg", b"no picture")})
    assert refused.status_code == 401
    assert "does not open that account" in refused.text


def test_logging_in_sets_a_cookie_that_no_script_and_no_other_site_can_use(house: House) -> None:
    answer = log_in(house, next="/models?x=1")
    cookie = cookie_of(answer)

    assert (answer.status_code, answer.headers["location"]) == (303, "/models?x=1")
    assert cookie.pop("value").startswith("vvs_")
    assert cookie == {"path": "/", "httponly": "True", "samesite": "Lax", "max-age": "2592000"}


def test_the_cookie_of_a_site_with_https_goes_nowhere_else(tmp_path: Path) -> None:
    site = {"site": "https://faces.example"}
    with serving_house(tmp_path, prepare=prepare, server=site) as house:
        assert cookie_of(log_in(house))["secure"] == "True"


@pytest.mark.parametrize(
    "asked", ["//evil.example", "https://evil.example", "/\\evil.example", "evil", "/\tx", ""]
)
def test_logging_in_leads_to_no_other_site(house: House, asked: str) -> None:
    assert log_in(house, next=asked).headers["location"] == "/"
    assert "evil" not in house.client.get("/login", params={"next": asked}).text


def test_whoever_is_in_already_is_sent_on(house: House) -> None:
    cookie = f"{COOKIE}={house.cookie(house.host.owner)}"
    answer = house.client.get("/login?next=/models", headers={"cookie": cookie})

    assert (answer.status_code, answer.headers["location"]) == (303, "/models")


def test_a_wrong_password_and_an_unknown_address_read_the_same(house: House) -> None:
    known = log_in(house, password="not the right one")
    unknown = log_in(house, email="nobody@host.example", password="not the right one")

    told = [re.sub(r'value="[^"]*"', "", answer.text) for answer in (known, unknown)]
    assert (known.status_code, unknown.status_code) == (401, 401)
    assert told[0] == told[1]
    assert "set-cookie" not in known.headers
    assert 'role="alert"' in told[0]


def test_what_was_typed_stays_but_no_password_and_no_code(house: House) -> None:
    secret, code = "correct horse battery", "13579"
    sent = {"email": "ada at host", "full_name": "Ada <b>", "password": secret, "code": code}
    for path in PAGES:
        answer = house.client.post(path, data=sent | {"secret": "vvl_x"})
        seen = Seen(answer.text)
        assert answer.status_code >= 400, path
        assert secret not in answer.text
        assert code not in answer.text
        if "full_name" in seen.inputs:
            assert seen.inputs["full_name"]["value"] == "Ada <b>"


def test_password_managers_and_phones_know_what_goes_where(house: House) -> None:
    def complete(path: str) -> dict[str, str | None]:
        inputs = Seen(house.client.get(path).text).inputs
        return {name: given.get("autocomplete") for name, given in inputs.items()}

    login = {"next": None, "email": "username", "password": "current-password"}
    assert complete("/login") == login
    reset = {"email": "username", "code": "one-time-code", "password": "new-password"}
    assert complete("/reset") == reset
    code = Seen(house.client.get("/confirm").text).inputs["code"]
    assert (code["inputmode"], code["autocomplete"]) == ("numeric", "one-time-code")


def test_every_input_has_a_label_and_the_page_begins_at_the_first_empty_one(house: House) -> None:
    for path in ("/login", "/register", "/confirm", "/forgot", "/reset"):
        text = house.client.get(path).text
        seen = Seen(text)
        shown = [n for n, given in seen.inputs.items() if given.get("type") != "hidden"]
        assert all(f'<label for="{name}">' in text for name in shown), path
        assert ["autofocus" in seen.inputs[name] for name in shown].count(True) == 1


@given(st.text())
def test_what_people_type_is_only_ever_text(typed: str) -> None:
    def tags(value: str) -> list[str]:
        form = {"email": value, "password": value}
        error = InvalidInput(value)
        drawn = forms.form([filled(EMAIL, form), filled(SECRET, form)], value, error=error,
                           hidden={"next": value})  # fmt: skip
        return Seen(bytes(forms.page(value, drawn, forms.says(value)).body).decode()).tags

    assert tags(typed.encode("utf-8", "replace").decode()) == tags("a")


@pytest.mark.parametrize("path", [*PAGES, "/logout"])
def test_a_form_of_another_site_is_refused(house: House, path: str) -> None:
    sent = {"email": house.host.owner.email, "password": PASSWORD}
    other = {"sec-fetch-site": "cross-site", "origin": "https://evil.example"}

    assert house.client.post(path, data=sent, headers=other).status_code == 403


def test_a_form_is_refused_before_it_is_read_when_it_is_too_large(house: House) -> None:
    fits = b"email=" + b"a" * (MOST_BYTES - 6)

    def pieces(body: bytes) -> Iterator[bytes]:  # without a length beforehand
        yield body[:10_000]
        yield body[10_000:]

    def status(content: bytes | Iterator[bytes]) -> int:
        return house.client.post("/login", content=content, headers=FORM).status_code

    assert [status(fits), status(pieces(fits))] == [422, 422]
    assert [status(fits + b"a"), status(pieces(fits + b"a"))] == [413, 413]


def test_only_plain_forms_of_a_few_fields_are_read(house: House) -> None:
    many = "&".join(f"f{i}=1" for i in range(21))
    login = {"email": house.host.owner.email, "password": PASSWORD}

    assert house.client.post("/login", json=login).status_code == 415
    assert house.client.post("/login", files={"email": b"x"}).status_code == 415
    assert house.client.post("/login", content=many, headers=FORM).status_code == 400
    odd = "email=%ff%00&password=%ED%A0%80&code=\xff"
    assert house.client.post("/login", content=odd, headers=FORM).status_code == 422


def test_registering_reads_the_same_for_an_address_that_has_an_account(house: House) -> None:
    def answered(email: str) -> tuple[int, str, str]:
        sent = {"email": email, "full_name": "Ada", "password": PASSWORD}
        answer = house.client.post("/register", data=sent)
        return answer.status_code, answer.headers["location"], answer.text

    assert answered(house.host.owner.email) == answered("somebody-new@host.example")
    assert answered("another@host.example")[:2] == (303, "/confirm")


def test_an_address_goes_from_form_to_form_in_no_address_of_a_page(house: House) -> None:
    answer = house.client.post("/forgot", data={"email": "ada+x@host.example"})
    cookie = cookie_of(answer, "visavis-address")
    kept = f"visavis-address={cookie['value']}"

    assert answer.headers["location"] == "/reset"
    assert (cookie["httponly"], cookie["samesite"]) == ("True", "Lax")
    seen = Seen(house.client.get("/reset", headers={"cookie": kept}).text)
    assert seen.inputs["email"]["value"] == "ada+x@host.example"


def test_without_a_mail_server_the_pages_say_where_letters_are_but_not_the_folder(
    house: House, tmp_path: Path
) -> None:
    for path in ("/confirm", "/reset"):
        told = house.client.get(path).text
        assert "outbox folder" in told
        assert str(house.records.ground.settings.data) not in told
    with serving_house(tmp_path, prepare=prepare, mail={"host": "smtp.example"}) as sending:
        assert "outbox" not in sending.client.get("/confirm").text


def test_where_registration_is_closed_the_page_says_whom_to_ask(tmp_path: Path) -> None:
    contact = "Ann <Lee>, ann@firm.example"
    with serving_house(tmp_path, prepare=prepare, mail={"contact": contact}) as house:
        closed, login = house.client.get("/register"), house.client.get("/login").text
        sent = house.client.post(
            "/register", data={"email": "a@b.example", "full_name": "A", "password": PASSWORD}
        )
    assert "Ask Ann &lt;Lee&gt;, ann@firm.example to invite you" in closed.text
    assert "<form" not in closed.text
    assert 'href="register"' not in login
    assert sent.status_code == 403


def test_logging_out_ends_the_session_and_takes_the_cookie_away(house: House) -> None:
    cookie = {"cookie": f"{COOKIE}={house.cookie(house.host.owner)}"}
    first = house.client.post("/logout", headers=cookie)
    again = house.client.post("/logout", headers=cookie)

    for answer in (first, again):
        assert (answer.status_code, answer.headers["location"]) == (303, "/login")
        assert cookie_of(answer)["max-age"] == "0"
    assert house.client.get("/login", headers=cookie).status_code == 200


def test_an_invitation_lets_somebody_in_once(house: House) -> None:
    owner = house.records.callers.of_user(house.host.id, house.host.owner.id)
    assert owner is not None
    house.records.invitations.invite(owner, "new@host.example", Role.OPERATOR)
    house.records.ground.background.flush()
    address = urlsplit(link(house.records.ground.settings.data, "new@host.example"))
    secret = parse_qs(address.query)["secret"][0]

    page = house.client.get(f"{address.path}?{address.query}")
    seen = Seen(page.text)
    assert "as operator" in seen.text
    assert (seen.inputs["email"]["value"], "readonly" in seen.inputs["email"]) == (
        "new@host.example",
        True,
    )
    sent = {"secret": secret, "full_name": "New One", "password": PASSWORD}
    weak = house.client.post("/invitation", data=sent | {"password": "short"})
    joined = house.client.post("/invitation", data=sent)
    again = house.client.post("/invitation", data=sent)

    assert (weak.status_code, joined.status_code, again.status_code) == (422, 303, 404)
    assert cookie_of(joined)["value"].startswith("vvs_")
    assert "does not work any more" in again.text
    assert house.client.get("/invitation").status_code == 404


def test_a_fault_of_the_server_is_told_on_the_form(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object, **__: object) -> None:
        raise Unavailable("the database does not answer; try again")

    monkeypatch.setattr(type(house.records.sign_in), "open_browser", away)
    answer = log_in(house)

    assert answer.status_code == 503
    assert "The database does not answer; try again." in answer.text


def test_a_fresh_deployment_says_how_it_is_set_up(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(SetUp, "needed", lambda _: True)

    for path in ("/login", "/register"):
        told = Seen(house.client.get(path).text)
        assert "Open that address" in told.text
        assert "form" not in told.tags
    assert house.client.get("/set-up?secret=vvl_wrong").status_code == 403


def test_on_a_private_machine_the_forms_say_that_nobody_logs_in(tmp_path: Path) -> None:
    with serving_house(tmp_path, prepare=prepare, accounts={"login": False}) as house:
        for path in sorted(FORMS):
            sent = house.client.post(path, data={"email": "ann@lee.example"})
            for answer in (house.client.get(path), sent):
                assert "Nobody logs in on this machine" in answer.text
                assert "set-cookie" not in answer.headers
