"""What protects people: sealing a template, and an audit log that somebody tampers with."""

import random
import sqlite3
import tempfile
import timeit
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

from scripts.bench.figures import Figure
from scripts.bench.ground import Ground
from visavis.core.settings import StoreOptions
from visavis.store.engine import open_engine
from visavis.store.migrate import upgrade
from visavis.store.urls import DATABASE_FILE
from visavis.store.work import Store
from visavis.usecases.audit import AuditLog
from visavis.vault.keyring import Keyring
from visavis.vault.root_keys import LocalRootKeys
from visavis.vault.sealing import Context, DataKey, new_secret

MOST_US = 20.0
SEALED = 20_000
TAMPERINGS = 1000
ENTRIES = 200
_NOW = datetime(2026, 11, 21, tzinfo=UTC)

Tamper = Callable[[sqlite3.Connection, random.Random], None]


def sealing(_ground: Ground) -> Iterator[Figure]:
    """Seal and unseal a template of 512 numbers, the longest that embedders give."""
    key, context = DataKey.of(1, new_secret()), Context("t" * 32, "s" * 32, "template")
    plain = np.random.default_rng(0).normal(size=512).astype(np.float32).tobytes()
    sealed = key.seal(plain, context)
    seal_us, unseal_us = (
        min(timeit.repeat(act, number=SEALED, repeat=5)) / SEALED * 1e6
        for act in (lambda: key.seal(plain, context), lambda: key.unseal(sealed, context))
    )
    yield Figure(
        "seal and unseal a template of 512 numbers",
        f"≤ {MOST_US:g} µs each",
        f"{seal_us:.1f} µs and {unseal_us:.1f} µs",
        max(seal_us, unseal_us) <= MOST_US,
        {"seal_us": seal_us, "unseal_us": unseal_us},
    )


def tampering(_ground: Ground) -> Iterator[Figure]:
    """Change rows of an audit log by hand, a thousand times, and verify it each time."""
    chance, found = random.Random(0), 0
    by_kind: dict[str, int] = {}
    with tempfile.TemporaryDirectory() as folder:
        engine = open_engine(StoreOptions(), Path(folder))
        upgrade(engine)
        store, log = Store(engine), AuditLog(Keyring(LocalRootKeys({"bench": new_secret()})))
        tenant = _written(store, log)
        whole = not log.verify(store, tenant)
        with closing(sqlite3.connect(Path(folder) / DATABASE_FILE)) as database:
            kept = _rows(database)
            for _ in range(TAMPERINGS):
                kind = chance.choice(list(TAMPERS))
                by_kind[kind] = by_kind.get(kind, 0) + 1
                TAMPERS[kind](database, chance)
                database.commit()
                found += bool(log.verify(store, tenant))
                _put_back(database, kept)
        whole = whole and not log.verify(store, tenant)
        store.close()
    yield Figure(
        f"audit log of {ENTRIES} entries in a database, {TAMPERINGS:,} random tamperings with rows",
        f"{TAMPERINGS:,} found",
        f"{found:,} found; untouched it is whole: {whole}",
        found == TAMPERINGS and whole,
        {"found": found, "kinds": by_kind},
    )


def _written(store: Store, log: AuditLog) -> str:
    """Write a log and return whose it is."""
    with store.work() as work:
        tenant = work.tenants.add("bench", _NOW).id
        for number in range(ENTRIES):
            at = _NOW + timedelta(seconds=number)
            log.note(work, tenant, f"user{number % 7}", "subject.created", at, f"{number:032x}")
    return tenant


Rows = dict[str, list[tuple[object, ...]]]


def _rows(database: sqlite3.Connection) -> Rows:
    names = ("audit_entries", "audit_heads")
    return {name: database.execute(f"SELECT * FROM {name}").fetchall() for name in names}


def _put_back(database: sqlite3.Connection, kept: Rows) -> None:
    for name, rows in kept.items():
        database.execute(f"DELETE FROM {name}")  # our own names
        places = ", ".join("?" * len(rows[0]))
        database.executemany(f"INSERT INTO {name} VALUES ({places})", rows)
    database.commit()


def _edit(database: sqlite3.Connection, chance: random.Random) -> None:
    column = chance.choice(["actor", "action", "subject_id", "details", "at"])
    changed = '{"more": 1}' if column == "details" else f"{chance.getrandbits(60)}"
    if column == "at":
        changed = "2020-01-01 00:00:00.000000"
    statement = f"UPDATE audit_entries SET {column} = ? WHERE seq = ?"
    database.execute(statement, (changed, chance.randint(1, ENTRIES)))


def _forge_mac(database: sqlite3.Connection, chance: random.Random) -> None:
    seq = chance.randint(1, ENTRIES)
    mac = bytearray(
        database.execute("SELECT mac FROM audit_entries WHERE seq = ?", (seq,)).fetchone()[0]
    )
    mac[chance.randrange(len(mac))] ^= 1 << chance.randrange(8)
    database.execute("UPDATE audit_entries SET mac = ? WHERE seq = ?", (bytes(mac), seq))


def _delete(database: sqlite3.Connection, chance: random.Random) -> None:
    database.execute("DELETE FROM audit_entries WHERE seq = ?", (chance.randint(1, ENTRIES),))


def _delete_and_renumber(database: sqlite3.Connection, chance: random.Random) -> None:
    seq = chance.randint(1, ENTRIES - 1)
    database.execute("DELETE FROM audit_entries WHERE seq = ?", (seq,))
    for later in range(seq + 1, ENTRIES + 1):
        database.execute("UPDATE audit_entries SET seq = ? WHERE seq = ?", (later - 1, later))
    database.execute("UPDATE audit_heads SET seq = ?", (ENTRIES - 1,))


def _swap(database: sqlite3.Connection, chance: random.Random) -> None:
    one, other = chance.sample(range(1, ENTRIES + 1), 2)
    for before, after in ((one, -1), (other, one), (-1, other)):
        database.execute("UPDATE audit_entries SET seq = ? WHERE seq = ?", (after, before))


def _cut_off(database: sqlite3.Connection, chance: random.Random) -> None:
    """Remove the end, and make the head fit as well as one can without the key."""
    last = chance.randint(0, ENTRIES - 1)
    database.execute("DELETE FROM audit_entries WHERE seq > ?", (last,))
    if chance.random() < 0.5:
        database.execute("UPDATE audit_heads SET seq = ?", (last,))
        found = database.execute("SELECT mac FROM audit_entries WHERE seq = ?", (last,)).fetchone()
        database.execute("UPDATE audit_heads SET mac = ?", (found[0] if found else b"",))


def _insert(database: sqlite3.Connection, chance: random.Random) -> None:
    """Put a copy of an entry at the end, and make the head point to it."""
    row = list(
        database.execute(
            "SELECT tenant_id, seq, at, actor, action, subject_id, details, mac "
            "FROM audit_entries WHERE seq = ?",
            (chance.randint(1, ENTRIES),),
        ).fetchone()
    )
    row[1] = ENTRIES + 1
    names = "tenant_id, seq, at, actor, action, subject_id, details, mac"
    database.execute(f"INSERT INTO audit_entries ({names}) VALUES (?,?,?,?,?,?,?,?)", row)
    database.execute("UPDATE audit_heads SET seq = ?, mac = ?", (ENTRIES + 1, row[-1]))


def _edit_head(database: sqlite3.Connection, chance: random.Random) -> None:
    anchor = bytearray(database.execute("SELECT anchor FROM audit_heads").fetchone()[0])
    anchor[chance.randrange(len(anchor))] ^= 1 << chance.randrange(8)
    database.execute("UPDATE audit_heads SET anchor = ?", (bytes(anchor),))


TAMPERS: dict[str, Tamper] = {
    "edit": _edit,
    "forge": _forge_mac,
    "delete": _delete,
    "renumber": _delete_and_renumber,
    "swap": _swap,
    "cut off": _cut_off,
    "insert": _insert,
    "head": _edit_head,
}
