"""Parts of results: what the stages of a job found, until all of it is there."""

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import ColumnElement, delete, select

from visavis.store.repository import Repository
from visavis.store.tables.job_parts import job_parts


@dataclass(frozen=True, slots=True)
class JobPart:
    """What one stage of a job found.

    Attributes:
        tenant_id: Whose.
        job_id: Of which job.
        part: Which of its parts.
        data: What was found, sealed.
        created_at: When it came.
    """

    tenant_id: str
    job_id: str
    part: str
    data: bytes = field(repr=False)
    created_at: datetime


class JobParts(Repository):
    """The parts of a tenant's jobs."""

    def add(self, tenant_id: str, job_id: str, part: str, data: bytes, now: datetime) -> bool:
        """Keep a part; False where it is there already, which is what stays.

        Raises:
            NotThere: there is no such job.
        """
        return self._insert_once(job_parts, JobPart(tenant_id, job_id, part, data, now))

    def find(self, tenant_id: str, job_id: str, part: str) -> JobPart | None:
        """Return a part."""
        this = _of(tenant_id, job_id) & (job_parts.c.part == part)
        row = self._one(select(job_parts).where(this))
        return JobPart(**row) if row else None

    def names(self, tenant_id: str, job_id: str) -> frozenset[str]:
        """Return which parts of a job are there."""
        rows = self._all(select(job_parts.c.part).where(_of(tenant_id, job_id)))
        return frozenset(row["part"] for row in rows)

    def remove(self, tenant_id: str, job_id: str) -> int:
        """Remove the parts of a job; return how many there were."""
        return self._changed(delete(job_parts).where(_of(tenant_id, job_id)))


def _of(tenant_id: str, job_id: str) -> ColumnElement[bool]:
    return (job_parts.c.tenant_id == tenant_id) & (job_parts.c.job_id == job_id)
