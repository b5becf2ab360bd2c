"""The attributes on the start page, in a real browser, on a server whose heads are known."""

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, FilePayload, Page, expect

from tests.entry.promoted import PURPOSES, VERSION, promote
from tests.entry.test_web_analysis import choose, heading, picture
from tests.entry.web_browser import Site, chromium, opened, serving
from tests.vision.pictures import jpeg, portrait
from visavis.core.settings import load_settings


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def site(weights: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Give a server that states no purpose."""
    root = tmp_path_factory.mktemp("strict")
    promote(root / "data")
    with serving(root, load_settings().cache.absolute()) as site:
        yield site


@pytest.fixture(scope="module")
def open_site(weights: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Give a server that states a purpose for everything."""
    root = tmp_path_factory.mktemp("open")
    promote(root / "data")
    stated = {f"VISAVIS_POLICY__{name.upper()}": purpose for name, purpose in PURPOSES.items()}
    with serving(root, load_settings().cache.absolute(), **stated) as site:
        yield site


@pytest.fixture(scope="module")
def alone(shared_data: Path) -> FilePayload:
    return picture("me.jpg", jpeg(portrait(shared_data)))


@pytest.fixture(scope="module")
def thirty(shared_data: Path) -> FilePayload:
    """Five rows of six faces."""
    small = portrait(shared_data)[::3, ::3]
    return picture("party.jpg", jpeg(np.tile(small, (5, 6, 1))))


def term(page: Page, name: str) -> str:
    """Return what stands beside a term of the open face."""
    found = page.locator(".vv-about:not([hidden]) dt", has_text=name)
    expect(found).to_have_count(1)
    return found.locator("xpath=following-sibling::dd[1]").inner_text()


def test_a_lone_face_is_described_at_once(browser: Browser, site: Site, alone: FilePayload) -> None:
    with opened(browser, site) as page:
        choose(page, alone)
        heading(page, "1 face")

        assert term(page, "Age").startswith("about 3")
        assert term(page, "Gender") == "probably female, 97 %"
        assert " of 100" in term(page, "Quality")
        assert term(page, "Pose")
        assert term(page, "Expression")
        expect(page.locator(".vv-about dt", has_text="Emotion")).to_have_count(0)
        expect(page.locator(".vv-about dt", has_text="Race")).to_have_count(0)
        expect(page.get_by_text("They can be wrong")).to_be_visible()


def test_what_a_purpose_was_stated_for_is_shown_and_saved(
    browser: Browser, open_site: Site, alone: FilePayload
) -> None:
    with opened(browser, open_site) as page:
        choose(page, alone)
        heading(page, "1 face")

        assert term(page, "Emotion") == "probably happy, 88 %"
        assert term(page, "Race") == "perhaps white, 70 %"
        with page.expect_download() as results:
            page.get_by_role("link", name="Save the results as JSON").click()
        (face,) = json.loads(results.value.path().read_bytes())["faces"]
        assert face["emotion"]["version"] == VERSION
        assert set(face) >= {"age", "gender", "race", "pose", "quality", "expression", "mesh"}
        assert "embedding" not in face


@pytest.mark.parametrize("width", [1280, 390])
def test_thirty_faces_stay_closed_until_one_is_chosen(
    browser: Browser, site: Site, thirty: FilePayload, width: int
) -> None:
    with opened(browser, site, width=width) as page:
        choose(page, thirty)
        heading(page, "30 faces")
        open_lists = page.locator(".vv-about:not([hidden])")
        expect(open_lists).to_have_count(0)

        fourth = page.locator(".vv-face").nth(3)
        fourth.focus()
        page.keyboard.press("Enter")
        expect(fourth).to_have_attribute("aria-expanded", "true")
        expect(open_lists).to_have_count(1)
        expect(open_lists).to_be_visible()
        page.locator(".vv-box").nth(29).click()
        expect(page.locator(".vv-face").nth(29)).to_have_attribute("aria-expanded", "true")
        expect(fourth).to_have_attribute("aria-expanded", "false")
        expect(open_lists).to_have_count(1)
        assert page.evaluate("document.documentElement.scrollWidth") == width
