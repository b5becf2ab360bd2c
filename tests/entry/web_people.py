"""What the tests of the pages about people share: real portraits, and people enrolled from them."""

from pathlib import Path

from playwright.sync_api import FilePayload, Page

from tests.entry.web_browser import Site
from tests.entry.web_office import TEXT, owner_of, records_of
from tests.usecases.enrolled import portrait
from tests.usecases.test_enrolment import beside
from visavis.core.purposes import Purpose
from visavis.core.types import Source
from visavis.store.kinds import Mode


def payload(source: Source) -> FilePayload:
    """Return a picture as a browser chooses it."""
    return FilePayload(name=source.name, mimeType="image/jpeg", buffer=source.data)


def face(shared_data: Path, number: int, *, smiling: bool = False) -> FilePayload:
    """Return one of the portraits of a person, 0..29."""
    return payload(portrait(shared_data, number, smiling=smiling))


def pair(shared_data: Path, one: int, other: int) -> FilePayload:
    """Return a picture with two people on it."""
    return payload(beside(portrait(shared_data, one, smiling=True), portrait(shared_data, other)))


def bring(page: Page, *pictures: FilePayload) -> None:
    """Choose pictures on a page that takes some."""
    page.locator("body[data-ready]").wait_for()
    page.locator("#vv-input").set_input_files(list(pictures))


def recognising(site: Site, *, keep_pictures: bool = False, mode: Mode = Mode.IDENTIFY) -> None:
    """Have the organisation recognise people, and write what they are told."""
    with records_of(site) as records:
        owner = owner_of(records)
        records.privacy.change(
            owner, mode=mode, purposes={Purpose.RECOGNITION}, keep_pictures=keep_pictures
        )
        records.notices.add(owner, Purpose.RECOGNITION, "en", TEXT)


def add(page: Page, site: Site, name: str, reference: str, *pictures: FilePayload) -> str:
    """Add somebody by the dialog, and wait until all pictures are enrolled; return their page."""
    page.goto(f"{site.url}/people")
    page.get_by_role("button", name="Add somebody").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name").fill(name)
    dialog.get_by_label("Reference").fill(reference)
    dialog.get_by_label("They are of age").check()
    if pictures:
        bring(page, *pictures)
        dialog.locator(".vp-staged li").nth(len(pictures) - 1).wait_for()
    dialog.get_by_role("button", name="Add", exact=True).click()
    page.get_by_role("heading", name=name).wait_for()
    for place in range(len(pictures)):
        page.locator(".vp-templates li").nth(place).wait_for()
    return page.url
