"""The page about users, in a real browser on a real server."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.entry.outbox import letters, link
from tests.entry.web_accounts import (
    EMAIL,
    NAME,
    ORGANISATION,
    PASSWORD,
    add_user,
    data_of,
    logged_in,
)
from tests.entry.web_browser import Site, blank, chromium, ready, serving
from tests.entry.web_office import (
    PHONE,
    add_tenant,
    fits,
    main,
    owner_of,
    records_of,
    row,
    served,
    told,
)
from visavis.core.roles import Role
from visavis.core.settings import load_settings
from visavis.credentials.roles import Permission, permissions_of
from visavis.entry.web.users_markup import DUTIES, MEANINGS
from visavis.store.kinds import UserState

expect.set_options(timeout=30_000)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def site(weights: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with served(tmp_path_factory.mktemp("users")) as site:
        yield site


@pytest.fixture
def page(browser: Browser, site: Site) -> Iterator[Page]:
    with logged_in(browser, site, "/users") as page:
        expect(row(page, NAME)).to_be_visible()
        yield page


def change(page: Page, name: str) -> None:
    row(page, name).get_by_role("button", name="Change…").click()


def test_somebody_who_is_invited_gets_a_letter_and_comes_in(
    browser: Browser, site: Site, page: Page
) -> None:
    page.get_by_role("button", name="Invite somebody").click()
    dialog = page.get_by_role("dialog", name="Invite somebody")
    dialog.get_by_label("E-mail").fill("eva@host.example")
    dialog.get_by_role("radio", name="Operator").check()
    dialog.get_by_role("button", name="Invite", exact=True).click()

    told(page, "eva@host.example is invited as operator")
    told(page, str(data_of(site) / "outbox"))
    expect(row(page, "eva@host.example")).to_contain_text("Invited")
    url = link(data_of(site), "eva@host.example")
    with blank(browser, site) as theirs:
        theirs.goto(site.url + url[url.index("/invitation") :])
        expect(theirs.get_by_role("main")).to_contain_text(ORGANISATION)
        theirs.get_by_label("Full name").fill("Eva Crane")
        theirs.get_by_label("Password").fill(PASSWORD)
        theirs.get_by_role("button", name="Join").click()
        ready(theirs)
    page.reload()
    expect(row(page, "Eva Crane")).to_contain_text("Active")


def test_a_second_invitation_to_the_same_address_is_refused_in_the_dialog(page: Page) -> None:
    for _ in range(2):
        page.get_by_role("button", name="Invite somebody").click()
        dialog = page.get_by_role("dialog", name="Invite somebody")
        dialog.get_by_label("E-mail").fill("twice@host.example")
        dialog.get_by_role("button", name="Invite", exact=True).click()
        told(page, "twice@host.example is invited as viewer")

    expect(dialog.get_by_role("alert")).to_contain_text("This address is invited already")
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)


def test_an_invitation_is_sent_again_and_taken_back(page: Page, site: Site) -> None:
    with records_of(site) as records:
        records.invitations.invite(owner_of(records), "fay@host.example", Role.VIEWER)
        records.ground.background.flush()
    before = len(letters(data_of(site), "fay@host.example"))
    page.reload()
    change(page, "fay@host.example")
    page.get_by_role("button", name="Send the invitation again").click()
    told(page, "The invitation to fay@host.example was sent again")
    link(data_of(site), "fay@host.example", after=before)

    change(page, "fay@host.example")
    page.get_by_role("button", name="Take the invitation back…").click()
    dialog = page.get_by_role("dialog", name="Take back the invitation to fay@host.example?")
    dialog.get_by_role("button", name="Yes, take it back").click()

    told(page, "The invitation to fay@host.example is taken back")
    expect(row(page, "fay@host.example")).to_have_count(0)


def test_another_role_holds_at_once(browser: Browser, site: Site, page: Page) -> None:
    email = add_user(site, "Cleo", Role.OPERATOR)
    page.reload()
    change(page, "Cleo")
    dialog = page.get_by_role("dialog", name="Cleo")
    expect(dialog.get_by_role("radio", name="Operator")).to_be_checked()
    dialog.get_by_role("radio", name="Admin").check()
    dialog.get_by_role("button", name="Save").click()

    told(page, "Cleo is an admin now")
    expect(row(page, "Cleo")).to_contain_text("Admin")
    with logged_in(browser, site, "/users", email) as theirs:
        expect(theirs.get_by_role("button", name="Invite somebody")).to_be_visible()


def test_who_is_disabled_is_sent_out_until_enabled_again(
    browser: Browser, site: Site, page: Page
) -> None:
    email = add_user(site, "Dan", Role.ADMIN)
    with logged_in(browser, site, "/users", email) as theirs:
        expect(row(theirs, "Dan")).to_be_visible()
        page.reload()
        change(page, "Dan")
        page.get_by_role("button", name="Disable").click()

        told(page, "Dan cannot log in any more")
        expect(row(page, "Dan")).to_contain_text("Disabled")
        theirs.get_by_role("heading", name="Log in").wait_for()
    change(page, "Dan")
    page.get_by_role("button", name="Enable").click()
    told(page, "Dan may log in again")
    expect(row(page, "Dan")).to_contain_text("Active")


def test_removing_asks_first(site: Site, page: Page) -> None:
    add_user(site, "Gus", Role.VIEWER)
    page.reload()
    for button in ("Cancel", "Yes, remove"):
        change(page, "Gus")
        page.get_by_role("button", name="Remove…").click()
        dialog = page.get_by_role("dialog", name="Remove Gus?")
        expect(dialog).to_contain_text("API keys stop working for good")
        dialog.get_by_role("button", name=button).click()
        expect(dialog).to_have_count(0)
        expect(row(page, "Gus")).to_have_count(1 if button == "Cancel" else 0)
    told(page, "Gus is removed")


def test_nobody_changes_themselves_or_who_is_above_them(browser: Browser, site: Site) -> None:
    email = add_user(site, "Hal", Role.ADMIN)
    with logged_in(browser, site, "/users", email) as page:
        expect(row(page, NAME)).to_contain_text("Owner")
        expect(row(page, NAME).get_by_role("button")).to_have_count(0)
        expect(row(page, "Hal")).to_contain_text("you")
        expect(row(page, "Hal").get_by_role("link", name="Profile")).to_be_visible()
        page.get_by_role("button", name="Invite somebody").click()
        dialog = page.get_by_role("dialog", name="Invite somebody")
        expect(dialog.get_by_role("radio")).to_have_count(3)
        expect(dialog.get_by_role("radio", name="Owner")).to_have_count(0)


@pytest.mark.parametrize("role", [Role.VIEWER, Role.OPERATOR])
def test_who_may_not_see_users_is_told_whom_to_ask(
    browser: Browser, site: Site, role: Role
) -> None:
    email = add_user(site, f"Only-{role}", role)
    with logged_in(browser, site, "/users", email) as page:
        expect(main(page)).to_contain_text(f"not for the role {role}")
        expect(main(page)).to_contain_text("Ask an admin")
        expect(page.get_by_role("table")).to_have_count(0)
        expect(page.get_by_role("navigation").get_by_role("link", name="Users")).to_have_count(0)


def test_many_users_are_shown_in_parts_on_a_phone_and_by_keyboard(
    browser: Browser, site: Site
) -> None:
    owner = add_tenant(site, "Crowd", PASSWORD)
    with records_of(site) as records, records.ground.store.work() as work:
        for number in range(54):
            email, now = f"u{number}@crowd.example", records.ground.clock()
            ids = (owner.tenant_id, email, f"<b>User</b> {number}", "", Role.VIEWER, now)
            work.users.add(*ids, UserState.ACTIVE)
    with logged_in(browser, site, "/users", owner.email, width=PHONE) as page:
        rows = page.get_by_role("table", name="Users").get_by_role("row")
        expect(rows).to_have_count(1 + 50)
        expect(row(page, "<b>User</b> 53")).to_be_visible()
        fits(page)
        page.get_by_role("button", name="Show more").focus()
        page.keyboard.press("Enter")
        expect(rows).to_have_count(1 + 55)
        expect(page.get_by_role("button", name="Show more")).to_have_count(0)
        page.get_by_text("What each role may do").first.click()
        expect(page.get_by_role("table", name="What each role may do")).to_be_visible()
        fits(page)
        page.get_by_role("button", name="Invite somebody").focus()
        page.keyboard.press("Enter")
        expect(page.get_by_label("E-mail")).to_be_focused()
        fits(page)
        page.keyboard.press("Escape")
        expect(page.get_by_role("dialog")).to_have_count(0)
        expect(page.get_by_role("button", name="Invite somebody")).to_be_focused()


def test_users_of_other_organisations_are_not_seen(browser: Browser, site: Site) -> None:
    owner = add_tenant(site, "Elsewhere", PASSWORD)
    with logged_in(browser, site, "/users", owner.email) as page:
        expect(row(page, "Owner of Elsewhere")).to_be_visible()
        expect(main(page)).not_to_contain_text(EMAIL)


def test_a_private_machine_says_that_nobody_logs_in(
    browser: Browser, weights: None, tmp_path_factory: pytest.TempPathFactory
) -> None:
    root = tmp_path_factory.mktemp("alone")
    with serving(root, load_settings().cache.absolute()) as site, blank(browser, site) as page:
        page.goto(site.url + "/users")
        expect(main(page)).to_contain_text("Nobody logs in on this machine")
        expect(page.get_by_role("button", name="Invite somebody")).to_have_count(0)


def test_the_table_of_roles_says_what_the_code_asks_for(page: Page) -> None:
    page.get_by_text("What each role may do").first.click()
    for permission in (Permission.ANALYSE, Permission.PEOPLE_ERASE, Permission.TENANT_DELETE):
        cells = row(page, DUTIES[permission]).get_by_role("cell").all_inner_texts()
        may = ["yes" if permission in permissions_of(role) else "no" for role in Role]
        assert [cell.split()[-1] for cell in cells] == may


def test_every_permission_and_role_has_its_words() -> None:
    assert set(DUTIES) == set(Permission)
    assert set(MEANINGS) == set(Role)
    assert len(set(DUTIES.values())) == len(DUTIES)
