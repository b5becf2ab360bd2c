"""Sealing many templates: a few statements for hundreds of them."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from visavis.core.errors import InvalidInput, VisavisError
from visavis.core.purposes import Purpose
from visavis.store.collections import LOGIN
from visavis.store.sealed import TEMPLATE, NewSealed
from visavis.store.work import Work
from visavis.usecases.actor import Actor
from visavis.usecases.consent import refusals
from visavis.usecases.errors import NotFound
from visavis.usecases.ground import Ground
from visavis.usecases.subject_keys import known_keys
from visavis.usecases.template_forms import MOST, NewTemplate, meta_of, stored_form
from visavis.vault.sealing import Context

AT_ONCE = 500
"""Templates of one unit; others who enrol wait that long."""

_ID = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class _Fit:
    """A template that may be sealed, as far as it can be told without the rows."""

    place: int
    subject_id: str
    plain: bytes = field(repr=False)
    meta: dict[str, Any]


class Batch:
    """Seals templates of one embedder for one purpose.

    Args:
        ground: Of the deployment.
        actor: Who enrols; may do so.
        purpose: What they are made for.
        embedder: What made them.

    Raises:
        InvalidInput: the embedder's id is none.
    """

    def __init__(self, ground: Ground, actor: Actor, purpose: Purpose, embedder: str) -> None:
        meta_of(embedder, 1, None, purpose)
        self._ground, self._actor = ground, actor
        self._purpose, self._embedder = purpose, embedder

    def seal(self, items: Sequence[NewTemplate]) -> list[str | VisavisError]:
        """Seal some templates in one unit; return for each its id, or why it was not sealed."""
        told: dict[int, str | VisavisError] = {}
        fits = []
        for place, item in enumerate(items):
            try:
                fits.append(self._fit(place, item))
            except VisavisError as exc:
                told[place] = exc
        told |= self._ground.store.run(lambda work: self._seal(work, fits))
        return [told[place] for place in range(len(items))]

    def _fit(self, place: int, item: NewTemplate) -> _Fit:
        if not _ID.fullmatch(item.subject_id):
            raise NotFound("subject")
        plain = stored_form(item.vector)
        meta = meta_of(self._embedder, len(item.vector), item.quality, self._purpose)
        return _Fit(place, item.subject_id, plain, meta)

    def _seal(self, work: Work, fits: Sequence[_Fit]) -> dict[int, str | VisavisError]:
        tenant_id, now = self._actor.tenant_id, self._ground.clock()
        people = sorted({fit.subject_id for fit in fits})
        work.tenants.hold(tenant_id)  # nobody changes the mode meanwhile
        held = work.subjects.hold_all(tenant_id, people)  # nor erases them
        refused = refusals(work, tenant_id, people, self._purpose, now)
        users = (row.id for row in held if row.collection_id == LOGIN)
        refused |= {who: NotFound("subject") for who in users}
        counts = Counter(work.sealed.counts(tenant_id, people, TEMPLATE))
        told: dict[int, str | VisavisError] = {}
        kept = []
        for fit in fits:
            if error := refused.get(fit.subject_id) or _full(counts[fit.subject_id]):
                told[fit.place] = error
            else:
                counts[fit.subject_id] += 1
                kept.append(fit)
        rows = work.sealed.add_all(tenant_id, TEMPLATE, self._sealed(work, kept), now)
        if rows:
            self._note(work, len(rows), len({fit.subject_id for fit in kept}))
        return told | {fit.place: row.id for fit, row in zip(kept, rows, strict=True)}

    def _sealed(self, work: Work, fits: Sequence[_Fit]) -> list[NewSealed]:
        """Seal what is kept under the newest key of each subject, opened once."""
        tenant_id, ring = self._actor.tenant_id, self._ground.keyring
        people = {fit.subject_id for fit in fits}
        known = known_keys(work.keys, work.keys.subject_keys_of(tenant_id, people))
        keys = {who: ring.subject_key(known, tenant_id, who) for who in people}
        return [
            NewSealed(
                fit.subject_id,
                (key := keys[fit.subject_id]).version,
                key.seal(fit.plain, Context(tenant_id, fit.subject_id, TEMPLATE)),
                fit.meta,
            )
            for fit in fits
        ]

    def _note(self, work: Work, templates: int, subjects: int) -> None:
        told = {
            "templates": templates,
            "subjects": subjects,
            "purpose": self._purpose.value,
            "embedder": self._embedder,
        }
        now, ids = self._ground.clock(), (self._actor.tenant_id, self._actor.id)
        self._ground.audit.note(work, *ids, "templates.sealed", now, details=told)


def _full(templates: int) -> InvalidInput | None:
    """Return why somebody with so many templates gets no more; None = they do."""
    if templates < MOST:
        return None
    return InvalidInput(f"there is room for {MOST} templates; remove one of them first")
