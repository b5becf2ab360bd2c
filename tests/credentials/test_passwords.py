"""Passwords: hashed with Argon2id, checked with the same work for everybody."""

import threading
from concurrent.futures import ThreadPoolExecutor

import argon2
import pytest
from argon2.exceptions import HashingError, VerificationError
from argon2.low_level import Type

from visavis.core.errors import InvalidInput, Overloaded, Unavailable
from visavis.credentials import passwords
from visavis.credentials.errors import WeakPassword
from visavis.credentials.passwords import (
    DECOY,
    check_new_password,
    check_password,
    hash_password,
    needs_rehash,
)

GOOD = "kettle orbit mustard lamp"


@pytest.fixture
def verified(monkeypatch):
    """Give the hashes that Argon2 was asked to verify against, most recent last."""
    seen = []
    verify = argon2.PasswordHasher.verify

    def counting(self, hashed, password):
        seen.append(hashed)
        return verify(self, hashed, password)

    monkeypatch.setattr(argon2.PasswordHasher, "verify", counting)
    return seen


def test_a_password_fits_its_hash_and_no_other():
    hashed = hash_password(GOOD)

    assert check_password(GOOD, hashed)
    assert not check_password(GOOD + " ", hashed)
    assert not check_password("", hashed)
    assert hash_password(GOOD) != hashed


def test_the_parameters_are_those_owasp_asks_for():
    for hashed in (hash_password(GOOD), DECOY):
        found = argon2.extract_parameters(hashed)
        assert (found.type, found.version) == (Type.ID, 19)
        assert (found.memory_cost, found.time_cost, found.parallelism) == (19 * 1024, 2, 1)
        assert (found.salt_len, found.hash_len) == (16, 32)
        assert not needs_rehash(hashed)
    assert needs_rehash(argon2.PasswordHasher(memory_cost=8192).hash(GOOD))


@pytest.mark.parametrize("hashed", [None, "", "right"])
@pytest.mark.parametrize("password", ["wrong", GOOD, "x" * 10_000, ""])
def test_every_check_is_one_hash_of_the_same_cost(verified, hashed, password):
    kept = hash_password(GOOD) if hashed == "right" else hashed

    assert check_password(password, kept) == (hashed == "right" and password == GOOD)

    (used,) = verified
    assert argon2.extract_parameters(used) == argon2.extract_parameters(DECOY)


def test_nothing_fits_an_account_that_is_not_there(monkeypatch):
    monkeypatch.setattr(argon2.PasswordHasher, "verify", lambda *_: True)

    assert not check_password(GOOD, None)
    assert not check_password("x" * 257, hash_password(GOOD))


@pytest.mark.parametrize(
    ("typed", "also_typed"),
    [("caf\u00e9 orbit kettle", "cafe\u0301 orbit kettle"), ("ｋｅｔｔｌｅ １２", "kettle 12")],
)
def test_the_same_letters_from_another_keyboard_are_the_same_password(typed, also_typed):
    assert typed != also_typed
    assert check_password(also_typed, hash_password(typed))


def test_half_a_surrogate_pair_is_a_password_like_another():
    assert check_password("\ud83d lamp orbit", hash_password("\ud83d lamp orbit"))


def test_a_password_too_long_to_hash_is_refused():
    assert check_password("é" * 256, hash_password("é" * 256))
    with pytest.raises(WeakPassword, match="at most 256"):
        hash_password("x" * 257)


@pytest.mark.parametrize("damaged", ["not a hash", DECOY[:-12], DECOY.replace("m=19456", "m=1")])
def test_a_damaged_hash_is_no_wrong_password(damaged):
    with pytest.raises(Unavailable, match="cannot be checked now") as raised:
        check_password(GOOD, damaged)
    assert damaged not in str(raised.value)


def test_no_memory_is_said_as_such(monkeypatch):
    def fail(*_):
        raise HashingError("Memory allocation error")

    monkeypatch.setattr(argon2.PasswordHasher, "hash", fail)
    with pytest.raises(Unavailable, match="try again"):
        hash_password(GOOD)


def test_only_a_few_hashes_run_at_the_same_time(monkeypatch):
    running, most, lock = 0, 0, threading.Lock()
    together = threading.Barrier(passwords.AT_ONCE, timeout=30)

    def slow(*_):
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        together.wait()
        with lock:
            running -= 1
        return "hashed"

    monkeypatch.setattr(argon2.PasswordHasher, "hash", slow)
    with ThreadPoolExecutor(16) as pool:
        assert set(pool.map(hash_password, [GOOD] * 4 * passwords.AT_ONCE)) == {"hashed"}
    assert most == passwords.AT_ONCE


def test_who_waits_too_long_is_told_so(monkeypatch):
    monkeypatch.setattr(passwords, "PATIENCE_S", 0.01)
    taken = [passwords._turns.acquire() for _ in range(passwords.AT_ONCE)]
    try:
        with pytest.raises(Overloaded, match="try again"):
            check_password(GOOD, None)
    finally:
        for _ in taken:
            passwords._turns.release()
    assert not check_password(GOOD, None)


def test_who_comes_when_enough_wait_is_told_so_at_once(monkeypatch):
    waiting, go_on = threading.Semaphore(0), threading.Event()

    def slow(*_):
        waiting.release()
        assert go_on.wait(30)
        return "hashed"

    monkeypatch.setattr(argon2.PasswordHasher, "hash", slow)
    places = passwords.AT_ONCE + passwords.MOST_WAITING
    with ThreadPoolExecutor(places) as pool:
        hashes = [pool.submit(hash_password, GOOD) for _ in range(places)]
        for _ in range(passwords.AT_ONCE):
            assert waiting.acquire(timeout=30)
        while passwords._places.acquire(blocking=False):  # until the last of them has come
            passwords._places.release()
        with pytest.raises(Overloaded, match="try again"):
            hash_password(GOOD)
        go_on.set()
        assert {each.result(30) for each in hashes} == {"hashed"}


def test_a_turn_is_given_back_after_a_failure(monkeypatch):
    def fail(*_):
        raise VerificationError

    monkeypatch.setattr(argon2.PasswordHasher, "verify", fail)
    for _ in range(2 * passwords.AT_ONCE):
        with pytest.raises(Unavailable):
            check_password(GOOD, DECOY)


def test_a_weak_new_password_is_invalid_input():
    check_new_password(GOOD, "ann@example.com", "Ann Lee", 10)
    with pytest.raises(WeakPassword, match="at least 10"):
        check_new_password("short", "ann@example.com", "Ann Lee", 10)
    assert issubclass(WeakPassword, InvalidInput)
