"""Account lock-out: five free, then 30 s doubling up to an hour, cleared by a success."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from visavis.credentials.lock_out import CLEAR, LockOut, lock_seconds

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("failures", "seconds"),
    [(0, 0), (5, 0), (6, 30), (7, 60), (8, 120), (12, 1920), (13, 3600), (14, 3600), (10**9, 3600)],
)
def test_how_long_it_locks(failures, seconds):
    assert lock_seconds(failures) == seconds


def test_five_failures_are_free_and_the_sixth_locks():
    state = CLEAR
    for count in range(1, 6):
        state = state.after_failure(NOW)
        assert (state, state.wait_s(NOW)) == (LockOut(count), 0)

    locked = state.after_failure(NOW)
    assert locked == LockOut(6, NOW + timedelta(seconds=30))
    assert locked.wait_s(NOW) == 30
    assert locked.wait_s(NOW + timedelta(seconds=29.5)) == 1
    assert locked.wait_s(NOW + timedelta(seconds=30)) == 0


def test_tries_while_it_is_locked_change_nothing():
    locked = LockOut(6, NOW + timedelta(seconds=30))
    assert locked.after_failure(NOW) is locked

    later = NOW + timedelta(seconds=31)
    assert locked.after_failure(later) == LockOut(7, later + timedelta(seconds=60))


def test_a_clock_that_was_set_back_locks_for_an_hour_at_most():
    assert LockOut(20, NOW + timedelta(days=9)).wait_s(NOW) == 3600


@given(st.lists(st.integers(0, 4000), max_size=60))
def test_a_guesser_gets_few_tries_whatever_the_pauses(pauses):
    state, now, tries = CLEAR, NOW, 0
    for pause in pauses:
        now += timedelta(seconds=pause)
        if not state.wait_s(now):
            tries += 1
        state = state.after_failure(now)
    assert state.failures == tries
    locks = sum(lock_seconds(count) for count in range(6, tries))
    assert (now - NOW).total_seconds() >= locks
    assert CLEAR.wait_s(now) == 0
