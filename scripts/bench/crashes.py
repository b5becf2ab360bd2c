"""kill -9 at random points of what processes write: nothing that was promised is lost.

A process writes with several threads through the use cases and says what it was told; at some
moment it is killed. Then everything it was told has to be there, every file whole and every audit
log unbroken. After the last kill a sweep leaves neither orphans nor parts.
"""

import hashlib
import multiprocessing
import os
import random
import signal
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import timedelta
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path

from scripts.bench.crash_writer import (
    FILE,
    GOING,
    GONE,
    KEY,
    SUBJECT,
    TEMPLATE,
    USER,
    House,
    write,
)
from scripts.bench.figures import Figure
from scripts.bench.ground import Ground
from scripts.bench.users import postgres_schema
from visavis.core.errors import VisavisError
from visavis.core.purposes import Purpose
from visavis.core.roles import Role
from visavis.core.settings import Settings, load_settings
from visavis.entry.services import Records
from visavis.entry.wiring import open_records
from visavis.store.blobs.files import FileBlobs
from visavis.store.kinds import Mode
from visavis.store.work import Work
from visavis.usecases.actor import Actor

KILLS = 200
MOST_LINES = 14
"""Lines that a process says at most before the moment is chosen in which it is killed."""

LONGEST_S = 0.1
"""Latest moment of a kill, counted from the last of those lines; an act takes about as long."""

_PASSWORD = "five plain words are enough"  # of the bench's own owner
_MANY = "100000 per minute"


@dataclass
class Crashed:
    """What was found after all kills.

    Attributes:
        kills: How often a process was killed.
        told: How many acts it was told were done, by kind.
        lost: Those of them that were not there.
        damaged: Files of rows that were not there or not whole.
        broken: Faults of audit logs.
        ghosts: Entries of the index that did not agree with the rows, in the process that went on
            and in one that started anew.
        orphans: Files without rows that the kills left; the sweep removed them.
        parts: Parts of files that the kills left; the sweep removed them.
        left: Orphans and parts after the sweep.
        unfinished: Erasures that were cut short, and were finished afterwards.
    """

    kills: int = 0
    told: Counter[str] = field(default_factory=Counter)
    lost: list[str] = field(default_factory=list)
    damaged: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    ghosts: list[str] = field(default_factory=list)
    orphans: int = 0
    parts: int = 0
    left: int = 0
    unfinished: int = 0

    @property
    def is_clean(self) -> bool:
        """Return whether nothing was lost, broken or left."""
        return not (self.lost or self.damaged or self.broken or self.ghosts or self.left)


def measure(_ground: Ground) -> Iterator[Figure]:
    """Kill on SQLite and on PostgreSQL."""
    yield _on("SQLite", "")
    with postgres_schema() as url:
        yield _on("PostgreSQL", url)


def _on(database: str, url: str) -> Figure:
    with tempfile.TemporaryDirectory() as folder:
        found = crash(deployment(Path(folder), url), KILLS)
    told = ", ".join(f"{count:,} {what}" for what, count in sorted(found.told.items()))
    return Figure(
        f"kill -9 at {found.kills} random points during writes, {database}",
        "0 lost committed rows, 0 half-written blobs, 0 orphans after the sweep, 0 ghosts",
        f"{len(found.lost)} lost of {found.told.total():,} promised ({told}); "
        f"{len(found.damaged)} damaged files; {len(found.broken)} faults in the audit log; "
        f"{len(found.ghosts)} ghosts or holes in the index; "
        f"{found.orphans} orphans and {found.parts} parts swept, {found.left} left; "
        f"{found.unfinished} erasures finished afterwards",
        found.is_clean and found.kills == KILLS,
        vars(found) | {"told": dict(found.told)},
    )


def deployment(folder: Path, url: str) -> Settings:
    """Return the settings of a deployment in a folder and a database."""
    limits = dict.fromkeys(("per_address", "per_key", "login", "mail"), _MANY)
    return load_settings(data=folder / "data", store={"url": url}, throttle=limits)


def crash(settings: Settings, kills: int, seed: int = 0) -> Crashed:
    """Kill processes that write to a deployment, and say what was found after each.

    Args:
        settings: Of the deployment, which is made.
        kills: How often.
        seed: Of the moments and of what is written.
    """
    found, chance = Crashed(), random.Random(seed)
    starter = multiprocessing.get_context("forkserver")  # a process for each kill, at once
    starter.set_forkserver_preload([write.__module__])
    with closing(open_records(settings)) as records:
        house, known = _house(records), _Known()
        for turn in range(kills):
            receiving, telling = starter.Pipe(duplex=False)
            writer = starter.Process(target=write, args=(settings, house, seed + turn, telling))
            writer.start()
            telling.close()
            moment = chance.randint(1, MOST_LINES), chance.uniform(0, LONGEST_S)
            lines = _killed(writer, receiving, *moment)
            writer.join()
            found.kills += writer.exitcode == -signal.SIGKILL
            for line in lines:
                known.take(*line.split())
            _check(records, house.owner.tenant_id, known, found)
        found.told = known.told
        _sweep(settings, records, house, found)
    return found


def _house(records: Records) -> House:
    """Make a tenant that may do everything."""
    records.set_up.create_owner("owner@crash.example", "The owner", _PASSWORD)
    with records.ground.store.reading() as work:
        tenant = work.tenants.first()
        user = work.users.first(tenant.id, Role.OWNER) if tenant else None
    if user is None:
        raise RuntimeError("nobody was made")
    owner = Actor(user.tenant_id, user.id, Role.OWNER, is_host=True)
    records.privacy.change(owner, mode=Mode.IDENTIFY, purposes=[Purpose.RECOGNITION])
    text = "We compare your face with those of the people who are enrolled."
    notice = records.notices.add(owner, Purpose.RECOGNITION, "en", text)
    return House(owner, notice.id)


def _killed(writer: BaseProcess, receiving: Connection, lines: int, after_s: float) -> list[str]:
    """Kill a process some time after it said so many lines; return all that it said but the first.

    The first one says that it is ready: with one line the kill comes before the first act is done.
    """
    descriptor, said = receiving.fileno(), b""
    while said.count(b"\n") < lines and (piece := os.read(descriptor, 65536)):
        said += piece
    until = time.monotonic() + after_s
    while (left := until - time.monotonic()) > 0:
        if receiving.poll(left):
            said += os.read(descriptor, 65536)
    writer.kill()
    while piece := os.read(descriptor, 65536):
        said += piece
    receiving.close()
    return said.decode().splitlines()[1:]


class _Known:
    """What was promised so far."""

    def __init__(self) -> None:
        self.told: Counter[str] = Counter()
        self.there: dict[tuple[str, str], str] = {}
        self.going: set[str] = set()
        self.gone: set[str] = set()

    def take(self, what: str, name: str, of: str = "") -> None:
        """Note a line: what there is with its name, and what it goes with."""
        if what == GOING:
            self.going.add(name)
            return
        self.told[what] += 1
        if what == GONE:
            self.gone.add(name)
        else:
            self.there[what, name] = of or name


def _check(records: Records, tenant_id: str, known: _Known, found: Crashed) -> None:
    """Look for everything that was promised, and at every file and log."""
    with records.ground.store.reading() as work:
        for (what, name), of in known.there.items():
            is_there = _is_there(work, tenant_id, what, name)
            if (not is_there and of not in known.going) or (is_there and of in known.gone):
                found.lost.append(f"{what} {name}")
    found.damaged += _damaged(records)
    log = records.ground.audit.verify(records.ground.store, tenant_id)
    found.broken += [f"{fault.fault} at {fault.seq}" for fault in log]
    found.ghosts += _ghosts(records, tenant_id)
    with closing(open_records(records.ground.settings)) as started:
        found.ghosts += _ghosts(started, tenant_id)


def _ghosts(records: Records, tenant_id: str) -> list[str]:
    """Return what is wrong with the index of a process, and mend it."""
    found = records.galleries.verify(tenant_id)
    return [f"{each}" for each in found if not each.is_clean]


def _is_there(work: Work, tenant_id: str, what: str, name: str) -> bool:
    if what == SUBJECT:
        subject = work.subjects.find(tenant_id, name)
        return subject is not None and subject.erased_at is None
    find = {
        TEMPLATE: work.sealed.find,
        USER: work.users.find,
        KEY: work.api_keys.find,
        FILE: work.blob_rows.find,
    }
    return find[what](tenant_id, name) is not None


def _damaged(records: Records) -> list[str]:
    """Return the files that rows know and that are not there or not whole."""
    with records.ground.store.reading() as work:
        names = work.blob_rows.names(limit=10**6)
    blobs, wrong = FileBlobs(records.ground.settings.data / "blobs"), []
    for tenant_id, sha256 in names:
        hashed = hashlib.sha256()
        try:
            for piece in blobs.open(tenant_id, sha256):
                hashed.update(piece)
        except VisavisError:
            hashed.update(b"lost")
        if hashed.hexdigest() != sha256:
            wrong.append(sha256)
    return wrong


def _sweep(settings: Settings, records: Records, house: House, found: Crashed) -> None:
    """Finish what was cut short, remove what the kills left, and look whether anything is left."""
    found.unfinished = records.erasure.resume(house.owner.tenant_id)
    later = records.ground.clock() + timedelta(hours=1)
    swept = records.blobs.sweep(later, timedelta())
    found.orphans, found.parts = len(swept.removed), swept.partials
    again = records.blobs.sweep(later, timedelta())
    files = sum(1 for _ in (settings.data / "blobs").glob("*/??/*"))
    found.left = again.compared.orphan_count + again.partials + files - again.compared.rows
    found.damaged += [sha256 for _, sha256 in again.compared.missing]
