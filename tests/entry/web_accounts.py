"""People in a browser: they make accounts, log in, and look at their profile."""

import re
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, expect

from tests.entry.web_browser import Site, blank, ready, serving
from visavis.core.roles import Role
from visavis.core.settings import load_settings
from visavis.credentials.passwords import hash_password
from visavis.entry.wiring import open_records
from visavis.store.kinds import UserState

PASSWORD = "five plain words are enough"
NAME, EMAIL, ORGANISATION = "Ada Lovelace", "ada@host.example", "Analytical Engines"
OFTEN = {
    f"VISAVIS_THROTTLE__{kind}": "100000 per minute"
    for kind in ("PER_ADDRESS", "PER_KEY", "LOGIN", "MAIL")
}


@contextmanager
def serving_accounts(root: Path, cache: Path, **settings: str) -> Iterator[Site]:
    """Run a server where people log in, and where limits do not get into the way of tests."""
    own = {"VISAVIS_ACCOUNTS__LOGIN": "true", "VISAVIS_ACCOUNTS__CODE_COOLDOWN_S": "0"}
    with serving(root, cache, **(OFTEN | own | settings)) as site:
        yield site


def data_of(site: Site) -> Path:
    """Return the data folder of a server."""
    return site.folders[0]


def set_up_path(site: Site) -> str:
    """Return the path of the link that the server printed."""
    found = re.search(r"/set-up\?secret=\S+", "".join(site.said))
    assert found, site.said
    return found[0]


def set_up(browser: Browser, site: Site) -> None:
    """Make the owner by the link that the server printed."""
    with blank(browser, site) as page:
        page.goto(site.url + set_up_path(site))
        page.get_by_label("Full name").fill(NAME)
        page.get_by_label("E-mail").fill(EMAIL)
        page.get_by_label("Organisation").fill(ORGANISATION)
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Make the account").click()
        ready(page)


def log_in(page: Page, email: str = EMAIL, password: str = PASSWORD) -> None:
    """Fill in and send the log-in form that is open."""
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Log in").click()


def add_user(site: Site, name: str, role: Role = Role.OPERATOR) -> str:
    """Make a user of the owner's organisation with `PASSWORD`; return their address."""
    email = f"{name.lower()}@host.example"
    settings = load_settings(data=data_of(site))
    with closing(open_records(settings)) as records, records.ground.store.work() as work:
        tenant = work.tenants.first()
        assert tenant is not None
        now, hashed = records.ground.clock(), hash_password(PASSWORD)
        work.users.add(tenant.id, email, name, hashed, role, now, UserState.ACTIVE)
    return email


@contextmanager
def logged_in(
    browser: Browser, site: Site, path: str = "/", email: str = EMAIL, **options: int | str
) -> Iterator[Page]:
    """Log in on the way to a page."""
    with blank(browser, site, **options) as page:  # type: ignore[arg-type]
        page.goto(site.url + path)
        log_in(page, email)
        expect(page).to_have_url(site.url + path)
        yield page


def menu(page: Page, name: str = NAME) -> None:
    """Open the menu of whoever is logged in."""
    page.get_by_role("button", name=f"{name}, menu").click()


def log_out(page: Page, name: str = NAME) -> None:
    """Log out by the menu."""
    menu(page, name)
    page.get_by_role("button", name="Log out").click()
    page.get_by_role("heading", name="Log in").wait_for()
