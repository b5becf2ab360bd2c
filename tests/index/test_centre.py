"""The centres that ship: of embedders that have a calibration, and no picture of anybody."""

import numpy as np

from visavis.index.calibration import bundled
from visavis.index.centre import bundled_centres


def test_a_centre_ships_for_the_default_embedder():
    centres = bundled_centres()
    assert "dlib_resnet@1" in centres
    for embedder, centre in centres.items():
        assert bundled(embedder) is not None
        assert centre.dtype == np.float32
        assert centre.ndim == 1
        assert 0 < np.linalg.norm(centre) < 1  # a mean of different vectors of length 1
