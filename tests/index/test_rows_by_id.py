"""The table of ids finds what a dictionary would find."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tests.index.engines import ids_of
from visavis.index.ids import packed
from visavis.index.rows_by_id import RowsById

ROWS = 600
IDS = packed(ids_of(*range(ROWS)))
SAME_HOME = np.repeat(IDS[:1], ROWS, axis=0)
SAME_HOME[:, 8:] = IDS[:, 8:]  # the first half is what the table hashes by


@given(
    st.sampled_from([IDS, SAME_HOME]),
    st.lists(st.tuples(st.booleans(), st.sets(st.integers(0, ROWS - 1), max_size=200)), max_size=8),
)
def test_whatever_is_put_and_removed(ids, steps):
    table = RowsById(ids[:0])
    known: set[int] = set()
    for is_put, rows in steps:
        chosen = np.array(sorted(rows - known if is_put else rows & known), np.int64)
        if is_put:
            table.put(ids, chosen)
            known |= rows
        else:
            table.remove(ids, ids[chosen])
            known -= rows
        expected = [row if row in known else -1 for row in range(ROWS)]
        assert table.find(ids, ids).tolist() == expected


def test_rows_move():
    table = RowsById(IDS[:10])
    moved = IDS.copy()
    table.move(moved, moved[3:4], np.array([20]))
    moved[20] = moved[3]
    assert table.find(moved, IDS[3:4]).tolist() == [20]


def test_a_template_costs_eight_bytes_at_most():
    many = np.random.default_rng(0).integers(0, 256, (100_000, 16), np.uint8)
    assert RowsById(many).nbytes <= 8 * len(many)
