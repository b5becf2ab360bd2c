"""The pages of results in a real browser: found, looked at, growing by themselves, removed."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.entry.web_accounts import add_user, logged_in
from tests.entry.web_browser import Site, chromium
from tests.entry.web_office import PHONE, add_tenant, fits, owner_of, records_of, served
from tests.usecases.enrolled import portrait
from tests.usecases.kept_results import analysis, keep
from visavis.core.roles import Role
from visavis.core.types import Source
from visavis.store.kinds import Mode

expect.set_options(timeout=30_000)

JOB = "cd" * 16


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def site(weights: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with served(tmp_path_factory.mktemp("results")) as site:
        yield site


@pytest.fixture(autouse=True)
def empty(site: Site) -> None:
    """Begin without results, in the mode in which they are kept."""
    with records_of(site) as records:
        owner = owner_of(records)
        records.privacy.change(owner, mode=Mode.ANONYMOUS, confirm=True)
        if items := records.results.page(owner).items:
            records.results.remove(owner, [each.sha256 for each in items])


@pytest.fixture
def page(browser: Browser, site: Site) -> Iterator[Page]:
    with logged_in(browser, site, "/results") as page:
        yield page


def put(site: Site, source: Source, **told: object) -> str:
    """Keep a result of a picture; return its name."""
    with records_of(site) as records:
        found = analysis(source.data, name=f"<b>{source.name}</b>", **told)  # type: ignore[arg-type]
        owner = owner_of(records)
        return keep(records.results, owner.tenant_id, found, source.data, job_id=JOB).sha256


def tiles(page: Page, number: int) -> None:
    expect(page.locator(".vr-grid li")).to_have_count(number)


def test_an_empty_page_says_where_results_come_from_and_grows_by_itself(
    page: Page, site: Site, shared_data: Path
) -> None:
    expect(page.get_by_role("heading", name="No results yet")).to_be_visible()
    expect(page.get_by_role("link", name="Analyse pictures in a job")).to_be_visible()
    page.evaluate("window.stays = true")
    put(site, portrait(shared_data, 1))
    tiles(page, 1)
    expect(page.get_by_text("1 result", exact=True)).to_be_visible()
    expect(page.locator(".vr-new")).to_have_count(1)
    put(site, portrait(shared_data, 2), ages=("3-9",))
    tiles(page, 2)
    with records_of(site) as records:
        owner = owner_of(records)
        records.results.remove(owner, [records.results.page(owner).items[0].sha256])
    tiles(page, 1)
    assert page.evaluate("window.stays") is True  # the page was never loaded anew
    loaded = "Array.from(document.images).every((image) => image.complete && image.naturalWidth)"
    page.wait_for_function(loaded)


def test_results_are_found_and_the_address_says_how(
    page: Page, site: Site, shared_data: Path
) -> None:
    put(site, portrait(shared_data, 1), ages=("3-9",), genders=("female",))
    put(site, portrait(shared_data, 2), ages=("40-49",), genders=("male",))
    put(site, portrait(shared_data, 3), ages=())
    page.reload()
    tiles(page, 3)
    page.get_by_label("Age, at most").fill("12")
    page.get_by_label("Gender").select_option("female")
    page.get_by_role("button", name="Search").click()
    tiles(page, 1)
    expect(page).to_have_url(f"{site.url}/results?oldest=12&gender=female")
    with page.expect_download() as saving:
        page.get_by_role("link", name="CSV").click()
    rows = Path(saving.value.path()).read_text().splitlines()
    assert len(rows) == 2
    page.get_by_label("Gender").select_option("male")
    page.get_by_role("button", name="Search").click()
    expect(page.get_by_role("heading", name="No result matches")).to_be_visible()
    page.get_by_role("link", name="Show all results").click()
    tiles(page, 3)
    page.locator("#until").fill("9999-12-31")
    page.get_by_role("button", name="Search").click()
    expect(page.get_by_text("No such time can be looked for")).to_be_visible()
    page.locator("#until").fill("")
    page.get_by_label("From").fill("2999-01-01")
    page.get_by_role("button", name="Search").click()
    expect(page.get_by_role("heading", name="No result matches")).to_be_visible()
    page.goto(f"{site.url}/results?gender=woman")
    expect(page.get_by_text("Give gender as one of female, male, unknown.")).to_be_visible()
    tiles(page, 3)


def test_a_result_is_looked_at_closely_and_its_layers_switched(
    page: Page, site: Site, shared_data: Path
) -> None:
    source = portrait(shared_data, 4)
    name = put(site, source)
    page.goto(f"{site.url}/results/{name}")
    expect(page.get_by_role("heading", name="2 faces")).to_be_visible()
    expect(page.get_by_text("<b>neutral.jpg</b>")).to_be_visible()
    expect(page.locator(".vv-stage .vv-box")).to_have_count(2)
    expect(page.locator(".vr-label")).to_have_text(["27 · female", "43 · male"])
    for switch, drawn, count in (
        ("Boxes", ".vv-box", 0),
        ("Labels", ".vr-label", 0),
        ("Points", "path.vv-points", 2),
        ("Mesh", "path.vv-mesh", 2),
    ):
        page.get_by_role("switch", name=switch).click()
        expect(page.locator(f".vv-stage {drawn}")).to_have_count(count)

    page.get_by_role("button", name="Larger").click()
    page.keyboard.press("+")
    expect(page.locator(".vr-stage")).to_have_class("vv-stage vr-stage is-close")
    expect(page.locator(".vr-stage img")).to_have_attribute("src", re.compile(f"{name}/large.jpg"))
    page.get_by_role("button", name="Fit").click()
    expect(page.locator(".vr-stage")).to_have_class("vv-stage vr-stage")

    face = page.get_by_role("button", name="Face 2")
    face.click()
    expect(page.locator("#vv-about-1")).to_be_visible()
    with page.expect_download() as saving:
        page.get_by_role("link", name="Save what was found, as JSON").click()
    told = json.loads(Path(saving.value.path()).read_text())
    assert told["redis_key"] == name
    with page.expect_download() as saving:
        page.get_by_role("link", name="Save the picture as it was sent").click()
    assert Path(saving.value.path()).read_bytes() == source.data


def test_neighbours_follow_and_a_result_is_removed(
    page: Page, site: Site, shared_data: Path
) -> None:
    first, second, third = (put(site, portrait(shared_data, number)) for number in (5, 6, 7))
    page.goto(f"{site.url}/results")
    page.locator(".vr-grid a").nth(1).click()
    expect(page).to_have_url(f"{site.url}/results/{second}")
    page.get_by_role("link", name="Older result").click()
    expect(page).to_have_url(f"{site.url}/results/{first}")
    expect(page.get_by_role("link", name="Older result")).to_have_count(0)
    page.locator(".vr-stage img").wait_for()
    page.keyboard.press("ArrowLeft")
    expect(page).to_have_url(f"{site.url}/results/{second}")
    page.get_by_role("button", name="Remove this result…").click()
    page.get_by_role("button", name="Cancel").click()
    page.get_by_role("button", name="Remove this result…").click()
    page.get_by_role("button", name="Remove it").click()
    expect(page).to_have_url(f"{site.url}/results")
    tiles(page, 2)
    page.goto(f"{site.url}/results/{second}")
    expect(page.get_by_role("heading", name="This result is not here")).to_be_visible()
    page.goto(f"{site.url}/results/{third}")
    expect(page.get_by_role("heading", name="2 faces")).to_be_visible()


def test_private_modes_are_told_and_only_who_may_removes(
    browser: Browser, site: Site, shared_data: Path
) -> None:
    with records_of(site) as records:
        records.privacy.change(owner_of(records), mode=Mode.IDENTIFY)
    with logged_in(browser, site, "/results") as page:
        expect(page.get_by_role("heading", name="Results are not kept")).to_be_visible()
        expect(page.get_by_role("link", name="Open the privacy rules")).to_be_visible()
    with records_of(site) as records:
        records.privacy.change(owner_of(records), mode=Mode.ANONYMOUS)
    name = put(site, portrait(shared_data, 8))
    with records_of(site) as records:
        records.privacy.change(owner_of(records), mode=Mode.IDENTIFY)
    viewer = add_user(site, "Vera", Role.VIEWER)
    with logged_in(browser, site, "/results", viewer) as page:
        expect(page.get_by_text("Results are not kept in the privacy mode")).to_be_visible()
        tiles(page, 1)
        page.goto(f"{site.url}/results/{name}")
        expect(page.get_by_role("heading", name="2 faces")).to_be_visible()
        expect(page.get_by_role("button", name="Remove this result…")).to_have_count(0)
    with logged_in(browser, site, "/results", width=PHONE) as page:
        tiles(page, 1)
        fits(page)
        page.get_by_role("button", name="Filter").click()
        expect(page.get_by_label("Gender")).to_be_visible()
        fits(page)
        page.goto(f"{site.url}/results/{name}")
        page.locator(".vr-stage img").wait_for()
        fits(page)


def test_pictures_of_others_are_out_of_reach(
    browser: Browser, page: Page, site: Site, shared_data: Path
) -> None:
    name = put(site, portrait(shared_data, 9))
    password = "six plain words are plenty enough"  # of a test
    other = add_tenant(site, "Other", password)
    for copy in ("thumb.jpg", "view.jpg", "large.jpg"):
        answer = page.request.get(f"{site.url}/results-pictures/{name}/{copy}")
        assert (answer.status, answer.headers["content-type"]) == (200, "image/jpeg")
        assert answer.headers["cache-control"].startswith("private")
    assert page.request.get(f"{site.url}/results-pictures/{name}/raw").status == 404
    context = browser.new_context()
    stranger = context.new_page()
    refused = stranger.request.get(f"{site.url}/results-pictures/{name}/view.jpg")
    assert refused.headers.get("content-type") != "image/jpeg"
    stranger.goto(f"{site.url}/login")
    stranger.get_by_label("E-mail").fill(other.email)
    stranger.get_by_label("Password").fill(password)
    stranger.get_by_role("button", name="Log in").click()
    stranger.get_by_role("button", name="Owner of Other, menu").wait_for()
    gone = stranger.request.get(f"{site.url}/results-pictures/{name}/view.jpg")
    assert gone.status == 404
    context.close()
