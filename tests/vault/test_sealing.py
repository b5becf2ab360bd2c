"""What is sealed opens for whom it was sealed, and for nobody and nothing else."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from visavis.vault.errors import SealBroken
from visavis.vault.sealing import OVERHEAD, Context, DataKey, new_secret, version_of

KEY = DataKey.of(3, new_secret())
HERE = Context("t1", "s1", "template")
contexts = st.builds(Context, st.text(max_size=8), st.text(max_size=8), st.text(max_size=8))


@given(st.binary(max_size=4096), contexts)
def test_what_is_sealed_opens_again(plain, context):
    sealed = KEY.seal(plain, context)
    assert KEY.unseal(sealed, context) == plain
    assert len(sealed) == len(plain) + OVERHEAD
    assert version_of(sealed) == 3


@given(st.binary(min_size=1, max_size=64), st.integers(0), st.integers(1, 255))
def test_any_changed_byte_breaks_the_seal(plain, place, change):
    sealed = bytearray(KEY.seal(plain, HERE))
    sealed[place % len(sealed)] ^= change
    with pytest.raises(SealBroken):
        KEY.unseal(bytes(sealed), HERE)


@given(st.binary(max_size=64), st.integers(0, 200))
def test_any_shorter_piece_breaks_the_seal(plain, kept):
    sealed = KEY.seal(plain, HERE)
    with pytest.raises(SealBroken):
        KEY.unseal(sealed[: kept % len(sealed)], HERE)


@given(contexts, contexts)
def test_it_opens_in_its_own_context_only(one, other):
    assume(one != other)
    with pytest.raises(SealBroken):
        KEY.unseal(KEY.seal(b"secret", one), other)


def test_texts_that_read_alike_when_joined_are_different_contexts():
    sealed = KEY.seal(b"secret", Context("a", "bc", "d"))
    with pytest.raises(SealBroken):
        KEY.unseal(sealed, Context("ab", "c", "d"))


def test_another_key_or_version_does_not_open_it():
    secret = new_secret()
    sealed = DataKey.of(1, secret).seal(b"secret", HERE)
    for other in (DataKey.of(1, new_secret()), DataKey.of(2, secret)):
        with pytest.raises(SealBroken):
            other.unseal(sealed, HERE)


def test_the_same_bytes_never_look_the_same_twice():
    assert len({KEY.seal(b"same", HERE) for _ in range(1000)}) == 1000


def test_a_key_shows_nothing_of_itself():
    secret = new_secret()
    assert secret.hex() not in repr(DataKey.of(1, secret))
    with pytest.raises(SealBroken):
        DataKey.of(1, secret[:16])
