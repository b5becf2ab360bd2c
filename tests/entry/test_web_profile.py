"""The page about oneself in a real browser: what is shown, changed, made once and taken along."""

import re
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pyotp
import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.entry.outbox import code, letters
from tests.entry.web_accounts import (
    EMAIL,
    ORGANISATION,
    PASSWORD,
    add_user,
    data_of,
    log_in,
    log_out,
    logged_in,
    serving_accounts,
    set_up,
)
from tests.entry.web_browser import Site, blank, chromium, opened, ready, serving
from visavis.core.roles import Role
from visavis.core.settings import load_settings
from visavis.entry.web.agents import device

expect.set_options(timeout=30_000)
PATH = "/profile"
PHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like "
    "Gecko) Version/17.5 Mobile/15E148 Safari/604.1"
)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def site(
    browser: Browser, weights: None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    root = tmp_path_factory.mktemp("profile")
    with serving_accounts(root, load_settings().cache.absolute()) as site:
        set_up(browser, site)
        yield site


@contextmanager
def profile(
    browser: Browser, site: Site, email: str = EMAIL, **options: int | str
) -> Iterator[Page]:
    with logged_in(browser, site, PATH, email, **options) as page:
        page.get_by_role("heading", name="Profile and security").wait_for()
        yield page


def section(page: Page, name: str) -> Locator:
    return page.get_by_role("region", name=name)


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def dialog(page: Page, name: str) -> Locator:
    return page.get_by_role("dialog", name=name)


def told(page: Page, words: str) -> None:
    expect(page.locator(".vv-told")).to_contain_text(words)


@pytest.mark.parametrize("width", [1280, 360])
def test_the_page_says_who_one_is_and_where_one_is_logged_in(
    browser: Browser, site: Site, width: int
) -> None:
    with profile(browser, site, width=width) as page:
        account = section(page, "Your account")
        expect(account).to_contain_text(EMAIL)
        expect(account).to_contain_text(f"{ORGANISATION}, as owner")
        expect(account).to_contain_text("Off: whoever knows your password can log in.")
        first = section(page, "Where you are logged in").get_by_role("listitem").first
        expect(first).to_contain_text("Chrome on Linux")
        expect(first).to_contain_text("this browser")
        expect(first.get_by_role("button")).to_have_count(0)
        assert page.evaluate("document.documentElement.scrollWidth") == width


def test_the_name_is_changed_and_shown_as_it_was_typed(browser: Browser, site: Site) -> None:
    email = add_user(site, "Nadia")
    with profile(browser, site, email) as page:
        press(page, "Change the name")
        asked = dialog(page, "Change your name")
        asked.get_by_label("Full name").fill("  ")
        asked.get_by_role("button", name="Change").click()
        expect(asked.get_by_role("alert")).to_contain_text("The user needs a name")
        asked.get_by_label("Full name").fill("Nadia <b>Noor</b>")
        page.keyboard.press("Enter")

        told(page, "Your name is changed.")
        expect(section(page, "Your account")).to_contain_text("Nadia <b>Noor</b>")
        page.reload()
        expect(page.get_by_role("button", name="Nadia <b>Noor</b>, menu")).to_be_visible()


def test_another_address_counts_once_its_code_was_typed(browser: Browser, site: Site) -> None:
    email, new = add_user(site, "Emma"), "emma.new@host.example"
    with profile(browser, site, email) as page:
        press(page, "Change the address")
        asked = dialog(page, "Change your e-mail address")
        asked.get_by_label("New e-mail").fill(new)
        asked.get_by_label("Your password").fill("not the right one")
        press(page, "Send a code there")
        expect(asked.get_by_role("alert")).to_contain_text("The password is wrong")
        asked.get_by_label("Your password").fill(PASSWORD)
        press(page, "Send a code there")

        field = page.get_by_role("textbox", name="Code")
        expect(field).to_be_focused()
        field.fill("12345")
        press(page, "Confirm")
        expect(page.locator(".va-panel").get_by_role("alert")).to_contain_text("The code is wrong")
        expect(section(page, "Your account")).to_contain_text(email)
        field.fill(code(data_of(site), new))
        press(page, "Confirm")

        told(page, "You log in with your new address from now on.")
        expect(section(page, "Your account")).to_contain_text(new)
        expect(field).to_have_count(0)
    assert "was changed" in letters(data_of(site), email)[-1]


def test_a_new_password_ends_the_other_sessions(browser: Browser, site: Site) -> None:
    email, new = add_user(site, "Pia"), " a long one with blanks around it "
    with profile(browser, site, email) as page, logged_in(browser, site, email=email) as other:
        ready(other)
        press(page, "Change the password")
        asked = dialog(page, "Change your password")
        asked.get_by_label("Current password").fill(PASSWORD)
        asked.get_by_label("New password").fill("pia")
        page.keyboard.press("Enter")
        expect(asked.get_by_role("alert")).to_contain_text("too short")
        asked.get_by_label("New password").fill(new)
        page.keyboard.press("Enter")

        told(page, "Your password is changed")
        expect(other.get_by_role("heading", name="Log in")).to_be_visible()
        log_in(other, email, new)
        ready(other)


def test_a_second_factor_is_asked_for_from_then_on(browser: Browser, site: Site) -> None:
    email = add_user(site, "Otto")
    with profile(browser, site, email) as page:
        press(page, "Set up")
        dialog(page, "Set up a second factor").get_by_label("Your password").fill(PASSWORD)
        page.keyboard.press("Enter")
        field = page.get_by_role("textbox", name="Code")
        expect(field).to_be_focused()
        expect(page.get_by_role("img", name="QR code").locator("svg")).to_be_visible()
        app = pyotp.TOTP(page.locator(".va-panel code").inner_text().replace(" ", ""))
        field.fill("000000")
        page.keyboard.press("Enter")
        expect(page.locator(".va-panel").get_by_role("alert")).to_contain_text("The code is wrong")
        field.fill(app.now())
        page.keyboard.press("Enter")

        once = page.locator("#va-once")
        expect(once).to_be_focused()
        codes = once.inner_text().split()
        assert len(codes) == 10
        press(page, "I have kept it")
        expect(once).to_have_count(0)
        expect(section(page, "Your account")).to_contain_text("You have 10 recovery codes left.")
        log_out(page, "Otto")

        assert logs_in(page, email, codes[0])
        page.goto(site.url + PATH)
        expect(section(page, "Your account")).to_contain_text("You have 9 recovery codes left.")
        log_out(page, "Otto")
        assert not logs_in(page, email, codes[0])  # it works once
        assert not logs_in(page, email, "000000")
        assert logs_in(page, email, codes[1])

        page.goto(site.url + PATH)
        press(page, "Remove the factor")
        asked = dialog(page, "Remove the second factor?")
        asked.get_by_label("Your password").fill(PASSWORD)
        press(page, "Remove it")
        told(page, "The second factor is removed.")
        log_out(page, "Otto")
        log_in(page, email)
        ready(page)


def logs_in(page: Page, email: str, typed: str) -> bool:
    """Log in with both factors; return whether it worked, and go back to the beginning if not."""
    log_in(page, email)
    expect(page.get_by_role("main")).to_contain_text("This account has a second factor")
    assert PASSWORD not in page.content()
    expect(page.get_by_label("E-mail")).to_have_value(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_label("Code").fill(typed)
    page.keyboard.press("Enter")
    bar_or_fault = page.locator(".vv-bar").or_(page.get_by_role("alert"))
    bar_or_fault.first.wait_for()
    if page.locator(".vv-bar").count():
        return True
    expect(page.get_by_role("alert")).to_contain_text("This code is wrong or was used before")
    page.get_by_role("link", name="Use another account").click()
    return False


def test_sessions_are_ended_one_by_one_or_all_at_once(browser: Browser, site: Site) -> None:
    email = add_user(site, "Sara")
    with (
        profile(browser, site, email) as page,
        logged_in(browser, site, "/models", email, user_agent=PHONE) as phone,
        logged_in(browser, site, "/models", email) as desk,
    ):
        page.reload()
        here = section(page, "Where you are logged in")
        expect(here.get_by_role("listitem")).to_have_count(3)
        press(page, "End Safari on iPhone session")
        told(page, "The session has ended.")
        expect(phone.get_by_role("heading", name="Log in")).to_be_visible()
        expect(here.get_by_role("listitem")).to_have_count(2)
        press(page, "End all others")
        told(page, "All other sessions have ended.")
        expect(desk.get_by_role("heading", name="Log in")).to_be_visible()
        expect(here.get_by_role("listitem")).to_have_count(1)
        expect(here).to_contain_text("this browser")


def test_a_key_is_shown_once_does_what_was_ticked_and_is_revoked(
    browser: Browser, site: Site
) -> None:
    with profile(browser, site) as page:
        press(page, "Make a key")
        asked = dialog(page, "Make a key")
        expect(asked.get_by_text("See how this server is set up")).to_be_hidden()
        asked.get_by_label("Name").fill("watcher <1>")
        asked.get_by_label("Only some of it").check()
        press(page, "Make it")
        expect(asked.get_by_role("alert")).to_contain_text("A key needs at least one scope")
        asked.get_by_label("See how this server is set up").check()
        asked.get_by_label("It works for").select_option("30 days")
        press(page, "Make it")

        secret = page.locator("#va-once").inner_text().strip()
        assert secret.startswith("vv_")
        keys = section(page, "API keys")
        expect(keys).to_contain_text("watcher <1>")
        expect(keys).to_contain_text("may: settings:read")
        assert [asks(site, path, secret) for path in ("/metrics", "/api/v1/analyze")] == [200, 403]
        page.reload()
        expect(section(page, "API keys")).to_contain_text("watcher <1>")
        assert secret not in page.content()

        press(page, "Revoke the key watcher <1>")
        press(page, "Revoke it")
        told(page, "The key is revoked.")
        expect(section(page, "API keys")).to_contain_text("You have no keys.")
        page.get_by_text("1 key that work no more").click()
        expect(section(page, "API keys")).to_contain_text(re.compile("revoked .* 20"))
        assert asks(site, "/metrics", secret) == 401


def asks(site: Site, path: str, secret: str) -> int:
    """Return how a program with a key is answered."""
    bearer = {"Authorization": f"Bearer {secret}"}
    method = "POST" if path.startswith("/api") else "GET"
    return httpx.request(method, site.url + path, headers=bearer).status_code


def test_ones_data_is_saved_as_a_zip(browser: Browser, site: Site, tmp_path: Path) -> None:
    with profile(browser, site) as page:
        with page.expect_download() as download:
            press(page, "Save my data")
        target = tmp_path / "mine.zip"
        download.value.save_as(target)

    assert download.value.suggested_filename == "my-visavis-data.zip"
    with zipfile.ZipFile(target) as saved:
        assert saved.testzip() is None
        assert any(EMAIL.encode() in saved.read(name) for name in saved.namelist())


def test_whoever_deletes_their_account_is_out(browser: Browser, site: Site) -> None:
    email = add_user(site, "Dora")
    with profile(browser, site, email) as page:
        press(page, "Delete my account")
        asked = dialog(page, "Delete your account?")
        asked.get_by_label("Your password").fill("not the right one")
        asked.get_by_role("button", name="Delete my account").click()
        expect(asked.get_by_role("alert")).to_contain_text("The password is wrong")
        asked.get_by_label("Your password").fill(PASSWORD)
        asked.get_by_role("button", name="Delete my account").click()

        expect(page.get_by_role("heading", name="Log in")).to_be_visible()
        assert page.url == f"{site.url}/login"
        log_in(page, email)
        expect(page.get_by_role("alert")).to_contain_text("is wrong")


def test_the_last_owner_cannot_leave_the_others_alone(browser: Browser, site: Site) -> None:
    add_user(site, "Rest")
    with profile(browser, site) as page:
        press(page, "Delete my account")
        asked = dialog(page, "Delete your account?")
        asked.get_by_label("Your password").fill(PASSWORD)
        asked.get_by_role("button", name="Delete my account").click()

        expect(asked.get_by_role("alert")).to_contain_text("You are the last owner")
        page.keyboard.press("Escape")
        expect(asked).to_have_count(0)


def test_who_may_have_no_keys_sees_nothing_of_them(browser: Browser, site: Site) -> None:
    with profile(browser, site, add_user(site, "Vera", Role.VIEWER)) as page:
        expect(section(page, "Your data")).to_be_visible()
        expect(section(page, "API keys")).to_have_count(0)


def test_on_a_private_machine_only_what_makes_sense_there_is_shown(
    browser: Browser, weights: None, tmp_path: Path
) -> None:
    with (
        serving(tmp_path, load_settings().cache.absolute()) as site,
        opened(browser, site) as page,
    ):
        page.get_by_role("button", name="This machine, menu").click()
        expect(page.get_by_role("button", name="Log out")).to_have_count(0)
        page.get_by_role("link", name="Profile and security").click()

        expect(section(page, "Your account")).to_contain_text("This machine")
        expect(section(page, "API keys")).to_be_visible()
        expect(page.get_by_text("Password", exact=True)).to_have_count(0)
        expect(section(page, "Where you are logged in")).to_have_count(0)
        expect(page.get_by_role("button", name="Delete my account")).to_have_count(0)
        with blank(browser, site) as other:
            other.goto(f"{site.url}/login")
            expect(other.get_by_role("heading")).to_have_text("Nobody logs in on this machine")


@pytest.mark.parametrize(
    ("agent", "said"),
    [
        (PHONE, "Safari on iPhone"),
        (
            "Mozilla/5.0 (Windows NT 10.0) AppleWebKit Chrome/126.0 Safari/537 Edg/126",
            "Edge on Windows",
        ),
        (
            "Mozilla/5.0 (X11; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0",
            "Firefox on Linux",
        ),
        ("Mozilla/5.0 (Linux; Android 14) Chrome/126.0 Mobile Safari/537.36", "Chrome on Android"),
        ("curl/8.5.0\x07", "curl/8.5.0"),
        ("", "An unnamed program"),
        ("x" * 400, "x" * 60),
    ],
)
def test_browsers_are_called_what_people_call_them(agent: str, said: str) -> None:
    assert device(agent) == said
