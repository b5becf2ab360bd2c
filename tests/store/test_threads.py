"""Sixteen at once: what may happen once happens once."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from threading import Barrier

import pytest

from tests.store.filling import LATER, NOW, SOON, fill
from visavis.core.errors import InvalidInput
from visavis.core.roles import Role
from visavis.store.audit import NewEntry
from visavis.store.errors import AlreadyThere
from visavis.store.kinds import CodePurpose, Rotated

THREADS = 16


@pytest.fixture
def together():
    """Give a function that calls another sixteen times at the same time, and its answers."""
    with ThreadPoolExecutor(THREADS) as pool:

        def run(function):
            start = Barrier(THREADS, timeout=60)

            def call(n):
                start.wait()
                return function(n)

            return list(pool.map(call, range(THREADS)))

        yield run


@pytest.fixture
def filled(store):
    with store.work() as work:
        return fill(work, "a")


def test_guesses_at_a_code_cannot_exceed_the_limit(store, filled, together):
    with store.work() as work:
        code = work.codes.add(
            *(filled.tenant, filled.user, CodePurpose.RESET_PASSWORD, "hash", "a@x", 5, SOON, NOW)
        )

    def guess(n):
        return store.run(lambda work: work.codes.take_attempt(filled.tenant, code.id, NOW))

    taken = [found.attempts_left for found in together(guess) if found]
    assert sorted(taken) == [0, 1, 2, 3, 4]


def test_a_code_is_used_once(store, filled, together):
    def use(n):
        return store.run(lambda work: work.codes.use(filled.tenant, filled.code, NOW))

    assert Counter(together(use)) == {True: 1, False: THREADS - 1}


def test_a_recovery_code_is_used_once(store, filled, together):
    def use(n):
        return store.run(
            lambda work: work.recovery_codes.use(
                filled.tenant, filled.user, filled.hashed("recovery"), NOW
            )
        )

    assert Counter(together(use)) == {True: 1, False: THREADS - 1}


def test_a_step_of_the_second_factor_is_used_once(store, filled, together):
    def use(n):
        return store.run(lambda work: work.users.use_totp_step(filled.tenant, filled.user, 7))

    assert Counter(together(use)) == {True: 1, False: THREADS - 1}


def test_every_failed_login_counts(store, filled, together):
    def fail(n):
        return store.run(lambda work: work.users.note_failure(filled.tenant, filled.user))

    assert sorted(together(fail)) == [*range(1, THREADS + 1)]


def test_a_refresh_token_is_exchanged_once(store, filled, together):
    old = filled.hashed("token")

    def rotate(n):
        return store.run(lambda work: work.sessions.rotate(old, f"new {n}", SOON, LATER)).outcome

    assert Counter(together(rotate)) == {Rotated.ROTATED: 1, Rotated.REUSED: THREADS - 1}
    with store.reading() as work:
        session = work.sessions.find(filled.tenant, filled.session)
        assert session
        assert session.revoked_at == SOON
        assert sum(work.sessions.find_by_token(f"new {n}") is not None for n in range(16)) == 1


def test_the_audit_chain_has_no_gap_and_no_fork(store, filled, together):
    def append(n):
        def make(seq, before):
            return NewEntry(NOW, f"thread {n}", "did"), before[-8:] + seq.to_bytes(8, "big")

        for _ in range(5):
            store.run(lambda work: work.audit.append(filled.tenant, make))

    together(append)
    with store.reading() as work:
        entries = list(work.audit.entries(filled.tenant))
        head = work.audit.head(filled.tenant)
    assert [entry.seq for entry in entries] == [*range(1, 5 * THREADS + 2)]
    for before, entry in pairwise(entries):
        assert entry.mac == before.mac[-8:] + entry.seq.to_bytes(8, "big")
    assert head
    assert (head.seq, head.mac) == (entries[-1].seq, entries[-1].mac)
    assert set(Counter(entry.actor for entry in entries[1:]).values()) == {5}


def test_one_of_many_gets_a_name_that_only_one_may_have(store, filled, together):
    def add(n):
        try:
            store.run(lambda work: work.subjects.add(filled.tenant, NOW, "7"))
        except AlreadyThere:
            return False
        return True

    assert Counter(together(add)) == {True: 1, False: THREADS - 1}


def test_noting_the_same_blob_at_once_is_no_fault(store, filled, together):
    def add(n):
        def act(work):
            work.blob_rows.add(filled.tenant, "cd" * 32, 3, "image/png", NOW)
            return work.blob_rows.add_use(filled.tenant, "cd" * 32, "photo", "1", NOW)

        return store.run(act, attempts=10)

    assert len(set(together(add))) == 1
    with store.reading() as work:
        assert len(work.blob_rows.uses(filled.tenant, "cd" * 32)) == 1


def test_setting_the_same_rule_at_once_is_no_fault(store, filled, together):
    def set_days(n):
        return store.run(lambda work: work.retention.set(filled.tenant, "ads", n + 1), attempts=10)

    made = together(set_days)
    with store.reading() as work:
        assert work.retention.find(filled.tenant, "ads") in made


def test_who_holds_the_tenant_decides_alone(store, filled, together):
    """Two owners who both leave would leave nobody; each looks first."""
    with store.work() as work:
        ids = [
            work.users.add(filled.tenant, f"{n}@x", "x", "argon", Role.OWNER, NOW).id
            for n in range(THREADS)
        ]
        for user_id in (*ids, filled.user):
            work.users.set_state(filled.tenant, user_id, "active")
        work.users.remove(filled.tenant, filled.user)

    def leave(n):
        def act(work):
            work.tenants.hold(filled.tenant)
            if work.users.count(filled.tenant, Role.OWNER) == 1:
                raise InvalidInput("the last owner stays")
            work.users.remove(filled.tenant, ids[n])

        try:
            store.run(act)
        except InvalidInput:
            return False
        return True

    assert Counter(together(leave)) == {True: THREADS - 1, False: 1}
