import numpy as np
import pytest

from visavis.core.errors import InvalidInput
from visavis.lab.boxes import read_boxes

TEXT = """a/one.jpg
2
10 20 30 40 0 0 0 0 0 0
1 2 3 4 0 0 0 1 0 0
b/none.jpg
0
0 0 0 0 0 0 0 0 0 0
c/none either.jpg
0
d/last.jpg
1
5 6 7 8
"""


def test_wider_text_is_read():
    pictures = read_boxes(TEXT)

    assert [p.name for p in pictures] == [
        "a/one.jpg",
        "b/none.jpg",
        "c/none either.jpg",
        "d/last.jpg",
    ]
    assert pictures[0].boxes.tolist() == [[10, 20, 40, 60], [1, 2, 4, 6]]
    assert pictures[0].boxes.dtype == np.float32
    assert pictures[0].invalid.tolist() == [False, True]
    assert pictures[1].boxes.shape == (0, 4)
    assert pictures[3].boxes.tolist() == [[5, 6, 12, 14]]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("\n\n", "empty"),
        ("a.jpg\n", "line 2"),
        ("a.jpg\n1\n", "line 3"),
        ("a.jpg\n1\n1 2 3\n", "line 3"),
        ("a.jpg\n1\n1 2 3 nan\n", "line 3"),
        ("a.jpg\n1\n1 2 3 4\n5 6 7 8\n", "line 5"),
    ],
)
def test_malformed_text_is_refused_with_the_line(text, line):
    with pytest.raises(InvalidInput, match=line):
        read_boxes(text)


def test_the_shared_list_is_read(shared_data):
    pictures = read_boxes((shared_data / "wider_dev" / "boxes.txt").read_text())

    assert len(pictures) == 70
    assert sum(len(p.boxes) for p in pictures) > 1000
