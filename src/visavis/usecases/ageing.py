"""Removing what was kept for long enough, a little at a time; how long is `retention`'s matter."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta

from visavis.core.errors import VisavisError
from visavis.store.blobs.base import Blobs
from visavis.store.results import Result
from visavis.store.sealed import TEMPLATE
from visavis.store.work import Work
from visavis.usecases import results
from visavis.usecases.actor import SYSTEM
from visavis.usecases.blob_removal import BlobRemoval
from visavis.usecases.erasure import ERASURE, Erasure, Reason, Spared
from visavis.usecases.ground import Ground
from visavis.usecases.own_faces import FACE
from visavis.usecases.retention_rules import What

APPLIED = "retention.applied"
"""What the audit log calls it."""

AT_ONCE = 50
"""Subjects that one unit holds; others wait that long."""


class Ageing:
    """Removes what grew old; doing it twice, or in two processes at once, harms nobody.

    Args:
        ground: Of the deployment.
        blobs: Its files.
        erasure: Erases people.
    """

    def __init__(self, ground: Ground, blobs: Blobs, erasure: Erasure) -> None:
        self._ground = ground
        self._removal = BlobRemoval(ground.store, blobs)
        self._erasure = erasure
        self._acts: Mapping[What, Callable[[str, datetime, int], int]] = {
            What.TEMPLATES: self._templates,
            What.TEMPLATES_UNUSED: self._unused_templates,
            What.PEOPLE_WITHOUT_CONSENT: self._people,
            What.FILES_UNUSED: self._files,
            What.LOGINS_ENDED: self._logins,
            What.RECEIPTS: self._receipts,
            What.RESULTS: self._results,
        }

    def remove(self, tenant_id: str, what: What, now: datetime, days: int) -> int:
        """Remove what a tenant has kept for so many days, and write it down; return how much.

        Args:
            tenant_id: Whose.
            what: What.
            now: The time.
            days: For how long it is kept.
        """
        return self._acts[what](tenant_id, now, days)

    def _templates(self, tenant_id: str, now: datetime, days: int) -> int:
        before = now - timedelta(days=days)

        def some(work: Work) -> int:
            count = sum(work.sealed.remove_before(tenant_id, of, before) for of in (TEMPLATE, FACE))
            return self._noted(work, tenant_id, What.TEMPLATES, now, days, count)

        total = self._until_none(some)
        self._removal.remove_pictures(tenant_id)
        return total

    def _unused_templates(self, tenant_id: str, now: datetime, days: int) -> int:
        before, total, last = now - timedelta(days=days), 0, ""
        while True:
            with self._ground.store.reading() as work:
                ids = work.sealed.subjects_with(tenant_id, TEMPLATE, before, last, AT_ONCE)
            if not ids:
                self._removal.remove_pictures(tenant_id)
                return total

            def some(work: Work, ids: tuple[str, ...] = ids) -> int:
                work.subjects.hold_all(tenant_id, ids)
                unseen = [each for each in ids if _is_unseen(work, tenant_id, each, before)]
                count = work.sealed.remove_of_subjects(tenant_id, unseen, TEMPLATE)
                return self._noted(work, tenant_id, What.TEMPLATES_UNUSED, now, days, count)

            total += self._ground.store.run(some)
            last = ids[-1]

    def _people(self, tenant_id: str, now: datetime, days: int) -> int:
        since, total = now - timedelta(days=days), 0
        while True:
            with self._ground.store.reading() as work:
                people = work.subjects.without_consent(tenant_id, since, AT_ONCE)
            erased, failures = self._erase_all(tenant_id, [each.id for each in people], since)
            total += erased
            if failures or not erased:
                break

        def note(work: Work) -> int:
            return self._noted(work, tenant_id, What.PEOPLE_WITHOUT_CONSENT, now, days, total)

        self._ground.store.run(note)
        if failures:
            raise failures[0]
        return total

    def _erase_all(
        self, tenant_id: str, ids: Iterable[str], since: datetime
    ) -> tuple[int, list[VisavisError]]:
        """Erase people without consent, unless they have given one meanwhile.

        Returns:
            How many were erased, and what went wrong with others.
        """
        erased, failures = 0, []
        for subject_id in ids:

            def still(work: Work, who: str = subject_id) -> bool:
                return bool(work.subjects.without_consent(tenant_id, since, 1, who))

            try:
                self._erasure.erase_for(tenant_id, subject_id, SYSTEM, Reason.RETENTION, still)
                erased += 1
            except Spared:
                continue
            except VisavisError as exc:  # the others' time is over as well
                failures.append(exc)
        return erased, failures

    def _files(self, tenant_id: str, now: datetime, days: int) -> int:
        count = self._removal.remove_unused(tenant_id, now, timedelta(days=days))
        return self._ground.store.run(
            lambda work: self._noted(work, tenant_id, What.FILES_UNUSED, now, days, count)
        )

    def _logins(self, tenant_id: str, now: datetime, days: int) -> int:
        before = now - timedelta(days=days)

        def act(work: Work) -> int:
            count = work.sessions.sweep(tenant_id, before) + work.codes.sweep(tenant_id, before)
            return self._noted(work, tenant_id, What.LOGINS_ENDED, now, days, count)

        return self._ground.store.run(act)

    def _receipts(self, tenant_id: str, now: datetime, days: int) -> int:
        before = now - timedelta(days=days)

        def act(work: Work) -> int:
            count = work.receipts.remove_before(tenant_id, ERASURE, before)
            return self._noted(work, tenant_id, What.RECEIPTS, now, days, count)

        return self._ground.store.run(act)

    def _results(self, tenant_id: str, now: datetime, days: int) -> int:
        before, total = now - timedelta(days=days), 0

        def some(work: Work) -> tuple[Result, ...]:
            work.tenants.hold(tenant_id)
            found = work.results.before(tenant_id, before, AT_ONCE)
            for result in found:
                results.drop(work, result)
            self._noted(work, tenant_id, What.RESULTS, now, days, len(found))
            return found

        while gone := self._ground.store.run(some):
            for result in gone:
                self._removal.forget(tenant_id, result.blobs)
            total += len(gone)
        return total

    def _until_none(self, some: Callable[[Work], int]) -> int:
        total = 0
        while count := self._ground.store.run(some):
            total += count
        return total

    def _noted(
        self, work: Work, tenant_id: str, what: What, now: datetime, days: int, count: int
    ) -> int:
        """Write down how much went, where something did; return it."""
        if count:
            told = {"what": what.value, "days": days, "count": count}
            self._ground.audit.note(work, tenant_id, SYSTEM, APPLIED, now, details=told)
        return count


def _is_unseen(work: Work, tenant_id: str, subject_id: str, before: datetime) -> bool:
    """Return whether nothing was written down about a held subject since a time.

    Many templates that are sealed at once are written down together, so their own times count too.
    """
    entries = work.audit.latest(tenant_id, 1, subject_id=subject_id)
    templates = work.sealed.of_subject(tenant_id, subject_id, TEMPLATE)
    times = [entry.at for entry in entries] + [template.created_at for template in templates]
    return all(at < before for at in times)
