"""Logging in by face in a real browser: set up on the profile page, used on the log-in page."""

from collections.abc import Iterator
from pathlib import Path

import pyotp
import pytest
from playwright.sync_api import Browser, FilePayload, Page, expect

from tests.entry.web_accounts import EMAIL, PASSWORD, log_out, logged_in
from tests.entry.web_browser import Site, blank, chromium, ready
from tests.entry.web_office import owner_of, records_of, served, told
from tests.usecases.enrolled import portrait
from visavis.core.purposes import Purpose
from visavis.store.kinds import Mode

expect.set_options(timeout=30_000)
TEXT = "We keep what a computer sees of your face, so that you can log in with it."
OWNER, STRANGER = 3, 11
"""Whose portraits."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def site(weights: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with served(tmp_path_factory.mktemp("face")) as site:
        yield site


def file(shared_data: Path, number: int, *, smiling: bool = False) -> FilePayload:
    data = portrait(shared_data, number, smiling=smiling).data
    return FilePayload(name="me.jpg", mimeType="image/jpeg", buffer=data)


def rules(site: Site) -> None:
    """Let the organisation's users log in by face."""
    with records_of(site) as records:
        owner = owner_of(records)
        records.privacy.change(owner, mode=Mode.VERIFY, purposes={Purpose.FACE_LOGIN})
        records.notices.add(owner, Purpose.FACE_LOGIN, "en", TEXT)


def second_factor(site: Site) -> tuple[str, ...]:
    """Add a second factor to the owner; return the recovery codes."""
    with records_of(site) as records:
        owner = owner_of(records)
        offer = records.second_factor.begin(owner, PASSWORD)
        return records.second_factor.confirm(owner, pyotp.TOTP(offer.secret).now())


def by_face(page: Page, site: Site, picture: FilePayload, code: str) -> None:
    """Fill in and send the forms to log in by face."""
    page.goto(f"{site.url}/login")
    page.get_by_label("E-mail").fill(EMAIL)
    page.get_by_role("button", name="Use my face").click()
    page.get_by_role("button", name="Choose a picture instead").click()
    page.get_by_label("A picture of you alone").set_input_files(picture)
    page.get_by_label("Code").fill(code)
    page.get_by_role("button", name="Log in").click()


def test_a_face_is_set_up_opens_the_account_and_is_erased(
    browser: Browser, site: Site, shared_data: Path
) -> None:
    with logged_in(browser, site, "/profile") as page:
        face = page.get_by_role("region", name="Your account").locator("div", has_text="Your face")
        expect(face.last).to_contain_text("an admin can")
        rules(site)
        page.reload()
        expect(face.last).to_contain_text("a second factor is needed")
        codes = second_factor(site)
        page.reload()

        page.get_by_role("button", name="Set up your face").click()
        dialog = page.get_by_role("dialog")
        expect(dialog).to_contain_text(TEXT)
        dialog.get_by_label("I agree").check()
        dialog.get_by_label("I am of age").check()
        dialog.get_by_label("Your password").fill(PASSWORD)
        dialog.get_by_role("button", name="Go on").click()
        page.get_by_role("heading", name="Take a picture of yourself").wait_for()
        page.locator("#vv-input").set_input_files(file(shared_data, OWNER))
        told(page, "You can log in with your face from now on.")
        expect(face.last).to_contain_text("A photo of you may pass")
        page.goto(f"{site.url}/")
        log_out(page)

        by_face(page, site, file(shared_data, STRANGER), codes[0])
        expect(page.get_by_role("alert")).to_contain_text("does not open that account")
        by_face(page, site, file(shared_data, OWNER, smiling=True), "000000")
        expect(page.get_by_role("alert")).to_contain_text("code is missing or wrong")
        by_face(page, site, file(shared_data, OWNER, smiling=True), codes[0])
        ready(page)

        page.goto(f"{site.url}/profile")
        page.get_by_role("button", name="Remove your face").click()
        page.get_by_role("button", name="Erase it").click()
        told(page, "Your face is erased")
        expect(face.last).to_contain_text("Off")


def test_the_page_runs_only_our_own_scripts_and_begins_at_the_log_in_page(
    browser: Browser, site: Site
) -> None:
    with blank(browser, site) as page:
        page.goto(f"{site.url}/face")
        page.get_by_role("heading", name="Log in").wait_for()
        page.get_by_label("E-mail").fill("nobody@nowhere.example")
        with page.expect_response("**/face") as answer:
            page.get_by_role("button", name="Use my face").click()
        assert "script-src 'self';" in answer.value.headers["content-security-policy"]
        assert "no-store" in answer.value.headers["cache-control"]
        expect(page.get_by_text("Nobody looks yet whether it is you")).to_be_visible()
