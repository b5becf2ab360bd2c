"""The page about privacy, in a real browser on a real server."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.entry.web_accounts import add_user, logged_in
from tests.entry.web_browser import Site, chromium
from tests.entry.web_office import (
    PHONE,
    TEXT,
    enrolled,
    fits,
    goto,
    main,
    owner_of,
    press,
    records_of,
    row,
    served,
    told,
)
from visavis.core.purposes import Purpose
from visavis.core.roles import Role
from visavis.entry.services import Records
from visavis.entry.web.privacy_choices import PURPOSES
from visavis.entry.web.privacy_retention import NAMES
from visavis.store.kinds import Mode
from visavis.usecases.actor import Actor
from visavis.usecases.retention_rules import What

expect.set_options(timeout=30_000)
PARTS = ("", "/notices", "/people", "/retention", "/audit", "/keys", "/receipts")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def site(weights: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with served(tmp_path_factory.mktemp("privacy")) as site:
        yield site


@pytest.fixture
def records(site: Site) -> Iterator[Records]:
    with records_of(site) as records:
        yield records


@pytest.fixture
def owner(records: Records) -> Actor:
    return owner_of(records)


@pytest.fixture
def page(browser: Browser, site: Site) -> Iterator[Page]:
    with logged_in(browser, site, "/privacy") as page:
        expect(page.get_by_role("radio", name="Anonymous")).to_be_visible()
        yield page


# ---- rules ----


def test_rules_are_saved_and_written_down(page: Page, records: Records, owner: Actor) -> None:
    page.get_by_role("radio", name="Verify").check()
    expect(page.get_by_text("With the change: templates of people who consent")).to_be_visible()
    page.get_by_role("checkbox", name="Face login").check()
    page.get_by_role("checkbox", name="Gender").uncheck()
    page.get_by_role("checkbox", name="Only people of age").uncheck()
    press(page, "Save changes")

    told(page, "The rules are saved")
    page.reload()
    expect(page.get_by_role("radio", name="Verify")).to_be_checked()
    expect(page.get_by_role("checkbox", name="Face login")).to_be_checked()
    expect(page.get_by_role("checkbox", name="Gender")).not_to_be_checked()
    expect(page.get_by_role("checkbox", name="Only people of age")).not_to_be_checked()
    assert records.privacy.rules(owner).mode is Mode.VERIFY
    assert records.audit_trail.page(owner, 1)[0].action == "privacy.changed"
    press(page, "Save changes")
    told(page, "Nothing was changed")
    page.get_by_role("checkbox", name="Gender").check()
    page.get_by_role("checkbox", name="Only people of age").check()
    press(page, "Save changes")
    told(page, "The rules are saved")


def test_what_people_agreed_to_elsewhere_is_chosen_among_the_notices(
    page: Page, records: Records, owner: Actor
) -> None:
    text = "Your face is compared with those of our members, at the door and nowhere else."
    notice = records.notices.add(owner, Purpose.RECOGNITION, "fr", text)
    page.reload()
    page.get_by_role("radio", name="Yes, to Recognition, fr").check()
    page.get_by_role("checkbox", name="Keep the pictures").check()
    press(page, "Save changes")
    told(page, "The rules are saved")
    rules = records.privacy.rules(owner)
    assert (rules.agreed_notice, rules.keep_pictures) == (notice.id, True)
    page.reload()
    expect(page.get_by_role("radio", name="Yes, to Recognition, fr")).to_be_checked()
    page.get_by_role("radio", name="No, each consent").check()
    page.get_by_role("checkbox", name="Keep the pictures").uncheck()
    press(page, "Save changes")
    told(page, "The rules are saved")
    rules = records.privacy.rules(owner)
    assert (rules.agreed_notice, rules.keep_pictures) == ("", False)


def test_leaving_templates_unused_asks_first(
    page: Page, site: Site, records: Records, owner: Actor
) -> None:
    enrolled(records, owner, "unused-1")
    page.reload()
    for button, mode in (("Cancel", Mode.IDENTIFY), ("Yes, change the mode", Mode.ANONYMOUS)):
        page.get_by_role("radio", name="Anonymous").check()
        press(page, "Save changes")
        dialog = page.get_by_role("dialog", name="Leave templates unused?")
        expect(dialog).to_contain_text("sealed here and would stay so, unused")
        dialog.get_by_role("button", name=button).click()
        expect(dialog).to_have_count(0)
        assert records.privacy.rules(owner).mode is mode
    told(page, "The rules are saved")


def test_what_the_deployment_forbids_is_off_with_the_reason(page: Page) -> None:
    for name in ("Race", "Emotion"):
        box = page.get_by_role("checkbox", name=name)
        expect(box).to_be_disabled()
        expect(box).not_to_be_checked()
    expect(main(page)).to_contain_text("VISAVIS_POLICY__RACE_PURPOSE")


def test_operators_read_and_viewers_see_nothing(browser: Browser, site: Site) -> None:
    operator = add_user(site, "Olga", Role.OPERATOR)
    with logged_in(browser, site, "/privacy", operator) as page:
        expect(page.get_by_role("radio", name="Anonymous")).to_be_disabled()
        expect(page.get_by_role("button", name="Save changes")).to_have_count(0)
        expect(main(page)).to_contain_text("Only admins and owners")
        parts = page.get_by_role("navigation", name="Parts of privacy").get_by_role("link")
        assert "Audit log" not in parts.all_inner_texts()
        for path, button in (
            ("/notices", "Write a notice"),
            ("/retention", "Save changes"),
            ("/audit", "Verify"),
            ("/keys", "Rotate…"),
        ):
            goto(page, site, path)
            expect(page.get_by_role("heading", level=1)).to_be_visible()
            expect(page.get_by_role("button", name=button)).to_have_count(0)
    viewer = add_user(site, "Vera", Role.VIEWER)
    with logged_in(browser, site, "/privacy", viewer) as page:
        for path in PARTS:
            goto(page, site, path)
            expect(main(page)).to_contain_text("not for the role viewer")


# ---- notices ----


def test_a_new_version_of_a_notice_leaves_the_older_one(page: Page, site: Site) -> None:
    goto(page, site, "/notices")
    press(page, "Write a notice")
    dialog = page.get_by_role("dialog", name="Write a notice")
    dialog.get_by_label("Purpose").select_option(label="Photos")
    dialog.get_by_label("Language").fill("pt-br")
    dialog.get_by_label("Text").fill(TEXT)
    dialog.get_by_role("button", name="Publish").click()
    told(page, "Photos, pt-BR, version 1 is published")

    older = page.get_by_role("group").filter(has_text="Photos, pt-BR, version 1")
    older.locator("summary").click()
    older.get_by_role("button", name="Write the next version").click()
    dialog = page.get_by_role("dialog", name="Write the next version")
    expect(dialog.get_by_label("Text")).to_have_value(TEXT)
    dialog.get_by_label("Text").fill(f"{TEXT} Or call us.")
    dialog.get_by_role("button", name="Publish").click()

    told(page, "Photos, pt-BR, version 2 is published")
    newest = page.get_by_role("group").filter(has_text="Photos, pt-BR, version 2")
    expect(newest).to_contain_text("in use")
    expect(older).not_to_contain_text("in use")
    older.locator("summary").click()
    expect(older).to_contain_text(TEXT)


def test_a_language_that_is_none_is_refused_in_the_dialog(page: Page, site: Site) -> None:
    goto(page, site, "/notices")
    press(page, "Write a notice")
    dialog = page.get_by_role("dialog", name="Write a notice")
    dialog.get_by_label("Language").fill("no language!")
    dialog.get_by_label("Text").fill(TEXT)
    dialog.get_by_role("button", name="Publish").click()

    expect(dialog.get_by_role("alert")).to_contain_text("The language is no tag")


# ---- retention ----


def test_keeping_something_for_a_shorter_time_asks_first(
    page: Page, site: Site, records: Records, owner: Actor
) -> None:
    goto(page, site, "/retention")
    field = page.get_by_role("spinbutton", name="Ended logins")
    expect(field).to_have_value("30")
    field.fill("90")
    press(page, "Save changes")
    told(page, "The schedule is saved")
    field.fill("7")
    press(page, "Save changes")
    dialog = page.get_by_role("dialog", name="Keep less?")
    expect(dialog).to_contain_text("Ended logins: whatever is older than 7 days")
    dialog.get_by_role("button", name="Yes, save").click()
    expect(dialog).to_have_count(0)
    page.reload()
    expect(field).to_have_value("7")
    field.fill("")
    press(page, "Save changes")
    told(page, "The schedule is saved")

    days = {rule.what: rule.days for rule in records.retention.rules(owner)}
    assert days[What.LOGINS_ENDED] is None


# ---- keys ----


def test_a_key_is_rotated_while_everything_keeps_working(
    page: Page, site: Site, records: Records, owner: Actor
) -> None:
    person = records.subjects.create(owner, reference="rotated").id
    goto(page, site, "/keys")
    organisation = row(page, "Organisation")
    expect(organisation).to_contain_text("version 1")
    for name in ("Organisation", "People"):
        press(page, f"Rotate… {name}")
        dialog = page.get_by_role("dialog")
        dialog.get_by_role("button", name="Yes, rotate").click()
        expect(dialog).to_have_count(0)
        told(page, f"{name}: ")

    expect(organisation).to_contain_text("version 2")
    goto(page, site, f"/people?person={person}")
    expect(page.get_by_role("heading", name="rotated")).to_be_visible()


# ---- all parts ----


def test_every_part_has_an_address_and_fits_a_phone(browser: Browser, site: Site) -> None:
    with logged_in(browser, site, "/privacy/keys", width=PHONE, color_scheme="dark") as page:
        links = page.get_by_role("navigation", name="Parts of privacy").get_by_role("link")
        expect(links).to_have_count(len(PARTS))
        for number, path in enumerate(PARTS):
            links.nth(number).click()
            expect(page).to_have_url(f"{site.url}/privacy{path}")
            expect(page.get_by_role("heading", level=1)).to_be_visible()
            expect(links.nth(number)).to_have_attribute("aria-current", "page")
            fits(page)


def test_every_purpose_and_kind_has_its_name() -> None:
    assert set(PURPOSES) == set(Purpose)
    assert set(NAMES) == set(What)
