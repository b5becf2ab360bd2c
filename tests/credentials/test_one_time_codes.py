"""Codes that come by mail: what fits, for how long, how often."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from visavis.core.errors import InvalidSettings
from visavis.core.settings import AccountOptions
from visavis.credentials.one_time_codes import (
    check_code,
    hash_code,
    is_live,
    new_code,
    seconds_to_wait,
)

PEPPER = b"p" * 32
ROW, OTHER_ROW = "ab" * 16, "cd" * 16
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
OPTIONS = AccountOptions(code_minutes=10, code_attempts=5, code_cooldown_s=60)

codes = st.integers(0, 999_999).map("{:06d}".format)


def test_codes_are_six_digits_and_spread():
    made = [new_code() for _ in range(2000)]
    assert all(len(code) == 6 and code.isascii() and code.isdigit() for code in made)
    assert len(set(made)) > 1900
    assert {code[0] for code in made} == set("0123456789")


@given(codes, codes)
def test_only_the_same_code_fits(code, typed):
    assert check_code(typed, hash_code(code, ROW, PEPPER), ROW, PEPPER) == (typed == code)


@pytest.mark.parametrize("typed", ["012345", " 012 345 ", "012-345", "012–345", "０１２３４５"])
def test_it_may_be_typed_as_people_type(typed):
    assert check_code(typed, hash_code("012345", ROW, PEPPER), ROW, PEPPER)


@pytest.mark.parametrize(
    "typed", ["", "12345", "0123456", "012345x", "O12345", "\ud800", "0" * 10_000, "012\x00345"]
)
def test_anything_else_does_not_fit(typed):
    assert not check_code(typed, hash_code("012345", ROW, PEPPER), ROW, PEPPER)


def test_a_hash_says_nothing_without_pepper_and_row():
    kept = hash_code("012345", ROW, PEPPER)
    assert not check_code("012345", kept, OTHER_ROW, PEPPER)
    assert not check_code("012345", kept, ROW, b"q" * 32)
    assert not check_code("012345", "", ROW, PEPPER)
    assert "012345" not in kept
    with pytest.raises(InvalidSettings, match="at least 16"):
        hash_code("012345", ROW, b"short")


@pytest.mark.parametrize(
    ("age", "tries", "live"),
    [
        (timedelta(0), 0, True),
        (timedelta(minutes=10, microseconds=-1), 4, True),
        (timedelta(minutes=10), 0, False),
        (timedelta(days=400), 0, False),
        (timedelta(0), 5, False),
        (timedelta(0), 6, False),
    ],
)
def test_a_code_works_ten_minutes_and_five_times(age, tries, live):
    assert is_live(OPTIONS, NOW - age, tries, NOW) is live


@pytest.mark.parametrize(
    ("ago", "wait"), [(0, 60), (0.5, 60), (1, 59), (59.5, 1), (60, 0), (7200, 0), (-3600, 60)]
)
def test_another_code_is_sent_after_the_cool_down(ago, wait):
    assert seconds_to_wait(OPTIONS, NOW - timedelta(seconds=ago), NOW) == wait


def test_the_first_code_is_sent_at_once():
    assert seconds_to_wait(OPTIONS, None, NOW) == 0
    assert seconds_to_wait(AccountOptions(code_cooldown_s=0), NOW, NOW) == 0
