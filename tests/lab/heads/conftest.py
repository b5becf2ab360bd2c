"""A bundled file, an empty folder and a registry over both."""

from pathlib import Path

import pytest

from tests.lab.heads.files import BOTH
from tests.vision.heads.making import make_head
from visavis.lab.heads.registry import HeadRegistry


@pytest.fixture
def bundled(tmp_path: Path) -> Path:
    folder = tmp_path / "bundled"
    folder.mkdir()
    make_head(folder / "b.onnx", "b-1", BOTH)
    return folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "data" / "heads"


@pytest.fixture
def registry(folder: Path, bundled: Path) -> HeadRegistry:
    return HeadRegistry(folder, bundled)
