"""The page about logs, in a real browser on a real server."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.entry.web_accounts import PASSWORD, add_user, logged_in
from tests.entry.web_browser import Site, chromium
from tests.entry.web_office import PHONE, add_tenant, fits, main, owner_of, records_of, served, told
from visavis.core.log_lines import Level, LineIds, LogLine, first_id
from visavis.core.roles import Role
from visavis.entry.services import Records
from visavis.store.page import DEFAULT

expect.set_options(timeout=30_000)
JOB, TRACE = "0b" * 16, "0c" * 16
HOSTILE = "<img src=x onerror=alert(1)>"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


def line(event: str, level: Level = Level.INFO, seconds_ago: float = 60, **more: object) -> LogLine:
    at = datetime.now(UTC) - timedelta(seconds=seconds_ago)
    told = first_id(at)[:-18] + LineIds().new()[-18:]
    made: dict[str, object] = {"tenant_id": "", "service": "worker", "process": "machine:7"} | more
    return LogLine(id=told, at=at, level=level, event=event, **made)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def site(weights: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with served(tmp_path_factory.mktemp("logs"), VISAVIS_LOGS__LEVEL="error") as site:
        with records_of(site) as records:
            mine = owner_of(records).tenant_id
            lines = [
                line(f"step {n}", seconds_ago=200 + n, job_id=JOB) for n in range(DEFAULT + 10)
            ]
            lines += [
                line("broken", Level.ERROR, service="store", trace_id=TRACE, tenant_id=mine),
                line("late", Level.WARNING, fields={"exception": "Trace\nback", "reason": HOSTILE}),
                line("fine", Level.DEBUG),
                line("old", seconds_ago=3 * 24 * 3600),
            ]
            records.logs.keep(lines)
        yield site


@pytest.fixture
def records(site: Site) -> Iterator[Records]:
    with records_of(site) as records:
        yield records


@pytest.fixture
def page(browser: Browser, site: Site) -> Iterator[Page]:
    with logged_in(browser, site, "/logs") as page:
        expect(row(page, "broken")).to_be_visible()
        yield page


def row(page: Page, event: str) -> Locator:
    """Return the row of a line."""
    return page.locator(".vl-line").filter(has=page.get_by_text(event, exact=True))


def rows(page: Page) -> Locator:
    return page.locator(".vl-line")


def choose(page: Page, **given: str) -> None:
    """Fill in the filter and send it."""
    form = page.get_by_role("search")
    for label, value in given.items():
        field = form.get_by_label(label, exact=True)
        if field.evaluate("e => e.tagName") == "SELECT":
            field.select_option(label=value)
        else:
            field.fill(value)
    form.get_by_role("button", name="Show", exact=True).click()


def test_lines_are_filtered_and_the_address_says_how(page: Page, site: Site) -> None:
    expect(row(page, "fine")).to_have_count(0)
    choose(page, Level="Warnings and up")
    expect(rows(page)).to_have_count(2)
    choose(page, Service="store")
    expect(rows(page)).to_have_count(1)
    expect(page).to_have_url(f"{site.url}/logs?service=store&level=warning")
    page.reload()
    expect(rows(page)).to_have_count(1)
    expect(row(page, "broken")).to_be_visible()
    page.get_by_role("link", name="Clear").click()
    expect(rows(page)).to_have_count(DEFAULT)
    choose(page, Level="All", Words="FINE")
    expect(rows(page)).to_have_count(1)
    choose(page, Level="Info and up", Words="old")
    expect(main(page)).to_contain_text("No line fits")
    choose(page, Time="Last 7 days")
    expect(rows(page)).to_have_count(1)


def test_a_range_of_time_can_be_given(page: Page) -> None:
    expect(page.get_by_label("From (UTC)")).to_be_hidden()
    page.get_by_label("Time").select_option(label="From … to …")
    days = [datetime.now(UTC) - timedelta(days=n) for n in (4, 2)]
    page.get_by_label("From (UTC)").fill(f"{days[0]:%Y-%m-%dT%H:%M}")
    page.get_by_label("To (UTC)").fill(f"{days[1]:%Y-%m-%dT%H:%M}")
    page.get_by_role("button", name="Show", exact=True).click()
    expect(rows(page)).to_have_count(1)
    expect(row(page, "old")).to_be_visible()


def test_a_line_opens_and_leads_to_those_that_belong_to_it(page: Page) -> None:
    row(page, "late").locator("summary").click()
    expect(row(page, "late").get_by_label("exception")).to_have_text("Trace\nback")
    expect(row(page, "late").locator("dl")).to_contain_text(HOSTILE)
    row(page, "broken").locator("summary").click()
    expect(row(page, "broken")).to_contain_text("machine:7")
    row(page, "broken").get_by_role("link", name="all its lines").click()
    expect(rows(page)).to_have_count(1)
    expect(page.get_by_label("Trace", exact=True)).to_have_value(TRACE)


def test_lists_go_on_with_more(page: Page) -> None:
    choose(page, Job=JOB)
    expect(rows(page)).to_have_count(DEFAULT)
    page.get_by_role("button", name="Show more").click()
    expect(rows(page)).to_have_count(DEFAULT + 10)
    expect(page.get_by_role("button", name="Show more")).to_have_count(0)
    choose(page, Job="half an id")
    told(page, "32 characters")
    expect(rows(page)).to_have_count(DEFAULT + 10)


def test_new_lines_come_while_somebody_follows_and_open_ones_stay_open(
    page: Page, records: Records
) -> None:
    row(page, "late").locator("summary").click()
    expect(row(page, "late").get_by_label("exception")).to_be_visible()
    page.get_by_role("button", name="Follow new lines").click()
    expect(page.get_by_role("button", name="Stop")).to_have_attribute("aria-pressed", "true")
    records.logs.keep([line("just now", seconds_ago=0)])
    expect(row(page, "just now")).to_be_visible()
    expect(row(page, "late").get_by_label("exception")).to_be_visible()
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_role("button", name="Follow new lines")).to_be_visible()


def test_other_organisations_see_only_their_own(
    browser: Browser, site: Site, records: Records
) -> None:
    owner = add_tenant(site, "Guests", PASSWORD)
    records.logs.keep([line("for guests", tenant_id=owner.tenant_id)])
    with logged_in(browser, site, "/logs", owner.email, width=PHONE) as page:
        expect(rows(page)).to_have_count(1)
        row(page, "for guests").locator("summary").click()
        expect(main(page)).to_contain_text("about your organisation")
        expect(main(page)).not_to_contain_text("machine:7")
        fits(page)


def test_who_may_not_see_logs_is_told_whom_to_ask(browser: Browser, site: Site) -> None:
    email = add_user(site, "Olga", Role.OPERATOR)
    with logged_in(browser, site, "/logs", email) as page:
        expect(main(page)).to_contain_text("not for the role operator")
        expect(page.get_by_role("link", name="Logs")).to_have_count(0)


def test_out_of_the_box_the_server_keeps_its_own_lines(
    browser: Browser, weights: None, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with (
        served(tmp_path_factory.mktemp("box")) as site,
        logged_in(browser, site, "/logs") as page,
    ):
        page.get_by_role("button", name="Follow new lines").click()
        expect(row(page, "request_answered").first).to_be_visible()  # the log-in just now
        logs = site.folders[0] / "logs" / "visavis.jsonl"
        assert logs.stat().st_mode & 0o077 == 0
