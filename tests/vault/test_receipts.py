"""Receipts hold for everyone, and only as they were given."""

import copy

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from visavis.vault.receipts import is_genuine, sign

SORTED = orjson.OPT_SORT_KEYS
SECRET = bytes(range(32))
values = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=20)
statements = st.dictionaries(st.text(max_size=10), values | st.lists(values, max_size=3))


@given(statements)
def test_a_receipt_is_genuine_in_any_order_of_its_words(statement):
    told = sign(statement, SECRET).as_json()
    told["statement"] = dict(reversed(told["statement"].items()))
    assert is_genuine(told)


@given(statements, statements)
def test_another_statement_is_not_what_was_signed(one, other):
    told = sign(one, SECRET).as_json()
    same = orjson.dumps(one, option=SORTED) == orjson.dumps(other, option=SORTED)  # True is not 1
    assert is_genuine({**told, "statement": other}) == same


@pytest.mark.parametrize("field", ["statement", "public_key", "signature", "format"])
def test_a_receipt_without_a_part_or_with_a_strange_one_is_refused(field):
    told = sign({"erased": 3}, SECRET).as_json()
    assert is_genuine(told)
    without = copy.deepcopy(told)
    del without[field]
    assert not is_genuine(without)
    strangers: list[object] = [None, 7, "", "é", "AAAA", []]
    for strange in strangers:
        assert not is_genuine({**told, field: strange})


def test_another_key_is_another_signer():
    one, other = (sign({"erased": 3}, bytes([n] * 32)).as_json() for n in (1, 2))
    assert one["public_key"] != other["public_key"]
    assert not is_genuine({**one, "public_key": other["public_key"]})
