"""The start page in a real browser, on a real server with the real engine."""

import base64
import json
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import httpx
import numpy as np
import pytest
from playwright.sync_api import Browser, FilePayload, FloatRect, Page, expect

from tests.entry.http_running import portraits
from tests.entry.web_browser import Site, chromium, opened, serving
from visavis.entry.services import Services

MAX_BYTES = 3_000_000
NOTES = FilePayload(name="notes.txt", mimeType="text/plain", buffer=b"no picture at all")
expect.set_options(timeout=30_000)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def site(services: Services, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    limits = {"VISAVIS_IMAGES__MAX_BYTES": str(MAX_BYTES), "VISAVIS_SERVER__MAX_FILES": "5"}
    root = tmp_path_factory.mktemp("site")
    with serving(root, services.settings.cache.absolute(), **limits) as site:
        yield site


@pytest.fixture
def page(browser: Browser, site: Site) -> Iterator[Page]:
    with opened(browser, site) as page:
        yield page


@pytest.fixture(scope="module")
def people(shared_data: Path) -> list[FilePayload]:
    """Three portraits of one face each, under names that say nothing."""
    return [picture(f"p{i}.jpg", p.read_bytes()) for i, p in enumerate(portraits(shared_data, 3))]


def picture(name: str, data: bytes) -> FilePayload:
    return FilePayload(name=name, mimeType="image/jpeg", buffer=data)


def blank(side: int = 320) -> bytes:
    _, data = cv2.imencode(".jpg", np.full((side, side, 3), 180, np.uint8))
    return bytes(data)


def choose(page: Page, *files: FilePayload) -> None:
    page.locator("#vv-input").set_input_files(list(files))


def heading(page: Page, text: str) -> None:
    expect(page.get_by_role("heading", level=2).first).to_have_text(text)


def drop(page: Page, file: FilePayload) -> None:
    """Drop a file onto the page, as a person would with the mouse."""
    page.evaluate(
        """([name, data]) => {
            const bytes = Uint8Array.from(atob(data), (c) => c.charCodeAt(0));
            const dataTransfer = new DataTransfer();
            dataTransfer.items.add(new File([bytes], name));
            for (const type of ["dragenter", "dragover", "drop"])
                document.body.dispatchEvent(
                    new DragEvent(type, { dataTransfer, bubbles: true, cancelable: true }));
        }""",
        [file["name"], base64.b64encode(file["buffer"]).decode()],
    )


def test_a_dropped_portrait_shows_its_face(
    page: Page, site: Site, people: list[FilePayload]
) -> None:
    drop(page, people[0])

    heading(page, "1 face")
    expect(page.get_by_text("p0.jpg", exact=True)).to_be_visible()
    expect(page.get_by_role("img", name="p0.jpg, 1 face")).to_be_visible()
    assert str(page.locator(".vv-points").get_attribute("d")).count("M") == 5
    answer = httpx.post(f"{site.url}/api/v1/analyze", files={"file": people[0]["buffer"]}).json()
    box = answer["results"][0]["faces"][0]["box"]
    stage, drawn = bounds(page, ".vv-stage"), bounds(page, ".vv-box")
    scale = stage["width"] / answer["results"][0]["width"]
    assert drawn["x"] - stage["x"] == pytest.approx(box["x1"] * scale, abs=2)
    assert drawn["y"] - stage["y"] == pytest.approx(box["y1"] * scale, abs=2)
    assert drawn["width"] == pytest.approx((box["x2"] - box["x1"]) * scale, abs=2)


def bounds(page: Page, selector: str) -> FloatRect:
    found = page.locator(selector).bounding_box()
    assert found is not None
    return found


def test_a_bad_file_is_named_and_leaves_good_results_alone(
    page: Page, people: list[FilePayload]
) -> None:
    choose(page, people[0])
    heading(page, "1 face")
    choose(page, NOTES)

    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("notes.txt could not be used")
    expect(alert).to_contain_text("send JPEG, PNG")
    heading(page, "1 face")
    expect(page.locator(".vv-box")).to_have_count(1)
    alert.get_by_role("button", name="Dismiss").click()
    expect(alert).to_have_count(0)


def test_a_file_over_the_cap_is_refused_before_it_is_sent(
    page: Page, people: list[FilePayload]
) -> None:
    choose(page, picture("huge.jpg", bytes(MAX_BYTES + 1)), people[1])

    expect(page.get_by_role("alert")).to_contain_text("huge.jpg is larger than the")
    heading(page, "1 face")
    expect(page.locator(".vv-progress")).to_be_empty()


def test_toggles_draw_and_remove_layers(page: Page, people: list[FilePayload]) -> None:
    choose(page, people[0])
    heading(page, "1 face")
    boxes, points, mesh = (page.locator(f".vv-{name}") for name in ("box", "points", "mesh"))
    expect(boxes).to_have_count(1)
    expect(points).to_have_count(1)
    expect(mesh).to_have_count(0)

    for name in ("Boxes", "Points", "Mesh"):
        page.get_by_role("switch", name=name).click()

    expect(boxes).to_have_count(0)
    expect(points).to_have_count(0)
    expect(mesh).to_have_count(1)
    assert str(mesh.get_attribute("d")).count("M") == 468


def test_results_can_be_saved(page: Page, people: list[FilePayload]) -> None:
    choose(page, people[0])
    heading(page, "1 face")

    with page.expect_download() as results:
        page.get_by_role("link", name="Save the results as JSON").click()
    with page.expect_download() as drawn:
        page.get_by_role("link", name="Save the picture with the faces drawn in").click()

    saved = json.loads(results.value.path().read_bytes())
    assert (results.value.suggested_filename, saved["num_faces"]) == ("p0.json", 1)
    assert set(saved["faces"][0]) >= {"box", "score", "points", "mesh"}
    assert drawn.value.suggested_filename == "p0-annotated.jpg"
    assert cv2.imread(str(drawn.value.path())) is not None


def test_several_pictures_can_be_looked_at_in_turn_and_taken_away(
    page: Page, site: Site, people: list[FilePayload]
) -> None:
    choose(page, *people)
    strip = page.get_by_role("navigation", name="Pictures").get_by_role("button")
    expect(strip).to_have_count(3)
    for file in people:
        page.get_by_role("button", name=f"{file['name']}, 1 face").click()
        expect(page.locator(".vv-name")).to_have_text(file["name"])
    link = page.get_by_role("link", name="JSON").get_attribute("href")
    assert httpx.get(f"{site.url}/{link}").status_code == 200

    page.get_by_role("button", name="Remove this picture").click()
    expect(strip).to_have_count(2)
    assert httpx.get(f"{site.url}/{link}").status_code == 404
    page.get_by_role("button", name="Start over").click()

    expect(page.get_by_role("button", name="Choose pictures")).to_be_visible()
    expect(page.locator(".vv-stage")).to_have_count(0)


def test_no_more_pictures_than_allowed_lie_on_the_page(
    page: Page, people: list[FilePayload]
) -> None:
    choose(page, *(picture(f"b{i}.jpg", blank(64 + i)) for i in range(7)))

    expect(page.get_by_role("alert")).to_contain_text("5 fit at once")
    expect(page.locator(".vv-badge")).to_have_count(5)


def test_a_picture_without_faces_brings_advice(page: Page) -> None:
    choose(page, picture("wall.jpg", blank()))

    heading(page, "No face found")
    expect(page.get_by_text("are sharp and well lit")).to_be_visible()
    expect(page.get_by_role("switch")).to_have_count(0)


def test_pointing_at_a_face_lights_its_box_with_mouse_and_keyboard(
    page: Page, people: list[FilePayload]
) -> None:
    choose(page, people[0])
    face, box = page.locator(".vv-face"), page.locator(".vv-box")

    face.hover()
    expect(box).to_have_class(re.compile("is-lit"))
    page.mouse.move(0, 0)
    expect(box).not_to_have_class(re.compile("is-lit"))
    face.focus()
    page.keyboard.press("Enter")
    expect(face).to_have_attribute("aria-expanded", "false")
    page.keyboard.press("Enter")
    expect(face).to_have_attribute("aria-expanded", "true")
    page.mouse.move(0, 0)
    expect(box).to_have_class(re.compile("is-lit"))


def test_the_primary_action_is_reached_by_keyboard(page: Page) -> None:
    page.evaluate(
        """document.getElementById("vv-input").addEventListener("click", (event) => {
            event.preventDefault();
            document.body.dataset.asked = "for files";
        })"""
    )
    choose_button = page.get_by_role("button", name="Choose pictures")
    for _ in range(15):  # past the name, the links to the pages and the menu
        page.keyboard.press("Tab")
    expect(choose_button).to_be_focused()
    page.keyboard.press("Enter")

    expect(page.locator("body[data-asked]")).to_have_count(1)


def test_the_camera_takes_a_picture(browser: Browser, site: Site) -> None:
    with opened(browser, site, permissions=["camera"]) as page:
        page.get_by_role("button", name="Use the camera").click()
        page.get_by_role("button", name="Take the picture").click()

        heading(page, "No face found")  # the browser's test camera shows a coloured disc
        expect(page.locator(".vv-name")).to_have_text(re.compile(r"camera-[\d-]+\.jpg"))
        expect(page.get_by_role("dialog")).to_have_count(0)


def test_a_camera_that_may_not_be_used_is_explained(page: Page) -> None:
    page.get_by_role("button", name="Use the camera").click()

    expect(page.get_by_role("dialog")).to_contain_text("Allow it beside the address")
    expect(page.get_by_role("button", name="Take the picture")).to_be_disabled()
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_a_hostile_name_is_shown_as_text(page: Page, people: list[FilePayload]) -> None:
    name = "<img src=x onerror=window.hacked=1>&amp;.jpg"
    choose(page, picture(name, people[0]["buffer"]), picture(f"{name}.txt", b"no picture"))

    heading(page, "1 face")
    expect(page.locator(".vv-name")).to_have_text(name)
    expect(page.get_by_role("alert")).to_contain_text(f"{name}.txt")
    assert page.evaluate("window.hacked") is None


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_a_phone_in_light_and_dark(
    browser: Browser, site: Site, people: list[FilePayload], scheme: str
) -> None:
    with opened(browser, site, width=390, color_scheme=scheme) as page:
        choose(page, *people, NOTES)
        heading(page, "1 face")
        expect(page.get_by_role("alert")).to_be_visible()

        look: dict[str, Any] = page.evaluate(
            """() => ({
                width: document.documentElement.scrollWidth,
                light: getComputedStyle(document.body).backgroundColor.match(/\\d+/)[0] > 127,
            })"""
        )
        assert look == {"width": 390, "light": scheme == "light"}


def test_no_picture_is_written_to_disk(page: Page, site: Site, people: list[FilePayload]) -> None:
    before = {path.name for path in site.written()}  # rows and keys
    large = people[2]["buffer"] + bytes(2_500_000)  # above what is usually spooled to a file
    choose(page, picture("large.jpg", large))

    heading(page, "1 face")
    written = site.written()
    assert {path.name for path in written} == before
    assert [path for path in written if people[2]["buffer"][1000:1500] in path.read_bytes()] == []


def test_a_closed_page_takes_its_pictures_with_it(
    browser: Browser, site: Site, people: list[FilePayload]
) -> None:
    with opened(browser, site) as page:
        choose(page, people[0])
        heading(page, "1 face")
        link = page.get_by_role("link", name="JSON").get_attribute("href")
        assert httpx.get(f"{site.url}/{link}").status_code == 200

    closed = time.monotonic()
    while httpx.get(f"{site.url}/{link}").status_code == 200:
        assert time.monotonic() - closed < 120, "the picture is still there"
        time.sleep(0.5)


def test_other_sites_cannot_read_anything(site: Site) -> None:
    paths = ("/", "/_nicegui_ws/socket.io/?EIO=4&transport=polling", "/assets/theme.css")
    answers = [
        httpx.get(f"{site.url}{path}", headers={"Origin": "https://elsewhere.example"})
        for path in paths
    ]

    for answer in answers:
        assert "access-control-allow-origin" not in answer.headers
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]


def test_an_unknown_page_says_so_to_people_and_programs(site: Site) -> None:
    person = httpx.get(f"{site.url}/nowhere", headers={"Accept": "text/html"})
    program = httpx.get(f"{site.url}/nowhere")

    assert (person.status_code, program.status_code) == (404, 404)
    assert "There is nothing here" in person.text
    assert program.json()["status"] == 404
