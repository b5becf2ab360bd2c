"""A tenant with one of everything."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from visavis.core.log_lines import Level, LineIds, LogLine
from visavis.core.roles import Role
from visavis.store.audit import NewEntry
from visavis.store.jobs import NewJob
from visavis.store.kinds import CodePurpose, ConsentMethod, JobState
from visavis.store.results import NewResult, ResultFace
from visavis.store.work import Work

NOW = datetime(2026, 11, 21, 12, 30, 15, 123457, tzinfo=UTC)
SOON = NOW + timedelta(minutes=10)
LATER = NOW + timedelta(days=30)
MINUTE = timedelta(minutes=1)
NEW_RESULT = NewResult(
    width=64,
    height=48,
    pack="default",
    features=("age",),
    faces=(ResultFace(0, 9000, age=30),),
    picture="1a" * 32,
    annotated="2b" * 32,
    document="3c" * 32,
)


@dataclass(frozen=True)
class Filled:
    """The ids of what a tenant has, and its keys and values as rows."""

    tenant: str
    user: str
    code: str
    session: str
    key: str
    subject: str
    sealed: str
    notice: str
    consent: str
    receipt: str
    collection: str
    job: str
    lease: str
    parked: str
    batch: str
    name: str

    def hashed(self, what: str) -> str:
        """Return a hash that only this tenant has."""
        return f"{what} of {self.name}"


def fill(work: Work, name: str) -> Filled:
    """Make the tenant."""
    tenant = work.tenants.add(name, NOW).id
    user = work.users.add(tenant, f"{name}@example.org", name, "argon", Role.OWNER, NOW).id
    work.recovery_codes.replace(tenant, user, [f"recovery of {name}"])
    work.retention.set(tenant, "visits", 30)
    mac = f"mac of {name}".encode()
    work.audit.append(tenant, lambda seq, before: (NewEntry(NOW, user, "made"), mac))
    work.log_lines.add([LogLine(tenant, LineIds().new(), NOW, "api", Level.INFO, f"of {name}")])
    subject = _fill_subject(work, tenant, name)
    work.results.add(tenant, "ab" * 32, NEW_RESULT, NOW)
    return Filled(
        **_fill_jobs(work, tenant, name),
        tenant=tenant,
        user=user,
        code=work.codes.add(
            tenant, user, CodePurpose.VERIFY_EMAIL, "code", f"{name}@x", 5, SOON, NOW
        ).id,
        session=work.sessions.start(tenant, user, f"token of {name}", LATER, NOW).id,
        key=work.api_keys.add(tenant, user, "robot", f"secret of {name}", ["analyse"], NOW).id,
        subject=subject,
        sealed=work.sealed.add(tenant, subject, "template", 1, b"sealed", NOW).id,
        notice=(notice := work.notices.add(tenant, "visits", 1, "en", "We look.", NOW).id),
        consent=consent(work, tenant, subject, notice).id,
        receipt=work.receipts.add(tenant, "erasure", NOW, {"who": subject}, b"signed").id,
        collection=work.collections.add(tenant, f"wing of {name}", NOW).id,
        name=name,
    )


def _fill_subject(work, tenant, name):
    subject = work.subjects.add(tenant, NOW, f"customer of {name}").id
    work.keys.add_tenant_key(tenant, "templates", 1, "root", b"wrapped", NOW)
    work.keys.add_subject_key(tenant, subject, 1, 1, b"wrapped", NOW)
    work.blob_rows.add(tenant, "ab" * 32, 7, "image/png", NOW)
    work.blob_rows.add_use(tenant, "ab" * 32, "photo", "1", NOW, subject)
    return subject


def _fill_jobs(work, tenant, name):
    """Make a job that runs, with a stage, and one that is parked."""
    batch = f"batch of {name}"
    parked, job = (
        work.jobs.add_all(tenant, [NewJob("test", "pictures", batch_id=batch, once=once)], NOW)[
            0
        ].id
        for once in (None, f"key of {name}")
    )
    held = work.job_queues.take("pictures", NOW, LATER)
    work.jobs.end(tenant, parked, held.lease, JobState.PARKED, NOW, error="it is broken")
    lease = work.job_queues.take("pictures", NOW, LATER).lease
    work.jobs.add_all(tenant, [NewJob("test", "store", parent_id=job, due_at=LATER)], NOW)
    work.job_parts.add(tenant, job, "boxes", f"part of {name}".encode(), NOW)
    return {"job": job, "parked": parked, "lease": lease, "batch": batch}


def consent(work, tenant, subject, notice, **changed):
    """Note a consent to the purpose `visits`."""
    told = {"given_at": NOW, "given_by": "self", "recorded_by": "key", "evidence": "shelf 3"}
    told |= {"method": ConsentMethod.WRITTEN, "now": NOW}
    return work.consents.add(tenant, subject, "visits", notice, **(told | changed))
