"""A subject with one of everything, made through the use cases, and where its bytes may lie."""

import json
import secrets
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from sqlalchemy import text

from visavis.core.purposes import Purpose
from visavis.core.settings import StoreOptions
from visavis.store.blobs.base import Blobs
from visavis.store.blobs.files import FileBlobs
from visavis.store.engine import open_engine
from visavis.store.kinds import ConsentMethod
from visavis.store.sealed import TEMPLATE
from visavis.usecases.blobs import BlobKeeping
from visavis.usecases.consent import Consents
from visavis.usecases.consent_records import GivenBy
from visavis.usecases.ground import Ground
from visavis.usecases.notices import Notices
from visavis.usecases.subjects import Subjects
from visavis.vault.sealing import Context

PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"
NOTICE = "We compare your face with those of our members, to let you in."


@dataclass(frozen=True)
class Somebody:
    """A subject, and what only they have.

    Attributes:
        id: Theirs.
        reference: And so on: what is said of them.
        template: Plain bytes of their first template.
        sealed: The same, sealed.
        files: Hash and content of what shows them.
    """

    id: str
    reference: str
    name: str
    notes: str
    evidence: str
    template: bytes
    sealed: bytes
    files: dict[str, bytes]

    def traces(self) -> dict[str, bytes]:
        """Return every run of bytes that must not be found once they are erased."""
        words = {
            what: getattr(self, what).encode()
            for what in ("reference", "name", "notes", "evidence")
        }
        sealed = {"template": self.template[:64], "sealed template": self.sealed[5:69]}
        inside = {f"file {place}": body[20:84] for place, body in enumerate(self.files.values())}
        return words | sealed | inside


def blobs_of(ground: Ground) -> Blobs:
    """Return the files of a deployment."""
    return FileBlobs(ground.settings.data / "blobs")


def make_somebody(ground, house, templates=2, files=2):
    """Make a subject of a house with everything that can be kept of one."""
    actor = house.admin
    said = {what: f"{what} {secrets.token_hex(12)}" for what in ("reference", "name", "notes")}
    subject = Subjects(ground).create(actor, **said, adult=True)
    notice = Notices(ground).add(actor, Purpose.RECOGNITION, "en", NOTICE)
    evidence = f"evidence {secrets.token_hex(12)}"
    Consents(ground).give(
        actor,
        subject.id,
        Purpose.RECOGNITION,
        notice_id=notice.id,
        method=ConsentMethod.WRITTEN,
        given_by=GivenBy.SUBJECT,
        evidence=evidence,
    )
    vectors = [np.random.default_rng().normal(size=128).astype("<f4") for _ in range(templates)]
    for vector in vectors:
        seal(ground, house.tenant_id, subject.id, TEMPLATE, vector.tobytes())
    return Somebody(
        subject.id,
        **said,
        evidence=evidence,
        template=vectors[0].tobytes() if vectors else b"",
        sealed=first_sealed(ground, house.tenant_id, subject.id),
        files=dict(keep(ground, actor, subject.id, str(n)) for n in range(files)),
    )


def seal(ground, tenant_id, subject_id, purpose, plain):
    """Seal a value for a subject, as use cases do."""

    def act(work):
        assert work.subjects.hold(tenant_id, subject_id).erased_at is None
        key = ground.keyring.subject_key(work.keys, tenant_id, subject_id)
        data = key.seal(plain, Context(tenant_id, subject_id, purpose))
        meta = {"embedder": "dlib", "dimension": len(plain) // 4, "quality": None}
        return work.sealed.add(
            tenant_id, subject_id, purpose, key.version, data, ground.clock(), meta
        )

    return ground.store.run(act)


def first_sealed(ground, tenant_id, subject_id):
    with ground.store.reading() as work:
        values = work.sealed.of_subject(tenant_id, subject_id, TEMPLATE)
    return values[0].data if values else b""


def keep(ground, actor, subject_id, owner, body=None):
    """Keep a file that shows a subject; return its hash and content."""
    content = body or PNG + secrets.token_bytes(5000)
    keeping = BlobKeeping(ground, blobs_of(ground))
    row = keeping.keep(actor, [content], "image/png", "photo", owner, subject_id)
    return row.sha256, content


def everything(ground) -> Iterator[tuple[str, bytes]]:
    """Yield all that the deployment keeps: each file, and each row of each table."""
    for path in sorted(Path(ground.settings.data).rglob("*")):
        if path.is_file():
            yield str(path), path.read_bytes()
    engine = open_engine(StoreOptions(url=ground.settings.store.url), ground.settings.data)
    quoted = engine.dialect.identifier_preparer.quote
    with engine.connect() as connection:
        for table in engine.dialect.get_table_names(connection):
            for row in connection.execute(text(f"SELECT * FROM {quoted(table)}")):
                yield f"table {table}", b"\0".join(_as_bytes(value) for value in row)
    engine.dispose()


def _as_bytes(value: object) -> bytes:
    return bytes(value) if isinstance(value, bytes | memoryview) else str(value).encode()


def found_in(ground, traces):
    """Return which of some runs of bytes lie where, plain, in JSON, in base64 or in hex."""
    looks = {
        (what, how): form
        for what, raw in traces.items()
        for how, form in (
            ("plain", raw),
            ("json", json.dumps(raw.decode("latin-1"))[1:-1].encode()),
            ("base64", b64encode(raw[: len(raw) // 3 * 3])),
            ("hex", raw.hex().encode()),
        )
    }
    return {
        (what, how, where)
        for where, body in everything(ground)
        for (what, how), form in looks.items()
        if form in body
    }
