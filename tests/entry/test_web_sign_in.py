"""Coming in and going out, in a real browser, on a real server that people have to log in to."""

from collections.abc import Iterator

import httpx
import pytest
from nicegui.version import __version__ as toolkit_version
from playwright.sync_api import Browser, Page, expect

from tests.entry.outbox import code, letters
from tests.entry.web_accounts import (
    EMAIL,
    NAME,
    PASSWORD,
    add_user,
    data_of,
    log_in,
    log_out,
    logged_in,
    menu,
    serving_accounts,
    set_up,
    set_up_path,
)
from tests.entry.web_browser import Site, blank, chromium, ready
from visavis.core.roles import Role
from visavis.core.settings import load_settings
from visavis.entry.web import visitor

expect.set_options(timeout=30_000)
PAGE = {"accept": "text/html,*/*"}
OPEN = {"VISAVIS_ACCOUNTS__OPEN_REGISTRATION": "true"}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def fresh(weights: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    root = tmp_path_factory.mktemp("accounts")
    with serving_accounts(root, load_settings().cache.absolute(), **OPEN) as site:
        yield site


@pytest.fixture(scope="module")
def first_seen(browser: Browser, fresh: Site) -> str:
    """Return what strangers read before anybody has set the server up."""
    with blank(browser, fresh) as page:
        page.goto(fresh.url)
        return page.get_by_role("main").inner_text()


@pytest.fixture(scope="module")
def site(browser: Browser, fresh: Site, first_seen: str) -> Site:
    """Give the server with its owner."""
    set_up(browser, fresh)
    return fresh


@pytest.fixture
def page(browser: Browser, site: Site) -> Iterator[Page]:
    with blank(browser, site) as page:
        yield page


def alert(page: Page, words: str) -> None:
    expect(page.get_by_role("alert")).to_contain_text(words)


def test_a_fresh_server_asks_for_the_link_that_it_printed(first_seen: str) -> None:
    assert "Nobody can log in yet" in first_seen
    assert "Open that address" in first_seen


def test_the_link_makes_the_owner_once(page: Page, site: Site) -> None:
    page.goto(site.url + set_up_path(site))

    alert(page, "This server is set up already")
    expect(page.locator("form")).to_have_count(0)


def test_logging_in_leads_to_the_page_that_was_asked_for(browser: Browser, site: Site) -> None:
    with logged_in(browser, site, "/models") as page:
        expect(page.get_by_role("heading", name="Models", exact=True)).to_be_visible()
        links = page.get_by_role("navigation", name="Pages", exact=True).get_by_role("link")
        expect(links.filter(has_text="Models")).to_have_attribute("aria-current", "page")
        cookies = {cookie["name"]: cookie for cookie in page.context.cookies()}
        assert (cookies["visavis"]["httpOnly"], cookies["visavis"]["sameSite"]) == (True, "Lax")
        assert page.evaluate("document.cookie") == ""


def test_a_wrong_password_keeps_the_address_and_says_so(page: Page, site: Site) -> None:
    page.goto(f"{site.url}/login")
    log_in(page, password="not the right one")

    alert(page, "The e-mail address or the password is wrong")
    expect(page).to_have_title("Error: Log in – Visavis")
    expect(page.get_by_label("E-mail")).to_have_value(EMAIL)
    expect(page.get_by_label("Password")).to_have_value("")
    expect(page.get_by_label("Password")).to_be_focused()


def test_registering_takes_the_code_from_the_letter(page: Page, site: Site) -> None:
    grace = "grace@host.example"
    page.goto(f"{site.url}/login")
    page.get_by_role("link", name="Make an account").click()
    page.get_by_label("Full name").fill("Grace <i>Hopper</i>")
    page.get_by_label("E-mail").fill(grace)
    page.get_by_label("Password").fill("short")
    page.get_by_role("button", name="Make the account").click()
    alert(page, "The password is too short")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Make the account").click()

    expect(page.get_by_label("E-mail")).to_have_value(grace)
    expect(page.get_by_role("main")).to_contain_text("outbox folder")
    first = code(data_of(site), grace)
    page.get_by_role("button", name="Send another code").click()
    expect(page.get_by_role("status")).to_contain_text("another code is on its way")
    second = code(data_of(site), grace, after=1)
    if first != second:
        page.get_by_label("Code").fill(first)
        page.get_by_role("button", name="Confirm").click()
        alert(page, "The code is wrong or has expired")
    page.get_by_label("Code").fill(second)
    page.get_by_role("button", name="Confirm").click()

    expect(page.get_by_role("status")).to_contain_text("Your e-mail address is confirmed")
    log_in(page, grace)
    ready(page)
    expect(page.get_by_role("button", name="Grace <i>Hopper</i>, menu")).to_be_visible()


def test_a_forgotten_password_is_replaced_and_ends_the_sessions(
    browser: Browser, page: Page, site: Site
) -> None:
    email, new = "forgetful@host.example", "six other words that nobody guesses"
    register(page, site, email)
    with logged_in(browser, site, email=email) as elsewhere:
        sent = len(letters(data_of(site), email))
        page.goto(f"{site.url}/login")
        page.get_by_role("link", name="Forgot your password?").click()
        page.get_by_label("E-mail").fill(email)
        page.get_by_role("button", name="Send the code").click()
        page.get_by_label("Code").fill(code(data_of(site), email, after=sent))
        page.get_by_label("New password").fill(new)
        page.get_by_role("button", name="Change the password").click()

        expect(page.get_by_role("status")).to_contain_text("You have a new password")
        log_in(page, email)
        alert(page, "is wrong")
        log_in(page, email, new)
        ready(page)
        expect(elsewhere.get_by_role("heading", name="Log in")).to_be_visible()


def register(page: Page, site: Site, email: str) -> None:
    """Make an account by the forms, without the pages of the toolkit."""
    page.goto(f"{site.url}/register")
    page.get_by_label("Full name").fill("Somebody")
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.get_by_label("Code").fill(code(data_of(site), email))
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Log in").wait_for()


def test_logging_out_ends_it_here_and_going_back_shows_nothing(
    browser: Browser, site: Site
) -> None:
    with logged_in(browser, site) as page:
        ready(page)
        before = {cookie["name"]: cookie["value"] for cookie in page.context.cookies()}
        log_out(page)

        assert "visavis" not in {cookie["name"] for cookie in page.context.cookies()}
        page.goto(f"{site.url}/profile")
        expect(page.get_by_role("heading", name="Log in")).to_be_visible()
        kept = httpx.get(f"{site.url}/models", headers=PAGE, cookies=before)
        assert kept.status_code == 303


def test_an_open_page_closes_when_its_session_ends_elsewhere(browser: Browser, site: Site) -> None:
    with logged_in(browser, site) as one, logged_in(browser, site, "/models") as other:
        ready(one)
        other.get_by_role("heading", name="Models", exact=True).wait_for()
        log_out(one)
        assert other.url == f"{site.url}/models"  # it was another session
        other.context.request.post(f"{site.url}/logout")

        expect(other.get_by_role("heading", name="Log in")).to_be_visible(
            timeout=60_000 + 2_000 * visitor.WATCH_EVERY_S
        )
        assert other.url == f"{site.url}/login?next=%2Fmodels"
        log_in(other)
        expect(other.get_by_role("heading", name="Models", exact=True)).to_be_visible()


def test_a_viewer_arrives_at_a_page_that_is_for_viewers(browser: Browser, site: Site) -> None:
    email = add_user(site, "Viola", Role.VIEWER)
    with blank(browser, site) as page:
        page.goto(site.url)
        log_in(page, email)
        expect(page).to_have_url(f"{site.url}/jobs")
        pages = page.get_by_role("navigation", name="Pages", exact=True)
        seen = ["Jobs", "Results", "People", "Models", "API"]
        expect(pages.get_by_role("link")).to_have_text(seen)
        page.goto(f"{site.url}/users")
        expect(page.locator(".vv-main")).to_contain_text("This page is not for the role viewer")


def test_all_of_it_works_without_a_mouse(page: Page, site: Site) -> None:
    page.goto(f"{site.url}/models")
    expect(page.get_by_label("E-mail")).to_be_focused()
    page.keyboard.type(EMAIL)
    page.keyboard.press("Tab")
    expect(page.get_by_label("Password")).to_be_focused()
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Models", exact=True).wait_for()

    who = page.get_by_role("button", name=f"{NAME}, menu")
    who.focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Profile and security")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Log out")).to_be_focused()
    page.keyboard.press("Enter")

    expect(page.get_by_role("heading", name="Log in")).to_be_visible()


@pytest.mark.parametrize("path", ["/login", "/register", "/confirm", "/forgot", "/reset"])
def test_the_forms_fit_a_narrow_phone(browser: Browser, site: Site, path: str) -> None:
    with blank(browser, site, width=360) as page:
        page.goto(site.url + path)
        assert page.evaluate("document.documentElement.scrollWidth") == 360
        for button in page.get_by_role("button").all():
            box = button.bounding_box()
            assert box is not None
            assert box["height"] >= 44


def test_the_bar_fits_a_narrow_phone_and_its_menu_has_the_pages(
    browser: Browser, site: Site
) -> None:
    with logged_in(browser, site, width=360) as page:
        ready(page)
        assert page.evaluate("document.documentElement.scrollWidth") == 360
        menu(page)
        page.get_by_role("navigation", name="All pages").get_by_role("link", name="Models").click()
        expect(page.get_by_role("heading", name="Models", exact=True)).to_be_visible()


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/", 303),
        ("/models", 303),
        ("/profile", 303),
        ("/nothing", 303),
        (f"/_nicegui/{toolkit_version}/static/nicegui.css", 401),
        ("/_nicegui_ws/socket.io/?EIO=4&transport=polling", 401),
        ("/pictures/token/view.jpg", 303),
        ("/assets/theme.css", 200),
        ("/assets/../app.py", 303),
        ("/healthz", 200),
    ],
)
def test_strangers_are_served_nothing_of_the_pages(site: Site, path: str, status: int) -> None:
    assert httpx.get(site.url + path, headers=PAGE).status_code == status
