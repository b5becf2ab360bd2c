"""A real server process and a real browser for page tests."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright

from tests.captured_logs import keep_logs_of
from tests.conftest import require_or_skip
from visavis.entry.web.guard import FORMS

PROGRAM = """
from visavis.entry.main import main
from visavis.entry.web import app
app.RECONNECT_WITHIN_S = 5  # so that a test can wait for what happens after it
main()
"""
NAMES = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-fake-device-for-media-stream",
)


@dataclass(frozen=True)
class Site:
    """A server under test.

    Attributes:
        url: Where its page is.
        folders: Where it could write: its data, working and temporary folders.
        said: The lines it printed until it was ready.
    """

    url: str
    folders: tuple[Path, ...]
    said: list[str] = field(default_factory=list)

    def written(self) -> list[Path]:
        """Return the files it has written."""
        return [path for folder in self.folders for path in folder.rglob("*") if path.is_file()]


@contextmanager
def serving(root: Path, cache: Path, **settings: str) -> Iterator[Site]:
    """Run `visavis serve` in folders of its own below `root`; nobody logs in unless told so."""
    folders = tuple(root / name for name in ("data", "work", "temporary"))
    for folder in folders:
        folder.mkdir(exist_ok=True)  # a test may have put something into the data folder
    data, work, temporary = folders
    own: dict[str, object] = {"VISAVIS_DATA": data, "VISAVIS_CACHE": cache, "TMPDIR": temporary}
    own = own | {"VISAVIS_ACCOUNTS__LOGIN": "false"} | settings
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM, "serve", "--port", "0"],
        cwd=work,
        env=os.environ | {name: str(value) for name, value in own.items()},
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr is not None
        try:
            said: list[str] = []
            yield Site(_address(process.stderr, said), folders, said)
        finally:
            process.terminate()
            keep_logs_of(process.stderr.read())


def _address(lines: Iterable[str], said: list[str]) -> str:
    """Return the address that the server says it listens at, and add what it said to `said`."""
    for line in lines:
        said.append(line)
        if found := re.search(r"Visavis is at (http://[\w.:]+)", line):
            return found[1]
    raise AssertionError("".join(said))


@contextmanager
def chromium() -> Iterator[Browser]:
    """Start Chromium, or skip where there is none."""
    path = next(filter(None, map(shutil.which, NAMES)), None)
    if path is None:
        require_or_skip("chromium", "no Chromium here; install it to test the pages")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(ARGUMENTS))
        yield browser
        browser.close()


@contextmanager
def opened(browser: Browser, site: Site, width: int = 1280, **options: object) -> Iterator[Page]:
    """Open the start page in a fresh browser profile, where nobody needs to log in."""
    with blank(browser, site, width, **options) as page:
        page.goto(site.url)
        ready(page)
        yield page


def ready(page: Page) -> None:
    """Wait until the start page can be used."""
    page.get_by_role("heading", name="Find the faces in a picture").wait_for()
    page.locator("body[data-ready]").wait_for()


@contextmanager
def blank(browser: Browser, site: Site, width: int = 1280, **options: object) -> Iterator[Page]:
    """Give an empty page in a fresh browser profile.

    What is opened in it may not complain nor load from elsewhere; that a form was refused is no
    complaint.
    """
    viewport = {"width": width, "height": 844}
    context = browser.new_context(viewport=viewport, **options)  # type: ignore[arg-type]
    page = context.new_page()
    faults: list[str] = []
    page.on("console", lambda m: faults.append(m.text) if _is_complaint(m) else None)
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("request", lambda r: None if r.url.startswith(own(site)) else faults.append(r.url))
    yield page
    context.close()
    assert faults == []


def _is_complaint(message: ConsoleMessage) -> bool:
    refused = "the server responded with a status of" in message.text
    of_a_form = urlsplit(message.location["url"]).path in FORMS
    return message.type in {"error", "warning"} and not (refused and of_a_form)


def own(site: Site) -> tuple[str, ...]:
    return (site.url, "data:", "blob:")
