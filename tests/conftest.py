"""Fixtures every test may use."""

import os
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import NoReturn

import pytest
from hypothesis import settings

from tests.captured_logs import _logs_are_kept, kept_logs, put_last  # noqa: F401  # fixtures
from visavis.core.settings import load_settings
from visavis.entry.services import Records, Services
from visavis.entry.wiring import build, build_analyzer, open_records
from visavis.vision.analyzer import Analyzer
from visavis.vision.weights.catalog import find_pack
from visavis.vision.weights.shelf import WeightShelf

# Tests say what is right, never how fast: a busy machine is no fault.
settings.register_profile("steady", deadline=None)
settings.load_profile("steady")

REPO = Path(__file__).resolve().parent.parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Look through the logs when everything else has run."""
    put_last(items, "tests/test_logs.py")


def require_or_skip(name: str, reason: str) -> NoReturn:
    """Skip the test, or fail it where `VISAVIS_TEST_REQUIRE` (comma-separated) lists `name`.

    Args:
        name: What is missing: `chromium`, `weights`, `data`, …
        reason: One sentence: what is missing and how to get it.
    """
    if name in os.environ.get("VISAVIS_TEST_REQUIRE", "").split(","):
        pytest.fail(f"{name} is required here: {reason}")
    pytest.skip(reason)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Return the folder of real faces and hostile files, or skip where it is absent."""
    folder = Path(os.environ.get("VISAVIS_TEST_DATA", REPO.parent / "shared" / "data"))
    if not folder.is_dir():
        require_or_skip("data", f"no test data at {folder}; set VISAVIS_TEST_DATA to run this test")
    return folder


@pytest.fixture(scope="session")
def weights() -> None:
    """Go on where the default pack is in the cache, else skip."""
    shelf = WeightShelf(load_settings().cache)
    if missing := [name for name in find_pack("default").weights if shelf.path(name) is None]:
        require_or_skip("weights", f"no {', '.join(missing)} here; run `visavis models pull`")


@pytest.fixture(scope="session")
def services(weights: None) -> Iterator[Services]:
    """Give the real use cases with the default pack, shared by all tests."""
    built = build(load_settings())
    yield built
    built.analyses.close()


@pytest.fixture(scope="session")
def records(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Records]:
    """Give the accounts and so on of a private machine, where nobody logs in."""
    data = tmp_path_factory.mktemp("private")
    with closing(open_records(load_settings(data=data, accounts={"login": False}))) as opened:
        yield opened


@pytest.fixture(scope="session")
def analyzer(weights: None) -> Analyzer:
    """Give the real pipeline with the default pack."""
    settings = load_settings()
    return build_analyzer(settings, WeightShelf(settings.cache))
