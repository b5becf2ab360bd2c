"""The page about models in a real browser, on servers whose head files and figures are known."""

import json
import re
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import httpx
import numpy as np
import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.entry.http_running import portraits
from tests.entry.web_accounts import add_user, logged_in, serving_accounts, set_up
from tests.entry.web_browser import Site, chromium, opened, serving
from tests.lab.heads.reports import Json, report
from tests.vision.heads.making import even, make_head
from tests.vision.pictures import jpeg, portrait
from visavis.core.attributes import Head
from visavis.core.roles import Role
from visavis.core.settings import load_settings
from visavis.entry.web import heads_drift
from visavis.entry.web.heads_reports import Reports
from visavis.lab.heads.registry import HeadRegistry
from visavis.usecases.drift import QUALITY, QUALITY_TENTHS, Reading

FIRST, BETTER, WORSE = "portrait-first", "gender-better", "gender-worse"
expect.set_options(timeout=30_000)
NARROW = 1020
ORIGIN = "made for tests from <b>nothing</b>"
GROUPS = {"gender=female": (900, 0.94), "gender=male": (1100, 0.868), "race=white": (40, 0.5)}
BETTER_GROUPS = {"gender=female": (900, 0.96), "gender=male": (1100, 0.95), "race=white": (40, 0.5)}


def figures(version: str, accuracy: float, groups: dict[str, tuple[int, float]]) -> Json:
    """Return a report about gender with everything that the page shows."""
    found = report(version, {Head.GENDER: accuracy}, groups=groups)
    found["gender"]["unknown"] = {"share": 0.04, "accuracy": accuracy}
    return found | {"ms_per_face": {version: 0.625}}


def fill(data: Path) -> None:
    """Make a file that answers, one that is better and one that is worse."""
    registry = HeadRegistry(data / "heads")
    answers = {Head.GENDER: (0.9, 0.1), Head.AGE: even(Head.AGE)}
    before = figures(FIRST, 0.90, GROUPS)
    registry.add(made(data, FIRST, answers, ORIGIN), before)
    registry.promote(FIRST, reason="to begin with", by="ada", force=True)
    answer = {Head.GENDER: (0.2, 0.8)}
    registry.add(made(data, BETTER, answer), figures(BETTER, 0.955, BETTER_GROUPS), before)
    registry.add(made(data, WORSE, answer), figures(WORSE, 0.85, GROUPS), before)


def made(
    data: Path, version: str, answers: Mapping[Head, tuple[float, ...]], provenance: str = ""
) -> Path:
    return make_head(data / f"{version}.onnx", version, answers, provenance=provenance)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def site(weights: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    root = tmp_path_factory.mktemp("models")
    (root / "data").mkdir()
    fill(root / "data")
    with serving(root, load_settings().cache.absolute()) as site:
        yield site


@pytest.fixture
def page(browser: Browser, site: Site) -> Iterator[Page]:
    with models(browser, site) as page:
        yield page


@contextmanager
def models(browser: Browser, site: Site, width: int = 1280) -> Iterator[Page]:
    """Go to the page as people do, by the link on the start page; on a phone it is in the menu."""
    with opened(browser, site, width=width) as page:
        if width < NARROW:
            page.get_by_role("button", name="This machine, menu").click()
        page.get_by_role("link", name="Models").click()
        page.get_by_role("heading", name="Models", exact=True).wait_for()
        yield page


def section(page: Page, name: str) -> Locator:
    return page.get_by_role("region", name=name)


def card(page: Page, name: str) -> Locator:
    heading = page.get_by_role("heading", name=re.compile(f"^{name}( off here)?$"))
    return page.get_by_role("article").filter(has=heading)


def answering(site: Site, shared_data: Path) -> str:
    """Return the file that answers gender when a program asks."""
    picture = portraits(shared_data, 1)[0].read_bytes()
    answer = httpx.post(
        f"{site.url}/api/v1/analyze", params={"features": "gender"}, files={"file": picture}
    )
    return str(answer.json()["results"][0]["faces"][0]["gender"]["version"])


def wait_until_answering(site: Site, shared_data: Path, version: str) -> None:
    """Ask until the file answers: a process looks for another choice once a second."""
    deadline = time.monotonic() + 30
    while (found := answering(site, shared_data)) != version:
        assert time.monotonic() < deadline, f"{found} answers, not {version}"
        time.sleep(0.2)


@pytest.mark.parametrize("width", [1280, 390])
def test_the_page_shows_who_answers_and_how_well(browser: Browser, site: Site, width: int) -> None:
    with models(browser, site, width) as page:
        gender = card(page, "Gender")

        expect(gender).to_contain_text(FIRST)
        expect(gender).to_contain_text(ORIGIN)
        expect(gender).to_contain_text("Right about gender for 90 of 100 faces, 89–91.")
        expect(gender).to_contain_text("Answers “unknown” for 4 of 100 faces.")
        expect(gender).to_contain_text("Costs 0.62 ms a face.")
        expect(gender).to_contain_text(
            "right about female (94 of 100), least about male (87 of 100)"
        )
        row = gender.get_by_role("row", name="female")
        expect(row).to_contain_text("94")
        expect(row).to_contain_text("900 faces")
        expect(card(page, "Race")).to_contain_text("off here")
        expect(section(page, "Packs")).to_contain_text("visavis models accept arcface_r50")
        assert page.evaluate("document.documentElement.scrollWidth") == width


def test_promoting_and_rolling_back_change_who_answers(
    page: Page, site: Site, shared_data: Path
) -> None:
    waiting = card(page, BETTER)
    expect(waiting).to_contain_text("+5.5 of 100.")
    expect(waiting).to_contain_text("No group of at least 50 faces gets worse.")
    waiting.get_by_role("button", name="Let it serve").click()
    dialog = page.get_by_role("dialog", name=f"Let {BETTER} serve?")
    expect(dialog).to_contain_text("Gender passes the gate")
    dialog.get_by_role("button", name="Yes, let it answer").click()
    expect(dialog.get_by_role("alert")).to_contain_text("Say in a few words why")
    dialog.get_by_label("Why?").fill("better for <i>men</i>")
    dialog.get_by_role("button", name="Yes, let it answer").click()

    expect(page.get_by_role("status")).to_contain_text(f"Gender is now answered by {BETTER}")
    expect(card(page, "Gender")).to_contain_text(BETTER)
    expect(section(page, "History")).to_contain_text("by you: “better for <i>men</i>”")
    expect(dialog).to_have_count(0)
    wait_until_answering(site, shared_data, BETTER)

    page.get_by_role("button", name="Roll back").click()
    dialog = page.get_by_role("dialog", name="Roll back?")
    expect(dialog).to_contain_text(f"Gender goes back to {FIRST}")
    dialog.get_by_label("Why?").fill("complaints")
    dialog.get_by_role("button", name="Yes, roll back").click()

    expect(page.get_by_role("status")).to_contain_text(f"Gender is now answered by {FIRST} again")
    expect(card(page, "Gender")).to_contain_text(FIRST)
    wait_until_answering(site, shared_data, FIRST)


def test_a_file_that_does_not_pass_the_gate_is_not_let_serve(page: Page, site: Site) -> None:
    card(page, WORSE).get_by_role("button", name="Let it serve").click()

    dialog = page.get_by_role("dialog", name=f"Let {WORSE} serve?")
    expect(dialog).to_contain_text("accuracy 0.8500, at least 0.8337 for sure")
    expect(dialog.get_by_role("alert")).to_contain_text("It does not pass the gate")
    expect(dialog.get_by_role("button")).to_have_text("Close")
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(card(page, "Gender")).to_contain_text(FIRST)


def test_drift_is_told_while_the_page_is_open(page: Page, site: Site, shared_data: Path) -> None:
    line = section(page, "Drift").locator("summary").filter(has_text="Gender")
    expect(line).to_contain_text("of 200 faces; nothing can be said yet")
    crowd = jpeg(np.tile(portrait(shared_data)[::3, ::3], (5, 6, 1)))
    for _ in range(8):  # of each face a little is forgotten with the next
        answer = httpx.post(
            f"{site.url}/api/v1/analyze",
            params={"features": "gender"},
            files={"file": crowd},
            timeout=60,
        )
        assert len(answer.json()["results"][0]["faces"]) == 30

    expect(line).to_contain_text("alike")
    expect(line).to_contain_text("PSI 0.00")
    line.click()
    expect(section(page, "Drift").get_by_role("row", name="female")).to_contain_text("90")


def test_whoever_may_only_look_is_offered_nothing(
    browser: Browser, weights: None, tmp_path: Path
) -> None:
    (tmp_path / "data").mkdir()
    fill(tmp_path / "data")
    with serving_accounts(tmp_path, load_settings().cache.absolute()) as site:
        set_up(browser, site)
        email = add_user(site, "Viola", Role.VIEWER)
        with logged_in(browser, site, "/models", email) as page:
            expect(card(page, BETTER)).to_contain_text("+5.5 of 100.")
            for name in ("Challengers", "History"):
                expect(section(page, name)).to_contain_text("visavis models promote")
                expect(section(page, name).get_by_role("button")).to_have_count(0)


def test_figures_of_bundled_files_lie_beside_them_and_need_no_record(tmp_path: Path) -> None:
    made(tmp_path, FIRST, {Head.GENDER: (0.9, 0.1)})
    (tmp_path / f"{FIRST}.json").write_text(json.dumps(figures(FIRST, 0.90, GROUPS)))
    files = HeadRegistry(tmp_path / "heads", bundled=tmp_path).versions()

    found = Reports(files, tmp_path / "heads").of(FIRST, Head.GENDER)

    assert found is not None
    assert found.groups[Head.GENDER]["gender=male"].faces == 1100


@pytest.mark.parametrize(
    ("reading", "told"),
    [
        (
            Reading("age", "v", ("0-2", "3-9"), (0.5, 0.5), 300, (0.9, 0.1), 0.3, -3.6, "0-2"),
            "People look 4 years younger than in training.",
        ),
        (
            Reading(
                "gender", "v", ("female", "male"), (0.5, 0.5), 300, (0.4, 0.6), 0.1, 0.1, "male"
            ),
            "More faces look male: 60 of 100, in training 50.",
        ),
        (
            Reading(QUALITY, "v", QUALITY_TENTHS, (0.1,) * 10, 300, (0.1,) * 10, 0.0, 0.0, "0-10"),
            "On average as in training.",
        ),
        (Reading(QUALITY, "v", QUALITY_TENTHS, (0.1,) * 10, 12.0), "12 of 200 faces"),
    ],
)
def test_drift_is_told_in_words(reading: Reading, told: str) -> None:
    assert told in heads_drift.line(reading)
