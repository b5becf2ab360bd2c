"""Comparing: how like faces are to one template, or to each other; whoever asks draws the line.

It is 1:1, as `Recognition.verify` and `compare` are, for programs that look at the picture
themselves, or hold vectors, and want similarities instead of a decision.
"""

from typing import Any

import numpy as np

from visavis.core.errors import InvalidInput
from visavis.core.purposes import Comparison, Purpose
from visavis.core.types import Floats
from visavis.credentials.roles import Permission
from visavis.store.work import Work
from visavis.usecases.actor import Actor
from visavis.usecases.consent import require_consent, require_purpose
from visavis.usecases.errors import NotFound
from visavis.usecases.ground import Ground
from visavis.usecases.privacy import rules_of
from visavis.usecases.subject_profiles import subject_of
from visavis.usecases.templates import Template, open_templates

COMPARED = "faces.compared"
"""What the audit log calls it."""

MOST_COMPARED = 1_000
"""Vectors of one request."""

_LEAST_LENGTH = 1e-6


class Comparing:
    """Compares vectors; safe to use from several threads.

    Args:
        ground: Of the deployment.
    """

    def __init__(self, ground: Ground) -> None:
        self._ground = ground

    def check(self, actor: Actor, purpose: Purpose = Purpose.RECOGNITION) -> None:
        """Refuse what a rule does not allow; to be asked before anything is made of a face.

        Raises:
            NotAllowed: the actor may not.
            ConsentMissing: mode or purposes do not allow it; the message says what would.
        """
        actor.require(Permission.RECOGNISE)
        with self._ground.store.reading() as work:
            require_purpose(rules_of(work, actor.tenant_id), purpose, Comparison.ONE_TO_ONE)

    def with_template(
        self,
        actor: Actor,
        template_id: str,
        probes: Floats,
        embedder: str,
        purpose: Purpose = Purpose.RECOGNITION,
    ) -> Floats:
        """Return how like each probe is to a template.

        Args:
            actor: Who asks.
            template_id: Which.
            probes: (n, d) float32, finite, none of them 0.
            embedder: What made them.
            purpose: What for; whose template it is must have consented to it.

        Returns:
            (n,) float32, cosines.

        Raises:
            NotFound: there is no such template.
            ConsentMissing: a rule does not allow it; the message says which.
            InvalidInput: the template is of another embedder, or a probe is none.
        """
        self.check(actor, purpose)
        with self._ground.store.reading() as work:
            template = self._opened(work, actor, template_id, purpose)
        if template.embedder != embedder:
            raise InvalidInput(
                f"that template was made by {template.embedder} and cannot be compared with "
                f"vectors of {embedder}; enrol the face again"
            )
        found = cosines(probes, template.vector[None])[:, 0]
        told = {"compared": len(probes), "purpose": purpose.value, "embedder": embedder}
        self._note(actor, template.subject_id, told | {"template_id": template_id})
        return found

    def with_each_other(self, actor: Actor, ones: Floats, others: Floats, embedder: str) -> Floats:
        """Return how like each vector is to each other one; no template is touched.

        Args:
            actor: Who asks.
            ones: (n, d) float32, finite, none of them 0.
            others: (m, d) float32, likewise.
            embedder: What made them.

        Returns:
            (n, m) float32, cosines.

        Raises:
            ConsentMissing: mode or purposes do not allow it; the message says what would.
            InvalidInput: a vector is none, or has another dimension than the others.
        """
        self.check(actor)
        found = cosines(ones, others)
        told = {"compared": found.size, "embedder": embedder}
        self._note(actor, None, told | {"purpose": Purpose.RECOGNITION.value})
        return found

    def _opened(self, work: Work, actor: Actor, template_id: str, purpose: Purpose) -> Template:
        rows = work.templates.some(actor.tenant_id, (template_id,))
        if not rows:
            raise NotFound("template")
        subject_id, now = rows[0].subject_id, self._ground.clock()
        row = subject_of(work, actor.tenant_id, subject_id)
        require_consent(work, actor.tenant_id, row, purpose, now, Comparison.ONE_TO_ONE)
        theirs = open_templates(self._ground.keyring, work, actor.tenant_id, subject_id)
        return next(each for each in theirs if each.id == template_id)

    def _note(self, actor: Actor, subject_id: str | None, told: dict[str, Any]) -> None:
        now, ids, audit = self._ground.clock(), (actor.tenant_id, actor.id), self._ground.audit
        self._ground.store.run(lambda work: audit.note(work, *ids, COMPARED, now, subject_id, told))


def cosines(ones: Floats, others: Floats) -> Floats:
    """Return the cosines (n, m) of vectors (n, d) and (m, d).

    Raises:
        InvalidInput: a vector is none, there are too many, or the dimensions differ.
    """
    if max(len(ones), len(others)) > MOST_COMPARED:
        raise InvalidInput(f"at most {MOST_COMPARED} vectors are compared at a time")
    if ones.shape[1] != others.shape[1]:
        raise InvalidInput(
            f"vectors of {ones.shape[1]} and of {others.shape[1]} numbers cannot be compared; "
            "make them with the same embedder"
        )
    found: Floats = np.clip(_unit(ones) @ _unit(others).T, -1, 1)
    return found


def _unit(vectors: Floats) -> Floats:
    """Return vectors of unit length.

    Raises:
        InvalidInput: one is not finite, or 0.
    """
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    if not np.isfinite(lengths).all() or (lengths < _LEAST_LENGTH).any():
        raise InvalidInput("a vector holds finite numbers that are not all 0; embed the face anew")
    unit: Floats = vectors / lengths
    return unit
