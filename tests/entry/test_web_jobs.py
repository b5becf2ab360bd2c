"""The page about jobs in a real browser, with real pictures and files that are none."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, FilePayload, Locator, Page, expect

from tests.entry.http_jobs import portrait
from tests.entry.web_accounts import add_user, logged_in
from tests.entry.web_browser import Site, chromium
from tests.entry.web_office import PHONE, fits, owner_of, records_of, served
from tests.entry.web_people import bring
from visavis.core.roles import Role
from visavis.store.kinds import Mode

expect.set_options(timeout=30_000)

BROKEN = FilePayload(name="broken.jpg", mimeType="image/jpeg", buffer=b"no picture")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def site(weights: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with served(tmp_path_factory.mktemp("jobs"), VISAVIS_JOBS__SWEEP_S="0.5") as site:
        yield site


@pytest.fixture
def page(browser: Browser, site: Site) -> Iterator[Page]:
    with logged_in(browser, site, "/jobs") as page:
        yield page


def picture(shared_data: Path, number: int) -> FilePayload:
    name, data = portrait(shared_data, number)
    return FilePayload(name=name, mimeType="image/jpeg", buffer=data)


def job(page: Page, name: str) -> Locator:
    return page.get_by_role("list", name="Jobs").get_by_role("listitem").filter(has_text=name)


def queue(page: Page, name: str) -> Locator:
    cards = page.get_by_role("list", name="Queues").get_by_role("listitem")
    return cards.filter(has=page.get_by_role("heading", name=name))


def test_pictures_are_sent_followed_and_what_is_broken_says_why(
    page: Page, shared_data: Path
) -> None:
    expect(page.get_by_role("heading", name="Send pictures, and come back later")).to_be_visible()
    bring(page, *(picture(shared_data, i) for i in range(3)), BROKEN)
    batch = page.get_by_role("list", name="Batches").get_by_role("listitem")
    expect(batch).to_contain_text("4 pictures")
    expect(batch).to_contain_text("3 done · 1 parked")
    expect(batch.get_by_role("progressbar")).to_have_attribute("aria-valuenow", "100")
    expect(job(page, "broken.jpg")).to_contain_text("The content is no picture")
    expect(job(page, "0.jpg")).to_contain_text("1 face")
    expect(job(page, "0.jpg").get_by_role("img")).to_have_count(0)  # it only repeats the name
    batch.get_by_role("button", name="Put away").click()
    expect(batch).to_have_count(0)
    page.get_by_role("button", name="Parked").click()
    expect(page.get_by_role("list", name="Jobs").get_by_role("listitem")).to_have_count(1)
    expect(page).to_have_url(page.url.split("?")[0] + "?state=parked")
    job(page, "broken.jpg").get_by_role("button", name="Retry").click()
    expect(job(page, "broken.jpg")).to_contain_text("The content is no picture")
    page.get_by_role("button", name="Waiting").click()
    expect(page.get_by_text("No job is waiting at the moment.")).to_be_visible()
    page.get_by_role("button", name="All").click()
    job(page, "0.jpg").get_by_role("link", name="Show result").click()
    expect(page).to_have_url(page.url)
    page.wait_for_url("**/results/*")


def test_a_queue_is_paused_and_what_waits_is_cancelled_and_begun_again(
    page: Page, shared_data: Path
) -> None:
    queue(page, "pictures").get_by_role("button", name="Pause").click()
    expect(queue(page, "pictures")).to_contain_text("Paused")
    bring(page, picture(shared_data, 5), picture(shared_data, 6))
    expect(job(page, "5.jpg")).to_contain_text("Waiting")
    job(page, "5.jpg").get_by_role("button", name="Cancel").click()
    expect(job(page, "5.jpg")).to_contain_text("Cancelled")
    page.get_by_role("button", name="Cancel all").click()
    expect(job(page, "6.jpg")).to_contain_text("Cancelled")
    queue(page, "pictures").get_by_role("button", name="Resume").click()
    expect(queue(page, "pictures")).not_to_contain_text("Paused")
    job(page, "5.jpg").get_by_role("button", name="Start again").click()
    expect(job(page, "5.jpg")).to_contain_text("1 face")
    expect(job(page, "6.jpg")).to_contain_text("Cancelled")


def test_nothing_that_stays_the_same_is_drawn_anew(page: Page, shared_data: Path) -> None:
    bring(page, picture(shared_data, 7))
    expect(job(page, "7.jpg")).to_contain_text("1 face")
    mark = "(row) => { row.dataset.seen = 'yes'; }"
    job(page, "7.jpg").locator(".vj-job").evaluate(mark)
    job(page, "7.jpg").get_by_role("link").focus()
    bring(page, picture(shared_data, 8))
    expect(job(page, "8.jpg")).to_contain_text("1 face")
    expect(job(page, "7.jpg").locator("[data-seen=yes]")).to_have_count(1)
    expect(job(page, "7.jpg").get_by_role("link")).to_be_focused()


def test_it_fits_a_phone(browser: Browser, site: Site) -> None:
    with logged_in(browser, site, "/jobs", width=PHONE) as page:
        expect(page.get_by_role("heading", name="Jobs", exact=True)).to_be_visible()
        fits(page)


def test_a_viewer_sees_jobs_and_changes_none(browser: Browser, site: Site) -> None:
    email = add_user(site, "Vera", Role.VIEWER)
    with logged_in(browser, site, "/jobs", email) as page:
        expect(page.get_by_role("heading", name="Jobs", exact=True)).to_be_visible()
        rows = page.get_by_role("list", name="Jobs")
        expect(rows.get_by_role("link", name="Show result").first).to_be_visible()
        expect(rows.get_by_role("button")).to_have_count(0)
        expect(page.get_by_role("button", name="Send pictures")).to_have_count(0)
        expect(page.get_by_role("heading", name="Queues")).to_be_hidden()


def test_where_no_pictures_are_kept_the_page_says_so(browser: Browser, site: Site) -> None:
    with records_of(site) as records:
        records.privacy.change(owner_of(records), mode=Mode.IDENTIFY, confirm=True)
    try:
        with logged_in(browser, site, "/jobs") as page:
            expect(page.get_by_role("heading", name="Jobs", exact=True)).to_be_visible()
            expect(page.get_by_role("button", name="Send pictures")).to_have_count(0)
    finally:
        with records_of(site) as records:
            records.privacy.change(owner_of(records), mode=Mode.ANONYMOUS, confirm=True)
