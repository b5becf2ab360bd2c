"""Erasing somebody with 50 templates and 200 files among others, and looking for what is left."""

import base64
import json
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, nullcontext
from pathlib import Path

import numpy as np
from sqlalchemy import MetaData, select

from scripts.bench.figures import Figure
from scripts.bench.ground import Ground
from scripts.bench.users import postgres_schema
from visavis.core.purposes import Purpose
from visavis.core.settings import load_settings
from visavis.entry.services import Records
from visavis.entry.wiring import open_records
from visavis.store.engine import open_engine
from visavis.store.kinds import ConsentMethod, Mode
from visavis.usecases.actor import Actor
from visavis.usecases.consent_records import GivenBy
from visavis.usecases.receipts import handed_out

MOST_S = 5.0
TEMPLATES, FILES, OTHERS = 50, 100, 2
FILE_BYTES = 100_000
LOOKED_FOR = 12
"""Templates, sealed templates and files of which a run of bytes is looked for, each."""


def measure(_ground: Ground) -> Iterator[Figure]:
    """Erase one of six people on SQLite and on PostgreSQL."""
    for name, database in (("SQLite", nullcontext("")), ("PostgreSQL", postgres_schema())):
        with database as url, _house(url) as (records, owner):
            people = [_somebody(records, owner, number) for number in range(OTHERS + 1)]
            gone, traces = people[0]
            before = _found(records, traces)
            started = time.perf_counter()
            receipt = records.erasure.erase(owner, gone)
            took = time.perf_counter() - started
            left = _found(records, traces)
            clean = json.loads(json.dumps(handed_out(receipt)))["statement"]["probe"]["clean"]
        yield Figure(
            f"erase somebody with {TEMPLATES} templates and {FILES} files of "
            f"{FILE_BYTES // 1000} kB, {name}",
            f"no byte left; ≤ {MOST_S:g} s",
            f"{took:.2f} s; {len(left)} of {len(traces)} traces left ({len(before)} were found "
            f"before), the probe says clean: {clean}",
            not left and took <= MOST_S and clean,
            {"seconds": took, "left": sorted(left), "before": len(before)},
        )


@contextmanager
def _house(url: str) -> Iterator[tuple[Records, Actor]]:
    """Open a deployment with one tenant that may identify people."""
    with tempfile.TemporaryDirectory() as folder:
        settings = load_settings(data=Path(folder), store={"url": url}, accounts={"login": False})
        with closing(open_records(settings)) as records:
            owner = records.private.owner()
            records.privacy.change(
                owner, mode=Mode.IDENTIFY, purposes={Purpose.RECOGNITION}, adults_only=True
            )
            yield records, owner


def _somebody(records: Records, owner: Actor, number: int) -> tuple[str, dict[str, bytes]]:
    """Make a person with all that can be kept of one; return what to look for afterwards."""
    chance = np.random.default_rng(number)
    name, said = f"Ann Trace {number} {os.urandom(6).hex()}", f"signed {os.urandom(8).hex()}"
    notice = records.notices.add(
        owner, Purpose.RECOGNITION, "en", "We compare your face with those of our members."
    )
    known = records.subjects.create(owner, reference=f"ref {name}", name=name, adult=True)
    records.consents.give(
        owner,
        known.id,
        Purpose.RECOGNITION,
        notice_id=notice.id,
        method=ConsentMethod.WRITTEN,
        given_by=GivenBy.SUBJECT,
        evidence=said,
    )
    traces = {"name": name.encode(), "reference": f"ref {name}".encode(), "proof": said.encode()}
    for place in range(TEMPLATES):
        vector = chance.normal(size=512).astype(np.float32)
        records.templates.seal(
            owner, known.id, vector, purpose=Purpose.RECOGNITION, embedder="bench@1"
        )
        if place < LOOKED_FOR:
            traces[f"template {place}"] = vector.tobytes()[:48]
    with records.ground.store.reading() as work:
        sealed = work.sealed.of_subject(owner.tenant_id, known.id)
        for place, row in enumerate(sealed[:LOOKED_FOR]):
            traces[f"sealed {place}"] = row.data[:48]
    for place in range(FILES):
        body = b"\xff\xd8\xff\xe0" + chance.bytes(FILE_BYTES)
        records.blobs.keep(owner, [body], "image/jpeg", "photo", f"{number}-{place}", known.id)
        if place < LOOKED_FOR:
            traces[f"file {place}"] = body[1000:1048]
    return known.id, traces


def _found(records: Records, traces: dict[str, bytes]) -> set[str]:
    """Return which traces lie in the files of the data folder, or in rows of a server."""
    looked_for = {
        (what, form)
        for what, raw in traces.items()
        for form in (raw, base64.b64encode(raw), raw.hex().encode())
    }
    return {what for body in _everything(records) for what, form in looked_for if form in body}


def _everything(records: Records) -> Iterator[bytes]:
    settings = records.ground.settings
    for path in settings.data.rglob("*"):
        if path.is_file():
            yield path.read_bytes()
    if settings.store.url:
        yield _rows(records)


def _rows(records: Records) -> bytes:
    """Return all rows of all tables as bytes."""
    engine = open_engine(records.ground.settings.store, records.ground.settings.data)
    metadata, said = MetaData(), bytearray()
    with engine.connect() as connection:
        metadata.reflect(connection)
        for table in metadata.sorted_tables:
            for row in connection.execute(select(table)):
                for value in row:
                    said += value if isinstance(value, bytes) else str(value).encode()
                    said += b"\n"
    engine.dispose()
    return bytes(said)
