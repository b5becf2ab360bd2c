"""People, consents and the audit log on the page about privacy, in a real browser."""

import json
from collections.abc import Iterator
from pathlib import Path
from zipfile import ZipFile

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import update

from tests.entry.web_accounts import PASSWORD, data_of, logged_in
from tests.entry.web_browser import Site, chromium
from tests.entry.web_office import (
    TEXT,
    add_tenant,
    enrolled,
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
from visavis.core.settings import StoreOptions
from visavis.entry.services import Records
from visavis.entry.web.privacy_audit_markup import what
from visavis.store.engine import open_engine
from visavis.store.tables.audit import audit_entries
from visavis.usecases.actor import Actor
from visavis.vault.receipts import is_genuine

expect.set_options(timeout=30_000)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def site(weights: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with served(tmp_path_factory.mktemp("people")) as site:
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
    with logged_in(browser, site, "/privacy/people") as page:
        expect(page.get_by_role("heading", name="People")).to_be_visible()
        yield page


def test_somebody_is_added_found_and_changed(page: Page, site: Site) -> None:
    goto(page, site, "/people")
    press(page, "Add somebody")
    dialog = page.get_by_role("dialog", name="Add somebody")
    dialog.get_by_label("Reference").fill("staff <7>")
    dialog.get_by_label("Name").fill("<i>Ola</i>")
    dialog.get_by_role("radio", name="Of age").check()
    dialog.get_by_role("button", name="Add").click()
    expect(page.get_by_role("heading", name="<i>Ola</i>")).to_be_visible()
    expect(main(page)).to_contain_text("staff <7>")
    address = page.url

    press(page, "Change…")
    dialog = page.get_by_role("dialog", name="Change what is said of them")
    expect(dialog.get_by_role("radio", name="Of age")).to_be_checked()
    dialog.get_by_label("Notes").fill("two\nlines")
    dialog.get_by_label("Name").fill("")
    dialog.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", name="staff <7>")).to_be_visible()
    expect(page.get_by_role("definition").filter(has_text="two")).to_have_text("twolines")

    page.get_by_role("link", name="All people").click()
    page.get_by_role("searchbox", name="Reference").fill("staff <8>")
    press(page, "Find")
    told(page, "There is no such subject here")
    page.get_by_role("searchbox", name="Reference").fill("staff <7>")
    press(page, "Find")
    expect(page).to_have_url(address)


def test_a_consent_is_recorded_and_withdrawn(
    page: Page, site: Site, records: Records, owner: Actor
) -> None:
    records.notices.add(owner, Purpose.RECOGNITION, "en", TEXT)
    known = records.subjects.create(owner, reference="consenting")
    goto(page, site, f"/people?person={known.id}")
    press(page, "Record a consent")
    dialog = page.get_by_role("dialog", name="Record a consent")
    dialog.get_by_label("Who agreed").select_option(label="A parent")
    dialog.get_by_label("When").fill("2026-01-31")
    dialog.get_by_label("Until").fill("2026-01-30")
    dialog.get_by_role("button", name="Record it").click()
    expect(dialog.get_by_role("alert")).not_to_be_empty()
    dialog.get_by_label("Until").fill("2099-12-31")
    dialog.get_by_label("Proof").fill("binder 4")
    dialog.get_by_role("button", name="Record it").click()

    told(page, "The consent is recorded")
    expect(row(page, "Recognition")).to_contain_text("Holds")
    expect(row(page, "Recognition")).to_contain_text("31 Jan 2026, 00:00")
    expect(row(page, "Recognition")).to_contain_text("until 1 Jan 2100, 00:00")
    expect(row(page, "Recognition")).to_contain_text("A parent")
    found = records.consents.records(owner, subject_id=known.id).items[0]
    assert found["method"] == "guardian"
    assert records.consents.record(owner, found["record_id"])["evidence"] == "binder 4"

    press(page, "Withdraw… consent to Recognition")
    dialog = page.get_by_role("dialog", name="Withdraw this consent?")
    dialog.get_by_role("button", name="Withdraw it").click()
    told(page, "The consent is withdrawn")
    expect(row(page, "Recognition")).to_contain_text("Withdrawn")
    assert records.consents.records(owner, subject_id=known.id).items[0]["state"] == "withdrawn"


def test_everything_about_somebody_comes_as_a_zip(
    page: Page, site: Site, records: Records, owner: Actor, tmp_path: Path
) -> None:
    person = enrolled(records, owner, "exported-1")
    goto(page, site, f"/people?person={person}")
    with page.expect_download() as begun:
        page.get_by_role("link", name="Export").click()

    begun.value.save_as(tmp_path / "export.zip")
    with ZipFile(tmp_path / "export.zip") as found:
        assert found.testzip() is None
        assert any(b"exported-1" in found.read(name) for name in found.namelist())
    assert records.audit_trail.page(owner, 1)[0].action == "subject.exported"


def test_who_is_erased_is_gone_and_a_receipt_says_so(
    page: Page, site: Site, records: Records, owner: Actor, tmp_path: Path
) -> None:
    person = enrolled(records, owner, "erased-1")
    goto(page, site, f"/people?person={person}")
    press(page, "Erase…")
    dialog = page.get_by_role("dialog", name="Erase Noor?")
    expect(dialog).to_contain_text("their keys, and with them whatever is sealed")
    dialog.get_by_role("button", name="Yes, erase").click()

    expect(page.get_by_role("heading", name="Receipt of an erasure")).to_be_visible()
    expect(main(page)).to_contain_text("Nothing is left")
    expect(main(page)).to_contain_text("none opens any more")
    with page.expect_download() as begun:
        press(page, "Download")
    begun.value.save_as(tmp_path / "receipt.json")
    receipt = json.loads((tmp_path / "receipt.json").read_text())
    assert is_genuine(receipt)
    assert receipt["statement"]["subject_id"] == person
    goto(page, site, f"/people?person={person}")
    expect(page.get_by_role("heading", name="Nobody is here")).to_be_visible()
    goto(page, site, "/receipts")
    expect(page.get_by_role("table", name="Receipts")).to_contain_text("Nothing is left")


def test_people_of_others_are_answered_like_people_who_never_were(
    page: Page, browser: Browser, site: Site, records: Records, owner: Actor
) -> None:
    person = records.subjects.create(owner, reference="ours").id
    stranger = add_tenant(site, "Others", PASSWORD)
    with logged_in(browser, site, "/privacy", stranger.email) as theirs:
        said = []
        for known in (person, "0" * 32, "<script>"):
            goto(theirs, site, f"/people?person={known}")
            expect(theirs.get_by_role("heading", name="Nobody is here")).to_be_visible()
            said.append(main(theirs).inner_text())
        assert len(set(said)) == 1


def test_the_log_is_read_filtered_and_its_head_kept(
    page: Page, site: Site, records: Records, owner: Actor, tmp_path: Path
) -> None:
    person = records.subjects.create(owner, reference="watched").id
    goto(page, site, "/audit")
    newest = row(page, "Person created").first
    expect(newest).to_contain_text("Ada Lovelace")
    newest.get_by_role("link", name=person[:8]).click()
    expect(page.get_by_role("table", name="Entries").get_by_role("row")).to_have_count(2)
    page.get_by_role("link", name="the whole log").click()
    press(page, "Verify")
    expect(page.get_by_role("status").filter(has_text="The log is whole")).to_be_visible()
    with page.expect_download() as begun:
        press(page, "Download the head")
    begun.value.save_as(tmp_path / "head.json")
    head = json.loads((tmp_path / "head.json").read_text())
    assert head["tenant_id"] == owner.tenant_id
    assert head["seq"] >= records.audit_trail.page(owner, 1)[0].seq - 1


def test_a_log_that_was_changed_is_told_so(browser: Browser, site: Site) -> None:
    stranger = add_tenant(site, "Tampered", PASSWORD)
    with logged_in(browser, site, "/privacy/audit", stranger.email) as page:
        expect(row(page, "Session started")).to_be_visible()
        with open_engine(StoreOptions(), data_of(site)).begin() as connection:
            first = (audit_entries.c.tenant_id == stranger.tenant_id) & (audit_entries.c.seq == 1)
            connection.execute(update(audit_entries).where(first).values(actor="nobody"))
        press(page, "Verify")
        told(page, "The log is not whole")
        told(page, "Entry 1 was changed")


def test_words_of_the_log_need_no_list() -> None:
    assert what("user.role_changed") == "User role changed"
    assert what("subject.erased") == "Person erased"
