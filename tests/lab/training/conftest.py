"""What the tests of training share: PyTorch, and crops that are ready without finding faces."""

import csv
import importlib.util
import io
import zipfile

import numpy as np
import pytest
from PIL import Image

from tests.conftest import require_or_skip
from visavis.core.attributes import CLASSES, Head, class_of
from visavis.vision.heads.card import CropSpec

SPEC = CropSpec(size=64, padding=0.25)


@pytest.fixture(scope="session")
def torch_here():
    if importlib.util.find_spec("torch") is None:
        require_or_skip("torch", "PyTorch is not installed: pip install 'visavis[train]'")


@pytest.fixture(scope="session")
def crops(shared_data, torch_here):
    """Give 1,700 labelled faces of FairFace, cut from the middle of their pictures."""
    from visavis.lab.training.crops import CropSet, is_held_out, kept_side

    side = kept_side(SPEC)
    rows = list(csv.DictReader(io.StringIO((shared_data / "fairface/train.csv").read_text())))
    rows = rows[:1700]
    with zipfile.ZipFile(shared_data / "fairface/train.zip") as archive:
        pictures = [archive.read(row["file"]) for row in rows]
    pixels = [
        np.asarray(Image.open(io.BytesIO(p)).convert("RGB").resize((side, side))) for p in pictures
    ]
    truth = {
        head: np.array([CLASSES[head].index(class_of(head, row[head])) for row in rows])
        for head in (Head.AGE, Head.GENDER)
    }
    held_out = np.array([is_held_out(picture) for picture in pictures])
    return CropSet(np.stack(pixels), truth, held_out, "0" * 64, SPEC)
