"""Recovery codes: readable, hashed under their owner, found once."""

import re

import pytest

from visavis.credentials.recovery_codes import (
    LETTERS,
    find_recovery_code,
    hash_recovery_code,
    new_recovery_codes,
)

PEPPER = b"p" * 32
ANN, BOB = "ab" * 16, "cd" * 16


def test_ten_codes_of_fifty_bits_in_two_groups():
    codes = new_recovery_codes()
    assert len(set(codes)) == 10
    assert len(set(LETTERS)) == 32
    assert all(re.fullmatch(f"[{LETTERS}]{{5}}-[{LETTERS}]{{5}}", code) for code in codes)
    assert not set(codes) & set(new_recovery_codes())


def test_each_code_is_found_and_only_by_its_owner():
    codes = new_recovery_codes()
    kept = [hash_recovery_code(code, ANN, PEPPER) for code in codes]

    assert [find_recovery_code(code, kept, ANN, PEPPER) for code in codes] == kept
    assert find_recovery_code(codes[0], kept[1:], ANN, PEPPER) is None
    assert find_recovery_code(codes[0], kept, BOB, PEPPER) is None
    assert find_recovery_code(codes[0], kept, ANN, b"q" * 32) is None
    assert find_recovery_code(codes[0], [], ANN, PEPPER) is None
    assert not any(code in "".join(kept) for code in codes)


@pytest.mark.parametrize("typed", ["k10m2-x9d4t", "K1OM2 X9D4T", "kl0m2x9d4t", " kiom2–x9d4t "])
def test_it_may_be_typed_as_people_read_it(typed):
    kept = hash_recovery_code("k10m2-x9d4t", ANN, PEPPER)
    assert find_recovery_code(typed, [kept], ANN, PEPPER) == kept


@pytest.mark.parametrize(
    "typed", ["", "k10m2", "k10m2-x9d4u", "k10m2-x9d4t-0", "\ud800", "x" * 999]
)
def test_anything_else_is_not_found(typed):
    kept = hash_recovery_code("k10m2-x9d4t", ANN, PEPPER)
    assert find_recovery_code(typed, [kept], ANN, PEPPER) is None
