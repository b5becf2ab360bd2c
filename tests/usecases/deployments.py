"""Deployments with something in every table and real files, for tests that copy and kill them."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from tests.store.databases import database
from tests.store.filling import NEW_RESULT
from tests.usecases.conftest import Clock, House, Mailbox, make_ground, make_house
from visavis.core.settings import Settings, load_settings
from visavis.store import backup as rows
from visavis.store.blobs.base import Blobs
from visavis.store.blobs.opening import open_blobs
from visavis.store.jobs import NewJob
from visavis.store.kinds import CodePurpose, ConsentMethod
from visavis.usecases.actor import SYSTEM
from visavis.usecases.backup import Backup, Restored
from visavis.usecases.backup_making import Made
from visavis.usecases.blobs import BlobKeeping
from visavis.usecases.ground import Ground
from visavis.vault.sealing import Context

PICTURE = b"\xff\xd8\xff\xe0" + b"a face" * 1000


@dataclass(frozen=True)
class Deployment:
    """A deployment that runs."""

    settings: Settings
    ground: Ground
    blobs: Blobs
    clock: Clock

    @property
    def keeping(self) -> BlobKeeping:
        return BlobKeeping(self.ground, self.blobs)

    def rows(self) -> dict[str, list[bytes]]:
        """Return all rows as lines."""
        engine = self.ground.store._engine
        with rows.snapshot(engine) as connection:
            return {
                table.name: list(map(rows.to_line, rows.rows(connection, table)))
                for table in rows.tables_of("head")
            }

    def files(self) -> dict[tuple[str, str], bytes]:
        """Return all files."""
        return {k.name: b"".join(self.blobs.open(*k.name)) for k in self.blobs.names()}

    def heads(self) -> dict[str, bytes]:
        """Return all head files."""
        folder = self.settings.data / "heads"
        found = (path for path in folder.rglob("*") if path.is_file() and path.name != "lock")
        return {str(path.relative_to(folder)): path.read_bytes() for path in found}

    def faults(self, tenant_id: str) -> list[Any]:
        """Return what is wrong with an audit log."""
        return self.ground.audit.verify(self.ground.store, tenant_id)


@contextmanager
def deployment(kind: str, folder: Path, **given: object) -> Iterator[Deployment]:
    """Open a deployment in a folder, on an empty database of a kind."""
    folder.mkdir(exist_ok=True)
    with ExitStack() as stack:
        url = stack.enter_context(database(kind, folder))
        settings = load_settings(**{"data": folder / "data", "store": {"url": url}, **given})
        yield stack.enter_context(opened(settings))


@contextmanager
def opened(settings: Settings) -> Iterator[Deployment]:
    """Open a deployment as its settings say."""
    clock = Clock()
    ground = make_ground(settings, clock, Mailbox())
    try:
        blobs = open_blobs(settings.blobs, settings.data / "blobs")
        yield Deployment(settings, ground, blobs, clock)
    finally:
        ground.background.close()
        ground.store.close()


def fill(there: Deployment, name: str = "first") -> House:
    """Make a tenant with something in every table, and files."""
    ground, house = there.ground, make_house(there.ground, name)
    now, tenant, user = ground.clock(), house.tenant_id, house.owner.user_id
    soon = now + timedelta(minutes=7, microseconds=123457)
    with ground.store.work() as work:
        work.tenants.change(
            tenant, settings={"π": [1.1, 1e300, None, True, "\N{SNOWMAN}\U0001f600"]}
        )
        work.codes.add(tenant, user, CodePurpose.VERIFY_EMAIL, "code", f"{name}@x", 5, soon, now)
        work.recovery_codes.replace(tenant, user, [f"recovery of {name}"])
        work.sessions.start(tenant, user, f"token of {name}", soon, now)
        work.api_keys.add(tenant, user, "Roboter für Ümläute", f"secret of {name}", ["all"], now)
        work.retention.set(tenant, "visits", 30)
        work.results.add(tenant, "ab" * 32, NEW_RESULT, now)
        (job,) = work.jobs.add_all(tenant, [NewJob("analyze", "pictures", {"é": 1})], now)
        work.job_parts.add(tenant, job.id, "detect", bytes(range(256)), now)
        work.job_queues.hold("describe", now)
        notice = work.notices.add(tenant, "visits", 1, "en", "Line\r\nLine \t'\"\\%", now).id
        wing = work.collections.add(tenant, "wing", now).id
        for adult, where in ((True, ""), (False, wing), (None, wing)):
            subject = work.subjects.add(tenant, now, f"customer {adult}", adult, where).id
            key = ground.keyring.new_subject_key(work.keys, tenant, subject, now)
            data = key.seal(bytes(range(256)), Context(tenant, subject, "template"))
            work.sealed.add(tenant, subject, "template", key.version, data, now, {"a": 0.1 + 0.2})
            work.consents.add(
                tenant,
                subject,
                "visits",
                notice,
                ConsentMethod.WRITTEN,
                given_at=now,
                given_by="self",
                recorded_by="key",
                evidence="shelf 3",
                now=now,
            )
        work.receipts.add(tenant, "erasure", now, {"who": subject}, b"signed")
        ground.audit.note(work, tenant, SYSTEM, "subject.created", now, subject, {"x": [1, "é"]})
    for n, owner in ((0, None), (1, subject), (2, None)):
        there.keeping.keep(
            house.operator, [PICTURE, bytes([n])], "image/jpeg", "upload", str(n), owner
        )
    there.clock.move(seconds=1)  # the first one made runs the deployment
    return house


def add_heads(there: Deployment) -> None:
    """Put files into the folder of heads."""
    folder = there.settings.data / "heads"
    (folder / "records").mkdir(parents=True)
    (folder / "champions.json").write_text('{"age": "portrait-1"}')
    (folder / "history.jsonl").write_text("{}\n")
    (folder / "portrait-1.onnx").write_bytes(bytes(range(256)) * 100)
    (folder / "records" / "portrait-1.json").write_text("{}")
    (folder / "lock").touch()


def make(there: Deployment, target: Path, *, with_keys: bool = False, force: bool = False) -> Made:
    """Make a backup of a deployment."""
    return Backup(there.settings, clock=there.clock).backup(
        target, with_keys=with_keys, force=force
    )


def restore(there: Deployment, source: Path, *, force: bool = False) -> Restored:
    """Restore a backup into a deployment."""
    return Backup(there.settings, clock=there.clock).restore(source, force=force)
