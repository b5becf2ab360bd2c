"""Fixtures for tests of weights."""

import os
from pathlib import Path

import pytest

from visavis.core.settings import load_settings


@pytest.fixture(scope="session")
def ready_weights(weights: None) -> Path:
    """Return the cache's folder of weights, with the default pack in it."""
    return load_settings().cache / "weights"


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return an empty wheelhouse that is all that pip knows: no index, no other configuration."""
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    folder = tmp_path / "house"
    folder.mkdir()
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder
