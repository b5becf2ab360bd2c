"""A deployment with very many people who agreed and were enrolled in bulk."""

import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from visavis.core.purposes import Purpose
from visavis.core.settings import load_settings
from visavis.core.types import Floats
from visavis.entry.services import Records
from visavis.entry.wiring import open_records
from visavis.store.kinds import ConsentMethod, Mode
from visavis.store.work import Work
from visavis.usecases.actor import Actor
from visavis.usecases.consent_records import GivenBy, seal_evidence
from visavis.usecases.template_forms import NewTemplate

AT_ONCE = 500
MANY = 10_000


@dataclass(frozen=True, slots=True)
class House:
    """A deployment on a private machine that may identify people.

    Attributes:
        records: Of it.
        owner: Who owns it.
        folder: Its data.
    """

    records: Records
    owner: Actor
    folder: Path


@contextmanager
def house(url: str = "") -> Iterator[House]:
    """Open a deployment of its own over a database; empty = SQLite."""
    with tempfile.TemporaryDirectory() as folder:
        settings = load_settings(data=Path(folder), store={"url": url}, accounts={"login": False})
        with closing(open_records(settings)) as records:
            owner = records.private.owner()
            records.privacy.change(
                owner, mode=Mode.IDENTIFY, purposes={Purpose.RECOGNITION}, adults_only=True
            )
            yield House(records, owner, Path(folder))


def people(place: House, count: int) -> list[str]:
    """Make people who agreed, hundreds in a unit; return their ids."""
    notice = place.records.notices.add(
        place.owner, Purpose.RECOGNITION, "en", "We compare your face with those of our members."
    )
    ids: list[str] = []
    for start in range(0, count, AT_ONCE):
        some = min(AT_ONCE, count - start)
        ids += place.records.ground.store.run(
            lambda work, some=some: [_somebody(work, place, notice.id) for _ in range(some)]  # type: ignore[misc]
        )
    return ids


def enroll(place: House, who: Sequence[str], vectors: Floats, embedder: str) -> float:
    """Seal a template (n, d) for each of (n,) people; return how many seconds it took."""
    started = time.perf_counter()
    for start in range(0, len(who), MANY):
        pairs = zip(who[start : start + MANY], vectors[start : start + MANY], strict=True)
        items = [NewTemplate(subject, vector) for subject, vector in pairs]
        told = place.records.templates.seal_many(
            place.owner, items, purpose=Purpose.RECOGNITION, embedder=embedder
        )
        if failed := [each for each in told if not isinstance(each, str)]:
            raise failed[0]
    return time.perf_counter() - started


def _somebody(work: Work, place: House, notice_id: str) -> str:
    ground, tenant_id, now = (
        place.records.ground,
        place.owner.tenant_id,
        place.records.ground.clock(),
    )
    row = work.subjects.add(tenant_id, now, None, adult=True)
    key = ground.keyring.new_subject_key(work.keys, tenant_id, row.id, now)
    work.consents.add(
        tenant_id,
        row.id,
        Purpose.RECOGNITION.value,
        notice_id,
        ConsentMethod.WRITTEN,
        given_at=now,
        given_by=GivenBy.SUBJECT.value,
        recorded_by=place.owner.id,
        evidence=seal_evidence(key, tenant_id, row.id, ""),
        now=now,
    )
    return row.id
