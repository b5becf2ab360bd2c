"""Opaque secrets: random, recognisable, told from typing errors."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from visavis.credentials.tokens import (
    API_KEY,
    LINK,
    REFRESH,
    hash_secret,
    looks_like_secret,
    new_secret,
)

SECRET = new_secret()


@pytest.mark.parametrize("prefix", [API_KEY, REFRESH, LINK, "vv_test_"])
def test_a_secret_is_recognised_by_its_own_prefix_only(prefix):
    made = new_secret(prefix)

    assert made.startswith(prefix)
    assert len(made) == len(prefix) + 43 + 8
    assert looks_like_secret(made, prefix)
    for other in {API_KEY, REFRESH, LINK} - {prefix}:
        assert not looks_like_secret(made, other)


def test_secrets_never_repeat():
    assert len({new_secret() for _ in range(1000)}) == 1000


@pytest.mark.parametrize("prefix", ["", "vv", "_", "VV_", "v v_", "x" * 20 + "_", "é_", "vv_\n"])
def test_a_prefix_that_scanners_would_miss_is_refused(prefix):
    with pytest.raises(ValueError, match="is no prefix"):
        new_secret(prefix)


@given(st.integers(0, len(SECRET) - 1), st.characters())
def test_one_wrong_character_is_a_typing_error(place, letter):
    typed = SECRET[:place] + letter + SECRET[place + 1 :]
    assert looks_like_secret(typed) == (typed == SECRET)


@given(st.integers(0, len(SECRET) - 2))
def test_two_swapped_characters_are_a_typing_error(place):
    one, other = SECRET[place], SECRET[place + 1]
    typed = SECRET[:place] + other + one + SECRET[place + 2 :]
    assert looks_like_secret(typed) == (one == other)


@given(st.text(max_size=80))
def test_no_other_text_looks_like_a_secret(text):
    assert not looks_like_secret(text)
    assert not looks_like_secret(API_KEY + text)


@pytest.mark.parametrize("text", ["", SECRET[:-1], SECRET + "\n", f" {SECRET}", SECRET.upper()])
def test_a_cut_or_changed_secret_is_none(text):
    assert not looks_like_secret(text)


def test_what_is_kept_is_the_sha256():
    assert hash_secret(SECRET) == hashlib.sha256(SECRET.encode()).hexdigest()
    assert hash_secret("\ud800") != hash_secret("")
