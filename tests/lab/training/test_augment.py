import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytestmark = pytest.mark.usefixtures("torch_here")

STILL = {
    "turn_degrees": 0, "zoom": 0, "shift": 0, "contrast": 0, "brightness": 0, "colour": 0,
    "grey": 0, "cover": 0,
}  # fmt: skip


def faces(n=4, side=76):
    return np.random.default_rng(0).integers(0, 256, (n, side, side, 3), np.uint8)


def test_without_any_change_the_head_sees_what_serving_cuts_or_its_mirror_image():
    from visavis.lab.training.augment import augment, centred
    from visavis.lab.training.recipes import Augmentation

    crops = faces(32)
    seen = augment(crops, 64, Augmentation(**STILL), np.random.default_rng(3))
    plain = centred(crops, 64)
    same = [bool((a == b).all()) for a, b in zip(seen, plain, strict=True)]
    mirrored = [bool((a == b[:, ::-1]).all()) for a, b in zip(seen, plain, strict=True)]
    assert all(a != b for a, b in zip(same, mirrored, strict=True))
    assert 0 < sum(same) < 32


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 9))
def test_pictures_stay_pictures_and_chance_repeats(seed, n):
    from visavis.lab.training.augment import augment
    from visavis.lab.training.recipes import Augmentation

    first, again = (
        augment(faces(n), 64, Augmentation(), np.random.default_rng(seed)) for _ in range(2)
    )
    assert first.shape == (n, 64, 64, 3)
    assert first.dtype == np.uint8
    assert (first == again).all()


def test_some_are_covered_and_some_lose_their_colour():
    from visavis.lab.training.augment import augment
    from visavis.lab.training.recipes import Augmentation

    seen = augment(faces(64), 64, Augmentation(**STILL | {"grey": 0.5}), np.random.default_rng(0))
    grey = np.ptp(seen.astype(int), axis=3).max(axis=(1, 2)) == 0
    assert 16 < int(grey.sum()) < 48
    covered = augment(faces(64), 64, Augmentation(**STILL | {"cover": 1}), np.random.default_rng(0))
    even = (covered[:, 1:, 1:] == covered[:, :-1, :-1]).mean(axis=(1, 2, 3))
    assert float(even.max()) > 0.05
