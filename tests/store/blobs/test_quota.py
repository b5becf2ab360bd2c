"""The quota: what fits, fits; what does not is told with both numbers."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from visavis.core.settings import MIB
from visavis.store.blobs.errors import QuotaExceeded
from visavis.store.blobs.quota import require_room, room

BYTES = st.integers(0, 2**50)


@given(used=BYTES, new=BYTES, quota=st.integers(1, 2**50))
def test_it_is_refused_just_when_it_would_be_more(used, new, quota):
    if used + new <= quota:
        require_room(used, new, quota)
        assert room(used, quota) == quota - used
        return
    with pytest.raises(QuotaExceeded) as caught:
        require_room(used, new, quota)
    wanted, allowed = map(float, re.findall(r"(\d+\.\d) MB", str(caught.value)))
    assert wanted > allowed, "the sentence is never that 1.0 MB are more than 1.0 MB"
    assert wanted == pytest.approx((used + new) / MIB, abs=0.11)
    assert allowed == pytest.approx(quota / MIB, abs=0.11)
    assert room(used, quota) == max(0, quota - used)


@given(used=BYTES, new=BYTES)
def test_without_a_quota_everything_fits(used, new):
    require_room(used, new, 0)
    assert room(used, 0) is None


def test_the_sentence_names_both_numbers():
    with pytest.raises(QuotaExceeded, match=r"12\.5 MB of files, and 10\.0 MB are allowed"):
        require_room(8 * MIB, 4 * MIB + MIB // 2, 10 * MIB)


def test_nothing_more_fits_where_the_quota_was_lowered():
    assert room(20, 10) == 0
    assert room(10, 10) == 0
    require_room(10, 0, 10)
    with pytest.raises(QuotaExceeded):
        require_room(20, 0, 10)
