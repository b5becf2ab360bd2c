"""What the tests of the pages about users, privacy and settings share."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import numpy as np
from playwright.sync_api import Locator, Page, expect

from tests.entry.web_accounts import (
    EMAIL,
    NAME,
    OFTEN,
    ORGANISATION,
    PASSWORD,
    data_of,
    serving_accounts,
)
from tests.entry.web_browser import Site
from visavis.core.purposes import Purpose
from visavis.core.roles import Role
from visavis.core.settings import load_settings
from visavis.credentials.passwords import hash_password
from visavis.entry.services import Records
from visavis.entry.wiring import open_records
from visavis.store.kinds import ConsentMethod, Mode, UserState
from visavis.store.users import User
from visavis.usecases.actor import SYSTEM, Actor
from visavis.usecases.consent_records import GivenBy

PHONE = 360
"""Width of a small phone, pixels."""

TEXT = "We look at <b>faces</b> at the door, for a year; write to us to withdraw."
"""What a notice says."""

LIMITS = {name.removeprefix("VISAVIS_THROTTLE__").lower(): often for name, often in OFTEN.items()}


@contextmanager
def records_of(site: Site) -> Iterator[Records]:
    """Open the rows and keys of a server beside it."""
    with closing(open_records(load_settings(data=data_of(site), throttle=LIMITS))) as records:
        yield records


@contextmanager
def served(root: Path, **settings: str) -> Iterator[Site]:
    """Run a server where people log in, with its owner."""
    with serving_accounts(root, load_settings().cache.absolute(), **settings) as site:
        with records_of(site) as records:
            records.set_up.create_owner(EMAIL, NAME, PASSWORD, organisation=ORGANISATION)
        yield site


def owner_of(records: Records) -> Actor:
    """Return the owner of the organisation that runs the server."""
    with records.ground.store.reading() as work:
        tenant = work.tenants.first()
        assert tenant is not None
        users = work.users.page(tenant.id, 200).items
    owner = next(user for user in users if user.role is Role.OWNER)
    found = records.callers.of_user(tenant.id, owner.id)
    assert found is not None
    return found


def add_tenant(site: Site, name: str, password: str) -> User:
    """Make another organisation with an owner."""
    hashed = hash_password(password)
    with records_of(site) as records, records.ground.store.work() as work:
        now = records.ground.clock()
        tenant = work.tenants.add(name, now)
        email, role, active = f"owner@{name.lower()}.example", Role.OWNER, UserState.ACTIVE
        user = work.users.add(tenant.id, email, f"Owner of {name}", hashed, role, now, active)
        records.ground.audit.note(work, tenant.id, SYSTEM, "tenant.created", now)
    return user


def row(page: Page, name: str) -> Locator:
    """Return the row of a list that has a heading."""
    heading = page.get_by_role("rowheader").filter(has_text=name)
    return page.get_by_role("row").filter(has=heading)


def main(page: Page) -> Locator:
    """Return what is below the bar."""
    return page.locator("main.vv-main")


def told(page: Page, words: str) -> None:
    """Expect the page to say something."""
    expect(page.get_by_role("status").filter(has_text=words)).to_be_visible()


def fits(page: Page) -> None:
    """Expect that nothing has to be moved sideways."""
    width = page.viewport_size
    assert width is not None
    assert page.evaluate("document.documentElement.scrollWidth") == width["width"]


def enrolled(records: Records, owner: Actor, reference: str) -> str:
    """Make a person with a consent and a sealed template; return their id."""
    records.privacy.change(owner, mode=Mode.IDENTIFY, purposes={Purpose.RECOGNITION})
    notice = records.notices.add(owner, Purpose.RECOGNITION, "en", TEXT)
    known = records.subjects.create(owner, reference=reference, name="Noor", adult=True)
    records.consents.give(
        owner,
        known.id,
        Purpose.RECOGNITION,
        notice_id=notice.id,
        method=ConsentMethod.WRITTEN,
        given_by=GivenBy.SUBJECT,
        evidence="binder 3",
    )
    vector = np.ones(128, np.float32)
    records.templates.seal(
        owner, known.id, vector, purpose=Purpose.RECOGNITION, embedder="dlib_resnet"
    )
    return known.id


def goto(page: Page, site: Site, path: str) -> None:
    """Open a part of the page about privacy."""
    page.goto(f"{site.url}/privacy{path}")


def press(page: Page, button: str) -> None:
    """Press a button, the first one of this name."""
    page.get_by_role("button", name=button, exact=True).first.click()
