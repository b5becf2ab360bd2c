"""Bringing some templates over to another embedder, within one unit."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import structlog

from visavis.core.errors import InvalidInput
from visavis.core.types import Floats
from visavis.index.harmonics import Harmonics
from visavis.store.blob_rows import OF_TEMPLATE
from visavis.store.galleries import lineage
from visavis.store.sealed import MAPPED_FROM, TEMPLATE, NewSealed, SealedData
from visavis.store.work import Work
from visavis.usecases.actor import SYSTEM
from visavis.usecases.consent import refusals
from visavis.usecases.errors import ConsentMissing
from visavis.usecases.ground import Ground
from visavis.usecases.harmony import AT_ONCE, Change
from visavis.usecases.seen import details_of, resealed
from visavis.usecases.subject_keys import known_keys, opened_keys
from visavis.usecases.template_forms import open_form, purpose_of, stored_form
from visavis.vault.errors import SealBroken
from visavis.vault.sealing import Context, DataKey

MAPPED = "templates.mapped"
"""What the audit log calls it."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Count:
    """What became of some templates.

    Attributes:
        mapped: Brought over now.
        there: Brought over before.
        left_out: Of people who do not agree to it now, or that cannot be opened.
    """

    mapped: int = 0
    there: int = 0
    left_out: int = 0

    def __add__(self, other: "Count") -> "Count":
        return Count(
            self.mapped + other.mapped, self.there + other.there, self.left_out + other.left_out
        )


@dataclass(frozen=True, slots=True)
class _Open:
    """A template to be brought over, with the keys that seal it and its copy."""

    row: SealedData
    vector: Floats
    old: DataKey
    new: DataKey


@dataclass(frozen=True, slots=True)
class Batch:
    """Brings templates of one tenant over.

    Attributes:
        ground: Of the deployment.
        harmonics: The maps.
        tenant_id: Whose.
        change: From where to where.
    """

    ground: Ground
    harmonics: Harmonics
    tenant_id: str
    change: Change

    def map(self, work: Work, template_ids: Collection[str]) -> Count:
        """Seal a copy of each template that has none yet, under the same subject's key.

        Args:
            work: The unit; the tenant is held, so that two who do this do it once.
            template_ids: Which; those that are gone, or of people who are, are passed over.
        """
        rows = work.templates.some(self.tenant_id, template_ids)
        held = work.subjects.hold_all(self.tenant_id, {row.subject_id for row in rows})
        people = {who.id for who in held if who.erased_at is None}
        theirs = work.sealed.of_subjects(self.tenant_id, people, TEMPLATE)
        wanted = [row for row in theirs if row.id in template_ids]
        missing = [row for row in wanted if row.id not in self._copied(theirs)]
        opened = self._opened(work, missing, self._refused(work, missing))
        kept = self._keep(work, opened) if opened else 0
        return Count(kept, len(wanted) - len(missing), len(missing) - kept)

    def willing(self, work: Work, template_ids: Sequence[str]) -> int:
        """Return how many of some templates are of people who agree to what they are for."""
        count = 0
        for start in range(0, len(template_ids), AT_ONCE):
            rows = work.templates.some(self.tenant_id, template_ids[start : start + AT_ONCE])
            count += len(rows) - len(self._refused(work, rows))
        return count

    def _copied(self, theirs: Sequence[SealedData]) -> set[str]:
        told = (lineage(row.id, row.subject_id, row.meta) for row in theirs)
        return {each.copy_of for each in told if each.embedder == self.change.target}

    def _refused(self, work: Work, rows: Sequence[SealedData]) -> set[str]:
        """Return the ids of templates whose people do not agree now to what they are for."""
        now, refused = self.ground.clock(), set()
        for purpose in {purpose_of(row.meta) for row in rows}:
            same = [row for row in rows if purpose_of(row.meta) == purpose]
            people = {row.subject_id for row in same}
            try:
                unwilling = set(refusals(work, self.tenant_id, people, purpose, now))
            except ConsentMissing:  # mode or purposes do not allow it with anybody
                unwilling = people
            refused |= {row.id for row in same if row.subject_id in unwilling}
        return refused

    def _opened(self, work: Work, rows: Sequence[SealedData], refused: set[str]) -> list[_Open]:
        rows = [row for row in rows if row.id not in refused]
        ring, people = self.ground.keyring, {row.subject_id for row in rows}
        old = opened_keys(ring, work, self.tenant_id, rows)
        found = work.keys.subject_keys_of(self.tenant_id, people) if people else ()
        known = known_keys(work.keys, found)
        new = {who: ring.subject_key(known, self.tenant_id, who) for who in people}
        opened = []
        for row in rows:
            key = old[row.subject_id, row.key_version]
            vector = self._vector(row, key)
            if vector is not None:
                opened.append(_Open(row, vector, key, new[row.subject_id]))
        return opened

    def _vector(self, row: SealedData, key: DataKey) -> Floats | None:
        """Return a vector brought over; None where it is none of the source, or was changed."""
        source, target = self.change.source, self.change.target
        try:
            plain = key.unseal(row.data, Context(self.tenant_id, row.subject_id, TEMPLATE))
            vector: Floats = self.harmonics.bring(open_form(plain)[None], source, target)[0]
        except (SealBroken, InvalidInput):
            log.error("template_unreadable", tenant_id=self.tenant_id, template_id=row.id)  # noqa: TRY400
            return None
        return vector

    def _keep(self, work: Work, opened: Sequence[_Open]) -> int:
        """Seal the copies, as old as what they were made from, and note them in the log."""
        values, times = (
            [self._sealed(one) for one in opened],
            [one.row.created_at for one in opened],
        )
        rows = work.sealed.add_all(self.tenant_id, TEMPLATE, values, times)
        now = self.ground.clock()
        for one, row in zip(opened, rows, strict=True):
            picture = details_of(one.row, one.old).picture
            if picture is not None:
                told = picture.sha256, OF_TEMPLATE, row.id, now, row.subject_id
                work.blob_rows.add_use(self.tenant_id, *told)
        details = {
            "templates": len(rows),
            "subjects": len({row.subject_id for row in rows}),
            "from": self.change.source,
            "to": self.change.target,
        }
        self.ground.audit.note(work, self.tenant_id, SYSTEM, MAPPED, now, details=details)
        return len(rows)

    def _sealed(self, one: _Open) -> NewSealed:
        who = one.row.subject_id
        data = one.new.seal(stored_form(one.vector), Context(self.tenant_id, who, TEMPLATE))
        meta = resealed(one.row, one.old, one.new, self.tenant_id, who) | {
            "embedder": self.change.target,
            "dimension": len(one.vector),
            MAPPED_FROM: {"template_id": one.row.id, "embedder": self.change.source},
        }
        return NewSealed(who, one.new.version, data, meta)
