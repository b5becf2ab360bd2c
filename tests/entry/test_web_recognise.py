"""The pages to recognise and to verify in a real browser, with real portraits."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.entry.web_accounts import logged_in
from tests.entry.web_browser import Site, chromium
from tests.entry.web_office import owner_of, records_of, served
from tests.entry.web_people import add, bring, face, pair, recognising
from visavis.store.kinds import Mode

expect.set_options(timeout=30_000)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def site(
    browser: Browser,
    weights: None,
    shared_data: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Site]:
    """Give a server where two people are enrolled."""
    with served(tmp_path_factory.mktemp("recognise")) as site:
        with logged_in(browser, site, "/recognise") as page:
            expect(page.locator("main.vv-main")).to_contain_text("in the mode anonymous")
            expect(page.get_by_role("link", name="Open the privacy rules")).to_be_visible()
            recognising(site)
            add(page, site, "Ada Lovelace", "c-1", face(shared_data, 0))
            add(page, site, "Grace Hopper", "c-2", face(shared_data, 2))
        yield site


@pytest.fixture
def page(browser: Browser, site: Site) -> Iterator[Page]:
    with logged_in(browser, site, "/recognise") as page:
        yield page


def test_those_who_are_known_are_named_and_a_stranger_is_enrolled(
    page: Page, site: Site, shared_data: Path
) -> None:
    bring(page, pair(shared_data, 0, 9))
    people = page.get_by_role("region", name="People")
    expect(people.get_by_role("heading")).to_have_text("Ada Lovelace and 1 unknown")
    names = page.locator(".vv-box span").all_inner_texts()
    assert sorted(names) == ["Ada Lovelace", "Unknown"]
    people.get_by_role("button", name="Ada Lovelace").click()
    expect(people.locator(".vv-about:visible")).to_contain_text("FPIR")
    expect(people).to_contain_text("a photo may pass")

    people.get_by_role("button", name="Enrol…").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name").fill("Katherine Johnson")
    dialog.get_by_label("They are of age").check()
    dialog.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_role("heading", name="Katherine Johnson")).to_be_visible()
    expect(page.locator(".vp-templates li")).to_have_count(1)

    page.goto(f"{site.url}/recognise")
    bring(page, face(shared_data, 9, smiling=True))
    expect(people.get_by_role("heading")).to_have_text("Katherine Johnson")
    page.get_by_label("Strangers may be named").select_option("0.0001")
    expect(people.get_by_role("heading")).to_have_text("Katherine Johnson")


def test_nothing_of_the_picture_is_kept(page: Page, site: Site, shared_data: Path) -> None:
    picture = face(shared_data, 12)
    bring(page, picture)
    heading = page.get_by_role("region", name="People").get_by_role("heading")
    expect(heading).to_have_text("Nobody who is enrolled")
    piece = picture["buffer"][len(picture["buffer"]) // 2 :][:64]
    assert not [path for path in site.written() if piece in path.read_bytes()]


def test_two_pictures_or_a_picture_and_a_person_are_compared(
    page: Page, site: Site, shared_data: Path
) -> None:
    page.goto(f"{site.url}/verify")
    bring(page, face(shared_data, 2))
    page.get_by_role("button", name="The first picture").wait_for()
    bring(page, face(shared_data, 2, smiling=True))
    verdict = page.get_by_role("status").filter(has_text="FMR")
    expect(verdict).to_contain_text("The same person")
    expect(verdict).to_contain_text("a photo may pass")

    page.get_by_role("button", name="Take another one The second picture").click()
    page.get_by_role("button", name="Choose a person").click()
    page.get_by_label("Reference").fill("c-1")
    page.get_by_role("button", name="Choose", exact=True).click()
    expect(verdict).to_contain_text("Not Ada Lovelace")
    page.get_by_role("button", name="Choose another one").click()
    page.get_by_role("button", name="Choose a person").click()
    page.get_by_label("Reference").fill("c-2")
    page.get_by_role("button", name="Choose", exact=True).click()
    expect(verdict).to_contain_text("This is Grace Hopper")


def test_a_picture_with_two_faces_is_told(page: Page, site: Site, shared_data: Path) -> None:
    page.goto(f"{site.url}/verify")
    bring(page, pair(shared_data, 0, 2))
    page.get_by_role("button", name="The first picture").wait_for()
    bring(page, face(shared_data, 2))
    expect(page.get_by_role("alert")).to_contain_text("There are 2 faces in the picture")


def test_in_the_mode_verify_people_are_compared_and_not_searched(page: Page, site: Site) -> None:
    with records_of(site) as records:
        owner = owner_of(records)
        records.privacy.change(owner, mode=Mode.VERIFY, confirm=True)
        try:
            page.reload()
            expect(page.locator("main.vv-main")).to_contain_text("needs the mode identify")
            page.goto(f"{site.url}/verify")
            expect(page.get_by_role("heading", name="Is it the same person?")).to_be_visible()
        finally:
            records.privacy.change(owner, mode=Mode.IDENTIFY)
