"""What ships with the program, for tests."""

from visavis.index.calibration import Calibration, bundled

EMBEDDER = "dlib_resnet@1"


def shipped() -> Calibration:
    """Return the calibration of the default embedder."""
    found = bundled(EMBEDDER)
    assert found is not None
    return found
