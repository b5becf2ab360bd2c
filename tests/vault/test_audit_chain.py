"""A thousand tamperings, a thousand found."""

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

from visavis.vault.audit_chain import Entry, Fault, Finding, Head, faults, head_of, mac_of

KEYS = {1: b"1" * 32, 2: b"2" * 32}
START = datetime(2026, 11, 21, 9, 0, 0, 123456, tzinfo=UTC)
TENANT = "a" * 32


def log_of(count):
    """Return a whole log, its key rotated half way, and its head."""
    rows, previous, version = [], b"", 1
    for seq in range(1, count + 1):
        version = 1 if seq <= count // 2 else 2
        entry = Entry(
            TENANT, seq, START + timedelta(seconds=seq), f"user{seq % 3}", "subject.found",
            f"s{seq}", {"faces": seq, "note": "ü"},
        )  # fmt: skip
        previous = mac_of(entry, previous, version, KEYS[version])
        rows.append((entry, previous))
    return rows, head_of(TENANT, count, previous, version, KEYS[version])


def found(rows, head):
    return list(faults(rows, head, KEYS.__getitem__))


@pytest.mark.parametrize("count", [0, 1, 2, 50])
def test_a_whole_log_has_no_fault(count):
    assert found(*log_of(count)) == []


def test_an_entry_reads_the_same_in_any_time_zone_and_order_of_details():
    rows, head = log_of(3)
    entry, mac = rows[1]
    elsewhere = entry.at.astimezone(timezone(timedelta(hours=5, minutes=45)))
    rows[1] = replace(entry, at=elsewhere, details=dict(reversed(entry.details.items()))), mac
    assert found(rows, head) == []


def edit(rows, head, dice):
    place = dice.randrange(len(rows))
    entry, mac = rows[place]
    changes = {
        "at": entry.at + timedelta(microseconds=dice.randrange(1, 9)),
        "actor": entry.actor + " ",
        "action": "subject.lost",
        "subject_id": "s0",
        "details": {**entry.details, "faces": -1},
        "tenant_id": "b" * 32,
    }
    field = dice.choice(sorted(changes))
    rows[place] = replace(entry, **{field: changes[field]}), mac


def edit_mac(rows, head, dice):
    place = dice.randrange(len(rows))
    entry, mac = rows[place]
    changed = bytearray(mac)
    changed[dice.randrange(len(mac))] ^= dice.randrange(1, 256)
    rows[place] = entry, bytes(changed)


def delete(rows, head, dice):
    del rows[dice.randrange(len(rows))]


def delete_and_close_the_gap(rows, head, dice):
    place = dice.randrange(len(rows))
    del rows[place]
    rows[place:] = [(replace(entry, seq=entry.seq - 1), mac) for entry, mac in rows[place:]]


def swap(rows, head, dice):
    one, other = dice.sample(range(len(rows)), 2)
    first, second = rows[one][0], rows[other][0]
    rows[one] = replace(second, seq=first.seq), rows[other][1]
    rows[other] = replace(first, seq=second.seq), rows[one][1]


def copy_over(rows, head, dice):
    one, other = dice.sample(range(len(rows)), 2)
    entry, mac = rows[one]
    rows[other] = replace(entry, seq=rows[other][0].seq), mac


def cut_off(rows, head, dice):
    del rows[dice.randrange(len(rows)) :]


def add(rows, head, dice):
    entry, mac = rows[-1]
    rows.append((replace(entry, seq=entry.seq + 1), mac))


def insert_signed_by_another(rows, head, dice):
    place = dice.randrange(len(rows))
    entry, _ = rows[place]
    rows[place] = entry, mac_of(entry, rows[place - 1][1] if place else b"", 1, b"x" * 32)


TAMPERINGS = (
    edit, edit_mac, delete, delete_and_close_the_gap, swap, copy_over, cut_off, add,
    insert_signed_by_another,
)  # fmt: skip


def test_a_thousand_tamperings_are_found():
    dice = random.Random(0)
    missed = []
    for number in range(1000):
        rows, head = log_of(dice.randrange(2, 40))
        tampering = TAMPERINGS[number % len(TAMPERINGS)]
        tampering(rows, head, dice)
        if not found(rows, head):
            missed.append(tampering.__name__)
    assert missed == []


def test_a_fault_is_told_with_its_place_and_the_next_one_is_told_too():
    rows, head = log_of(9)
    rows[2] = replace(rows[2][0], actor="x"), rows[2][1]
    del rows[5]
    assert found(rows, head) == [Finding(3, Fault.EDITED), Finding(7, Fault.MISSING)]
    rows, head = log_of(9)
    assert found(rows[:4], head) == [Finding(5, Fault.CUT_OFF)]
    assert found([rows[1], rows[0], *rows[2:]], head)[0] == Finding(2, Fault.MISSING)


def test_a_head_that_is_gone_changed_or_older_than_the_log():
    rows, head = log_of(9)
    assert found(rows, None) == [Finding(9, Fault.HEAD_EDITED)]
    assert found([], None) == []
    assert found(rows[:8], replace(head, seq=8, mac=rows[7][1])) == [Finding(8, Fault.HEAD_EDITED)]
    kept = head_of(TENANT, 4, rows[3][1], 1, KEYS[1])
    assert found(rows, kept) == []
    other, _ = log_of(9)
    other[3] = other[3][0], mac_of(other[3][0], b"another past", 1, KEYS[1])
    assert Finding(4, Fault.EDITED) in found(other, kept)


def test_a_log_whose_key_never_was_is_not_believed():
    rows, head = log_of(2)
    nobody: dict[int, bytes] = {}
    assert list(faults(rows, head, nobody.__getitem__))
    assert found([], Head(TENANT, 0, b"", b"")) == [Finding(0, Fault.HEAD_EDITED)]
