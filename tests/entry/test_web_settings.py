"""The settings page, in a real browser on real servers."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.entry.outbox import letters
from tests.entry.web_accounts import (
    EMAIL,
    ORGANISATION,
    PASSWORD,
    add_user,
    data_of,
    log_in,
    logged_in,
)
from tests.entry.web_browser import Site, blank, chromium, serving
from tests.entry.web_office import PHONE, add_tenant, fits, main, records_of, served, told
from visavis.core.roles import Role
from visavis.core.settings import load_settings
from visavis.entry.web.settings_markup import PARTS, Server, server
from visavis.usecases.deployment import Part

expect.set_options(timeout=30_000)
NEW_NAME = "Engines & <Sons>"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def site(weights: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with served(tmp_path_factory.mktemp("settings"), VISAVIS_BLOBS__QUOTA_BYTES="5000000") as site:
        yield site


@pytest.fixture
def page(browser: Browser, site: Site) -> Iterator[Page]:
    with logged_in(browser, site, "/settings") as page:
        expect(page.get_by_role("heading", name="Backup")).to_be_visible()
        yield page


@pytest.mark.parametrize("width", [1280, PHONE])
def test_the_page_says_how_the_server_is_set_up_and_is(
    browser: Browser, site: Site, width: int
) -> None:
    with logged_in(browser, site, "/settings", width=width) as page:
        expect(page.get_by_role("heading", name="Backup")).to_be_visible()
        said = main(page)
        expect(said).to_contain_text(ORGANISATION)
        expect(said).to_contain_text(f"sqlite {data_of(site) / 'visavis.db'}")
        expect(said).to_contain_text("letters lie in this folder and are not sent")
        expect(said).to_contain_text("0 bytes of 5.0 MB")
        expect(said).to_contain_text("visavis backup")
        expect(said.get_by_text("good", exact=True)).to_have_count(len(Part))
        page.get_by_role("button", name="Check again").click()
        expect(said.get_by_text("good", exact=True)).to_have_count(len(Part))
        fits(page)


def test_admins_rename_their_organisation(browser: Browser, site: Site) -> None:
    email = add_user(site, "Ida", Role.ADMIN)
    with logged_in(browser, site, "/settings", email) as page:
        for name in (NEW_NAME, ORGANISATION):
            page.get_by_role("button", name="Rename…").click()
            dialog = page.get_by_role("dialog", name="Rename the organisation")
            dialog.get_by_label("Name").fill(name)
            dialog.get_by_role("button", name="Rename").click()
            expect(dialog).to_have_count(0)
            expect(main(page)).to_contain_text(name)
        expect(page.get_by_role("button", name="Delete the organisation…")).to_have_count(0)


def test_a_test_letter_comes(page: Page, site: Site) -> None:
    page.get_by_role("button", name="Send me a test letter").click()

    told(page, f"A letter to {EMAIL} has left")
    told(page, str(data_of(site) / "outbox"))
    assert any("mail works" in text for text in letters(data_of(site), EMAIL))


def test_other_organisations_see_only_their_own(browser: Browser, site: Site) -> None:
    owner = add_tenant(site, "Guests", PASSWORD)
    with logged_in(browser, site, "/settings", owner.email) as page:
        expect(main(page)).to_contain_text("Guests")
        expect(page.get_by_role("button", name="Rename…")).to_be_visible()
        expect(main(page)).not_to_contain_text(str(data_of(site)))
        expect(page.get_by_role("button", name="Check again")).to_have_count(0)
        expect(page.get_by_role("button", name="Send me a test letter")).to_have_count(0)


@pytest.mark.parametrize("role", [Role.VIEWER, Role.OPERATOR])
def test_who_may_not_see_settings_is_told_whom_to_ask(
    browser: Browser, site: Site, role: Role
) -> None:
    email = add_user(site, f"Not-{role}", role)
    with logged_in(browser, site, "/settings", email) as page:
        expect(main(page)).to_contain_text(f"not for the role {role}")
        expect(main(page)).not_to_contain_text(ORGANISATION)


def test_an_owner_deletes_the_organisation_with_their_password(
    browser: Browser, site: Site
) -> None:
    owner = add_tenant(site, "Leaving", PASSWORD)
    with logged_in(browser, site, "/settings", owner.email) as page:
        page.get_by_role("button", name="Delete the organisation…").click()
        dialog = page.get_by_role("dialog", name="Delete Leaving?")
        dialog.get_by_label("Your password").fill("wrong")
        dialog.get_by_role("button", name="Yes, delete everything").click()
        expect(dialog.get_by_role("alert")).to_contain_text("The password is wrong")
        dialog.get_by_label("Your password").fill(PASSWORD)
        dialog.get_by_role("button", name="Yes, delete everything").click()

        page.get_by_role("heading", name="Log in").wait_for()
        log_in(page, owner.email)
        expect(page.get_by_role("alert")).to_contain_text("wrong")
    with records_of(site) as records, records.ground.store.reading() as work:
        assert work.tenants.find(owner.tenant_id) is None
        assert work.users.find_by_email(owner.email) is None


def test_the_host_is_not_deleted_while_others_are_here(page: Page, site: Site) -> None:
    add_tenant(site, "Staying", PASSWORD)
    page.get_by_role("button", name="Delete the organisation…").click()
    dialog = page.get_by_role("dialog", name=f"Delete {ORGANISATION}?")
    dialog.get_by_label("Your password").fill(PASSWORD)
    dialog.get_by_role("button", name="Yes, delete everything").click()

    expect(dialog.get_by_role("alert")).to_contain_text("others are still on it")


def test_a_private_machine_offers_neither_letters_nor_deleting(
    browser: Browser, weights: None, tmp_path: Path
) -> None:
    cache = load_settings().cache.absolute()
    with serving(tmp_path, cache) as site, blank(browser, site) as page:
        page.goto(site.url + "/settings")
        expect(main(page)).to_contain_text("Nobody logs in: a private machine")
        expect(page.get_by_role("button", name="Send me a test letter")).to_have_count(0)
        expect(page.get_by_role("button", name="Delete the organisation…")).to_have_count(0)


def test_no_secret_of_the_settings_is_shown() -> None:
    secret = "aXQgaXMgYSBzZWNyZXQgb2YgMzIgYnl0ZXMgaW5kZWVk"
    settings = load_settings(
        vault={"root_key": f"one:{secret}"},
        mail={"host": "mail.example", "user": "bob", "password": secret},
        throttle={"url": f"redis://:{secret}@cache.example"},
        store={"url": f"postgresql://ann:{secret}@db.example/faces"},
    )

    told = server(Server(settings, "https://faces.example", "postgresql at db.example"))

    assert secret not in told
    assert "bob" not in told
    assert "mail.example" in told


def test_every_part_of_a_deployment_has_its_name() -> None:
    assert set(PARTS) == set(Part)
