"""A real server process and a real browser for page tests."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from tests.conftest import require_or_skip

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
    """

    url: str
    folders: tuple[Path, ...]

    def written(self) -> list[Path]:
        """Return the files it has written."""
        return [path for folder in self.folders for path in folder.rglob("*") if path.is_file()]


@contextmanager
def serving(root: Path, cache: Path, **settings: str) -> Iterator[Site]:
    """Run `visavis serve` in folders of its own below `root`."""
    folders = tuple(root / name for name in ("data", "work", "temporary"))
    for folder in folders:
        folder.mkdir(exist_ok=True)  # a test may have put something into the data folder
    data, work, temporary = folders
    own = {"VISAVIS_DATA": data, "VISAVIS_CACHE": cache, "TMPDIR": temporary, **settings}
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM, "serve", "--port", "0"],
        cwd=work,
        env=os.environ | {name: str(value) for name, value in own.items()},
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr is not None
        try:
            yield Site(_address(process.stderr), folders)
        finally:
            process.terminate()
            process.stderr.read()


def _address(lines: Iterable[str]) -> str:
    """Return the address that the server says it listens at."""
    said = []
    for line in lines:
        said.append(line)
        if found := re.search(r"http://[\w.:]+", line):
            return found[0]
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
    """Open the page in a fresh browser profile; it may not complain nor load from elsewhere."""
    viewport = {"width": width, "height": 844}
    context = browser.new_context(viewport=viewport, **options)  # type: ignore[arg-type]
    page = context.new_page()
    faults: list[str] = []
    page.on("console", lambda m: faults.append(m.text) if m.type in {"error", "warning"} else None)
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("request", lambda r: None if r.url.startswith(own(site)) else faults.append(r.url))
    page.goto(site.url)
    page.get_by_role("heading", name="Find the faces in a picture").wait_for()
    page.locator("body[data-ready]").wait_for()
    yield page
    context.close()
    assert faults == []


def own(site: Site) -> tuple[str, ...]:
    return (site.url, "data:", "blob:")
