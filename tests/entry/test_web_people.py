"""The pages about people in a real browser: added, enrolled, merged, split, found, erased."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.entry.web_accounts import add_user, logged_in
from tests.entry.web_browser import Site, chromium
from tests.entry.web_office import PHONE, fits, owner_of, records_of, served
from tests.entry.web_people import add, bring, face, pair, recognising
from visavis.core.roles import Role

expect.set_options(timeout=30_000)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def site(weights: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with served(tmp_path_factory.mktemp("people")) as site:
        recognising(site)
        yield site


@pytest.fixture
def page(browser: Browser, site: Site) -> Iterator[Page]:
    with logged_in(browser, site, "/people") as page:
        yield page


def templates(page: Page, number: int) -> None:
    """Expect a person to have so many templates."""
    expect(page.locator(".vp-templates li")).to_have_count(number)


def test_somebody_is_added_with_pictures_found_changed_and_erased(
    page: Page, site: Site, shared_data: Path
) -> None:
    pictures = face(shared_data, 0), face(shared_data, 0, smiling=True)
    address = add(page, site, "Ada <b>King</b>", "c-1", *pictures)
    templates(page, 2)
    expect(page.get_by_text("They agreed to: Recognition")).to_be_visible()
    expect(page.locator(".vp-tray li[data-state=done]")).to_have_count(2)

    page.goto(f"{site.url}/people")
    card = page.locator(".vp-people li").filter(has_text="Ada <b>King</b>")
    expect(card).to_contain_text("c-1 · 2 templates")
    page.get_by_label("Reference").fill("c-1")
    page.get_by_role("button", name="Find").click()
    expect(page).to_have_url(address)

    page.get_by_role("button", name="Change…").click()
    page.get_by_label("Name").fill("Ada Lovelace")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", name="Ada Lovelace")).to_be_visible()
    page.get_by_role("button", name="Remove the template").first.click()
    page.get_by_role("button", name="Remove it").click()
    templates(page, 1)

    page.get_by_role("button", name="Erase…").click()
    page.get_by_role("button", name="Yes, erase").click()
    expect(page.get_by_role("heading", name="Receipt of an erasure")).to_be_visible()
    page.goto(address)
    expect(page.get_by_role("heading", name="Nobody is here")).to_be_visible()


def test_a_refused_picture_says_why_and_what_can_be_done(
    page: Page, site: Site, shared_data: Path
) -> None:
    add(page, site, "Grace Hopper", "c-2", face(shared_data, 2))
    add(page, site, "Noor Khan", "c-3")
    expect(page.get_by_text("0 templates").or_(page.get_by_text("no templates"))).to_be_visible()

    bring(page, pair(shared_data, 3, 2))
    refused = page.locator(".vp-tray li[data-state=refused]")
    expect(refused).to_contain_text("There are several faces")
    refused.get_by_role("button", name="Face").nth(0).click()
    expect(page.locator(".vp-tray li[data-state=working]")).to_have_count(0)
    if refused.count():  # the surest face was the one of somebody who is known
        expect(refused).to_contain_text("looks like somebody who is enrolled already")
        refused.get_by_role("button", name="It is somebody else").click()
    templates(page, 1)

    bring(page, face(shared_data, 2, smiling=True))
    expect(refused).to_contain_text("looks like somebody who is enrolled already")
    refused.get_by_role("button", name="Put away").click()
    expect(refused).to_have_count(0)
    templates(page, 1)


def test_two_who_are_one_are_merged_and_split_again(
    page: Page, site: Site, shared_data: Path
) -> None:
    add(page, site, "Mary Somerville", "c-4", face(shared_data, 4))
    add(
        page, site, "M. Somerville", "c-5", face(shared_data, 5), face(shared_data, 5, smiling=True)
    )
    page.get_by_role("button", name="Merge…").click()
    page.get_by_label("Reference of the other one").fill("c-4")
    page.get_by_role("button", name="Show", exact=True).click()
    dialog = page.get_by_role("dialog").filter(has_text="Are these one person?")
    expect(dialog).to_contain_text("Mary Somerville")
    dialog.get_by_role("button", name="Merge them").click()
    templates(page, 3)

    page.get_by_role("button", name="Undo: split them again").click()
    templates(page, 2)
    page.get_by_role("link", name="Mary Somerville").click()
    page.get_by_role("heading", name="Mary Somerville").wait_for()
    templates(page, 1)

    page.go_back()
    page.get_by_role("button", name="Split…").click()
    page.get_by_role("checkbox").first.check()
    page.get_by_label("Name of the other one").fill("Somebody else")
    page.get_by_role("button", name="Split", exact=True).click()
    expect(page.get_by_role("heading", name="Somebody else")).to_be_visible()
    templates(page, 1)


def test_collections_are_shown_apart(page: Page, site: Site) -> None:
    with records_of(site) as records:
        owner = owner_of(records)
        door = records.collections.create(owner, "door")
        records.subjects.create(owner, name="At the door", collection=door.id)
    page.reload()
    expect(page.locator(".vp-people")).not_to_contain_text("At the door")
    page.get_by_label("Collection").select_option("door")
    expect(page.locator(".vp-people li")).to_have_count(1)
    expect(page.locator(".vp-people")).to_contain_text("At the door")


def test_pictures_show_where_they_are_kept(page: Page, site: Site, shared_data: Path) -> None:
    recognising(site, keep_pictures=True)
    add(page, site, "Emmy Noether", "c-7", face(shared_data, 7))
    shown = page.locator(".vp-templates img")
    expect(shown).to_have_count(1)
    assert shown.evaluate("(image) => image.decode().then(() => image.naturalWidth)") == 160
    outside = page.context.request.get(f"{site.url}/portraits/{'0' * 32}/{'0' * 32}")
    assert outside.status == 404
    page.goto(f"{site.url}/people")
    card = page.locator(".vp-people li").filter(has_text="Emmy Noether")
    expect(card.locator("img")).to_have_count(1)


def test_a_viewer_sees_people_and_changes_nothing(browser: Browser, site: Site) -> None:
    email = add_user(site, "Viola", Role.VIEWER)
    with records_of(site) as records:
        known = records.subjects.create(owner_of(records), name="Seen by all")
    with logged_in(browser, site, f"/people/{known.id}", email) as page:
        expect(page.get_by_role("heading", name="Seen by all")).to_be_visible()
        assert page.locator("main.vv-main").get_by_role("button").all_inner_texts() == []
        page.goto(f"{site.url}/people")
        expect(page.get_by_role("link", name="Seen by all")).to_be_visible()
        expect(page.get_by_role("button", name="Add somebody")).to_have_count(0)


def test_without_a_consent_a_picture_is_refused(page: Page, site: Site, shared_data: Path) -> None:
    page.get_by_role("button", name="Add somebody").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name").fill("Not asked yet")
    dialog.get_by_label("Do they agree").select_option("none")
    bring(page, face(shared_data, 8))
    dialog.locator(".vp-staged li").wait_for()
    dialog.get_by_role("button", name="Add", exact=True).click()
    refused = page.locator(".vp-tray li[data-state=refused]")
    expect(refused).to_contain_text("of age")
    expect(page.get_by_text("They have not agreed to anything")).to_be_visible()


@pytest.mark.parametrize("path", ["/people", "/recognise", "/verify"])
def test_the_pages_fit_a_phone(browser: Browser, site: Site, path: str) -> None:
    with logged_in(browser, site, path, width=PHONE) as page:
        page.locator("main.vv-main").wait_for()
        fits(page)


def test_an_id_that_is_none_is_nobody(page: Page, site: Site) -> None:
    page.goto(f"{site.url}/people/<script>")
    expect(page.get_by_role("heading", name="Nobody is here")).to_be_visible()


def test_who_is_added_needs_a_name_or_a_reference(page: Page) -> None:
    page.get_by_role("button", name="Add somebody").click()
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("give a name or a reference".capitalize())
