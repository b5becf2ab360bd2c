import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from visavis.vision.render.captions import LEAST_PX, MOST_PX, PAPER, letters, write

GREY = 128
WORDS = "31 (24–39) · female 97 %"
TAB = 10


def drawn(boxes, shape=(600, 800), captions=None):
    boxes = np.array(boxes, np.float32).reshape(-1, 4)
    canvas = np.full((*shape, 3), GREY, np.uint8)
    captions = captions or [WORDS] * len(boxes)
    return write(canvas, boxes, captions, TAB)


def touched(picture):
    """Return where something was drawn, (h, w) bool."""
    return (picture != GREY).any(axis=2)


def test_a_caption_lies_below_its_face_and_can_be_read():
    marks = touched(drawn([(300, 200, 500, 400)]))
    rows, columns = np.nonzero(marks)
    assert 400 < rows.min() < 410
    assert rows.max() - rows.min() >= LEAST_PX
    assert 300 <= (columns.min() + columns.max()) / 2 <= 500
    assert not marks[200:400, 300:500].any()


def test_at_the_lower_edge_it_goes_above_the_face():
    marks = touched(drawn([(300, 300, 500, 598)]))
    assert np.nonzero(marks)[0].max() < 300 - TAB
    assert marks.any()


@pytest.mark.parametrize("shape", [(600, 800), (60, 50), (3000, 4000)])
def test_a_face_that_fills_the_picture_is_captioned_below_it(shape):
    height, width = shape
    picture = drawn([(0, 0, width, height)], shape)
    assert not touched(picture)[:height, :width].any()
    assert picture.shape[0] > height
    assert (picture[height:] == PAPER).all(axis=2).mean() > 0.5
    assert touched(picture)[height:].any()


@given(
    st.lists(
        st.tuples(st.integers(0, 700), st.integers(0, 500), st.integers(8, 300)),
        min_size=1,
        max_size=25,
    )
)
@settings(max_examples=60, deadline=None)
def test_no_caption_ever_covers_a_face(places):
    boxes = [(x, y, x + side, y + side) for x, y, side in places]
    marks = touched(drawn(boxes))
    for x1, y1, x2, y2 in boxes:
        assert not marks[y1 : min(y2, 600), x1 : min(x2, 800)].any()


def test_a_face_without_words_gets_none():
    assert not touched(drawn([(300, 200, 500, 400)], captions=[""])).any()
    assert drawn([], captions=[]).shape == (600, 800, 3)


def test_letters_can_be_read_at_any_size():
    assert letters(1).font.size == LEAST_PX
    assert letters(900).font.size == MOST_PX
