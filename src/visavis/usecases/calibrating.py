"""Calibrating on one's own people: the curve of an embedder, moved onto a tenant's strangers.

The templates of different people are compared with each other, of those only who agreed to be
searched. What is kept is a curve: similarities and rates, of nobody in particular.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from visavis.core.purposes import Comparison, Purpose
from visavis.core.types import Floats
from visavis.index.calibration import Calibration
from visavis.index.calibration_fit import Refit, refit
from visavis.store.template_changes import Listed
from visavis.store.work import Work
from visavis.usecases.actor import SYSTEM
from visavis.usecases.consent import refusals
from visavis.usecases.errors import NotFound
from visavis.usecases.gallery_opening import open_all
from visavis.usecases.ground import Ground
from visavis.usecases.scores import SETTINGS, Scores

CHANGED = "calibration.changed"
"""What the audit log calls it."""

MOST_TEMPLATES = 4_000
"""Templates that are compared, each with each: eight million pairs, 64 MB."""

_AT_ONCE = 500


class _Who(NamedTuple):
    """Whose a template is."""

    collection_id: str
    subject_id: str


class Calibrating:
    """Refits calibrations; for programs of the machine itself.

    Args:
        ground: Of the deployment.
        scores: Knows the calibration so far.
    """

    def __init__(self, ground: Ground, scores: Scores) -> None:
        self._ground, self._scores = ground, scores

    def calibrate(self, tenant_id: str, embedder: str, *, keep: bool = True) -> Refit:
        """Refit the calibration that ships on a tenant's own people; return what changed.

        Args:
            tenant_id: Whose people.
            embedder: What made their templates.
            keep: Whether answers follow it from now on.

        Raises:
            ConsentMissing: mode or purposes do not allow to compare people.
            InvalidInput: there are too few people, or they do not look like different ones.
            NotFound: there is no such tenant.
        """
        vectors, people = self._opened(tenant_id, embedder)
        shipped, count = self._scores.shipped(embedder), len(set(people))
        fresh, change = refit(shipped, _between(vectors, people), count or None)
        if keep:
            self._ground.store.run(lambda work: self._keep(work, tenant_id, fresh, change))
        return change

    def reset(self, tenant_id: str, embedder: str) -> None:
        """Go back to the calibration that ships.

        Raises:
            NotFound: there is no such tenant.
        """
        self._ground.store.run(lambda work: self._write(work, tenant_id, embedder, None, {}))

    def _opened(self, tenant_id: str, embedder: str) -> tuple[Floats, list[_Who]]:
        """Return templates of those who agreed to be searched, and whose each is."""
        vectors: list[Floats] = []
        people: list[_Who] = []
        for listed in self._listed(tenant_id, embedder):
            ids = {one.template_id: one.collection_id for one in listed}
            with self._ground.store.reading() as work:
                rows = work.galleries.templates(tenant_id, ids)
                asked = Purpose.RECOGNITION, self._ground.clock(), Comparison.ONE_TO_MANY
                refused = refusals(work, tenant_id, {row.subject_id for row in rows}, *asked)
                agreed = [row for row in rows if row.subject_id not in refused]
                opened = open_all(self._ground.keyring, work, tenant_id, agreed)
            own = [one for one in opened if not one.source]  # mapped ones lie elsewhere
            vectors += [one.vector for one in own]
            people += [_Who(ids[one.id], one.subject_id) for one in own]
            if len(vectors) >= MOST_TEMPLATES:
                break
        stacked = np.stack(vectors) if vectors else np.zeros((0, 1), np.float32)
        return stacked[:MOST_TEMPLATES], people[:MOST_TEMPLATES]

    def _listed(self, tenant_id: str, embedder: str) -> Iterator[list[Listed]]:
        """Yield templates, some at a time; ids are random, so the first are any."""
        last = ""
        while True:
            with self._ground.store.reading() as work:
                listed = work.galleries.listed(tenant_id, last, _AT_ONCE)
            if not listed:
                return
            yield [one for one in listed if one.embedder == embedder]
            last = listed[-1].template_id

    def _keep(self, work: Work, tenant_id: str, fresh: Calibration, change: Refit) -> None:
        told = {
            "pairs": change.pairs,
            "people": change.people,
            "thresholds": {rate: list(pair) for rate, pair in change.thresholds.items()},
        }
        self._write(work, tenant_id, fresh.embedder, fresh.as_json(), told)

    def _write(
        self, work: Work, tenant_id: str, embedder: str, curve: str | None, told: dict[str, object]
    ) -> None:
        work.tenants.hold(tenant_id)
        tenant = work.tenants.find(tenant_id)
        if tenant is None:
            raise NotFound("organisation")
        curves = {**tenant.settings.get(SETTINGS, {})}
        curves.pop(embedder, None)
        if curve is not None:
            curves[embedder] = curve
        work.tenants.change(tenant_id, settings={**tenant.settings, SETTINGS: curves})
        now, details = self._ground.clock(), {"embedder": embedder, "reset": curve is None, **told}
        self._ground.audit.note(work, tenant_id, SYSTEM, CHANGED, now, details=details)


def _between(vectors: Floats, people: list[_Who]) -> Floats:
    """Return the cosines of all pairs of different people of the same collection.

    Subjects of two collections may be one person, whose likeness would count as a stranger's.
    """
    wide = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    who = _numbered([each.subject_id for each in people])
    where = _numbered([each.collection_id for each in people])
    apart = (who[:, None] != who[None]) & (where[:, None] == where[None])
    cosines: Floats = (wide @ wide.T)[np.triu(apart, 1)]
    return cosines


def _numbered(names: list[str]) -> NDArray[np.intp]:
    """Return a number for each name, the same for the same."""
    return np.unique(names, return_inverse=True)[1]
