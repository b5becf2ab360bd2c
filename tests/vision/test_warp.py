import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from visavis.vision.warp import cut, from_complex, invert, scales, similarity, transform

numbers = st.floats(-500, 500)
turns = st.complex_numbers(min_magnitude=0.05, max_magnitude=20, allow_nan=False)
SQUARE = np.array([[0, 0], [100, 0], [100, 80], [0, 80], [50, 40]], np.float32)


@given(turns, numbers, numbers)
def test_similarity_finds_the_transform_that_moved_the_points(turn, x, y):
    matrix = from_complex(np.array([turn]), np.array([x + 1j * y]))
    found = similarity(SQUARE[None], transform(matrix, SQUARE[None]))
    assert np.allclose(found, matrix, atol=5e-3 + 1e-4 * abs(turn))


@given(turns, numbers, numbers)
def test_invert_undoes_a_transform(turn, x, y):
    matrix = from_complex(np.array([turn]), np.array([x + 1j * y]))
    there_and_back = transform(invert(matrix), transform(matrix, SQUARE[None]))
    assert np.allclose(there_and_back, SQUARE, atol=0.2)
    assert scales(matrix)[0] == pytest.approx(abs(turn), rel=1e-5)


def test_a_crop_much_smaller_than_its_source_is_averaged_not_skipped():
    checkers = (np.indices((1200, 1200)).sum(axis=0) % 2 * 255).astype(np.uint8)
    image = np.repeat(checkers[:, :, None], 3, axis=2)
    crop = cut(image, np.array([[0.1, 0, 0], [0, 0.1, 0]], np.float32), 120)
    assert np.abs(crop[2:-2, 2:-2].astype(int) - 127).max() <= 2


@pytest.mark.parametrize("scale", [1.0, 0.6, 0.3, 0.1])
def test_a_crop_shows_a_spot_where_the_matrix_puts_it(scale):
    image = np.zeros((1000, 1000, 3), np.uint8)
    image[580:620, 380:420] = 255
    matrix = np.array([[scale, 0, 75 - 399.5 * scale], [0, scale, 75 - 599.5 * scale]], np.float32)
    crop = cut(image, matrix, 150)[:, :, 0].astype(float)
    y, x = np.indices(crop.shape)
    assert (x * crop).sum() / crop.sum() == pytest.approx(75, abs=0.3)
    assert (y * crop).sum() / crop.sum() == pytest.approx(75, abs=0.3)


def test_a_picture_longer_than_opencv_takes_is_cut_all_the_same():
    image = np.full((20, 40_000, 3), 9, np.uint8)
    matrix = np.array([[1, 0, -39_000], [0, 1, 0]], np.float32)
    assert (cut(image, matrix, 16) == 9).all()
