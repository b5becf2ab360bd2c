"""Templates: the vectors of enrolled people, sealed under each one's own key.

Every call that writes or opens one passes the gate of `consent`; a vector is open only in what
`unseal` returns, and never in a log, in the audit or in a text form of an object.
"""

import math
import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np

from visavis.core.errors import InvalidInput
from visavis.core.purposes import Comparison, Purpose
from visavis.core.types import Floats
from visavis.credentials.roles import Permission
from visavis.store.sealed import SealedData
from visavis.store.work import Work
from visavis.usecases.actor import Actor
from visavis.usecases.consent import require_consent
from visavis.usecases.errors import NotFound
from visavis.usecases.ground import Ground
from visavis.usecases.privacy import TEMPLATE
from visavis.usecases.subject_profiles import subject_of
from visavis.vault.keyring import Keyring
from visavis.vault.sealing import Context

MOST = 50
"""Templates of one subject."""

MOST_DIMENSIONS = 4096

_EMBEDDER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/@+-]{0,99}")
_STORED = np.dtype("<f4")


@dataclass(frozen=True, slots=True, eq=False)
class Template:
    """A template, open.

    Attributes:
        id: Its own.
        subject_id: Whose face it is.
        embedder: What made the vector; only vectors of the same one can be compared.
        vector: (d,) float32.
        quality: Of the face it was made of, 0..100; None = not known.
        created_at: When it was sealed.
    """

    id: str
    subject_id: str
    embedder: str
    vector: Floats = field(repr=False)
    quality: float | None
    created_at: datetime


class Templates:
    """Seals, opens and removes templates.

    Args:
        ground: Of the deployment.
    """

    def __init__(self, ground: Ground) -> None:
        self._ground = ground

    def seal(
        self,
        actor: Actor,
        subject_id: str,
        vector: Floats,
        *,
        purpose: Purpose,
        embedder: str,
        quality: float | None = None,
    ) -> str:
        """Keep a template and return its id.

        Args:
            actor: Who enrols.
            subject_id: Whose face it is.
            vector: (d,) float32, 1..4096 finite numbers that are not all 0.
            purpose: What it is made for.
            embedder: What made it, such as `dlib_resnet@1`; at most 100 characters.
            quality: Of the face, 0..100; None = not known.

        Raises:
            NotFound: there is no such subject, or they were erased.
            ConsentMissing: a rule does not allow it; the message says which.
            InvalidInput: the vector is none, or the subject has 50 templates.
        """
        actor.require(Permission.PEOPLE_WRITE)
        plain = _checked(vector).tobytes()
        meta = _meta(embedder, len(vector), quality)

        def seal(work: Work) -> str:
            now, ids = self._ground.clock(), (actor.tenant_id, subject_id)
            work.tenants.hold(actor.tenant_id)  # nobody changes the mode meanwhile
            row = subject_of(work, *ids, hold=True)  # nor erases them
            require_consent(work, actor.tenant_id, row, purpose, now)
            if len(work.sealed.of_subject(*ids, TEMPLATE)) >= MOST:
                raise InvalidInput(f"there is room for {MOST} templates; remove one of them first")
            key = self._ground.keyring.subject_key(work.keys, *ids)
            data = key.seal(plain, Context(*ids, TEMPLATE))
            kept = work.sealed.add(*ids, TEMPLATE, key.version, data, now, meta)
            told = {"template_id": kept.id, "purpose": purpose.value, "embedder": embedder}
            self._note(work, actor, "template.sealed", subject_id, told)
            return kept.id

        return self._ground.store.run(seal)

    def unseal(
        self, actor: Actor, subject_id: str, *, purpose: Purpose, comparison: Comparison
    ) -> list[Template]:
        """Return a subject's templates, open, oldest first.

        Args:
            actor: Who compares.
            subject_id: Whose.
            purpose: What for.
            comparison: Whether the face is compared with this one person or with everybody.

        Raises:
            NotFound: there is no such subject, or they were erased.
            ConsentMissing: a rule does not allow it; the message says which.
        """
        actor.require(Permission.RECOGNISE)
        with self._ground.store.reading() as work:
            row = subject_of(work, actor.tenant_id, subject_id)
            now = self._ground.clock()
            require_consent(work, actor.tenant_id, row, purpose, now, comparison)
            return open_templates(self._ground.keyring, work, actor.tenant_id, subject_id)

    def remove(self, actor: Actor, template_id: str) -> None:
        """Remove one template; the subject's others stay.

        Raises:
            NotFound: there is none of this id.
        """
        actor.require(Permission.PEOPLE_WRITE)

        def remove(work: Work) -> None:
            kept = work.sealed.find(actor.tenant_id, template_id)
            if kept is None or kept.purpose != TEMPLATE:
                raise NotFound("template")
            work.sealed.remove(actor.tenant_id, template_id)
            told = {"template_id": template_id}
            self._note(work, actor, "template.removed", kept.subject_id, told)

        self._ground.store.run(remove)

    def _note(
        self, work: Work, actor: Actor, action: str, subject_id: str, told: dict[str, Any]
    ) -> None:
        now = self._ground.clock()
        self._ground.audit.note(work, actor.tenant_id, actor.id, action, now, subject_id, told)


def open_templates(keyring: Keyring, work: Work, tenant_id: str, subject_id: str) -> list[Template]:
    """Return a subject's templates without asking the gate, to hand them to that subject.

    Raises:
        KeyDestroyed: they were erased.
    """
    rows = work.sealed.of_subject(tenant_id, subject_id, TEMPLATE)
    keys = {
        version: keyring.subject_key(work.keys, tenant_id, subject_id, version)
        for version in {row.key_version for row in rows}
    }
    context = Context(tenant_id, subject_id, TEMPLATE)
    return [_template(row, keys[row.key_version].unseal(row.data, context)) for row in rows]


def _template(row: SealedData, plain: bytes) -> Template:
    vector = np.frombuffer(plain, _STORED).astype(np.float32)
    embedder, quality = row.meta["embedder"], row.meta["quality"]
    return Template(row.id, row.subject_id, embedder, vector, quality, row.created_at)


def _checked(vector: Floats) -> np.ndarray[Any, Any]:
    """Return a vector as it is stored."""
    if vector.dtype != np.float32 or vector.ndim != 1 or not 1 <= len(vector) <= MOST_DIMENSIONS:
        raise InvalidInput(f"a template is one float32 vector of at most {MOST_DIMENSIONS} numbers")
    if not np.isfinite(vector).all() or not vector.any():
        raise InvalidInput(
            "a template holds finite numbers that are not all 0; embed the face anew"
        )
    return vector.astype(_STORED)


def _meta(embedder: str, dimension: int, quality: float | None) -> dict[str, Any]:
    """Return what has to be known of a template without opening it; nothing personal."""
    if not _EMBEDDER.fullmatch(embedder):
        raise InvalidInput("the embedder's id has 1 to 100 letters, digits or any of . _ : / @ + -")
    if quality is not None and not (math.isfinite(quality) and 0 <= quality <= 100):
        raise InvalidInput("the quality of a face lies from 0 to 100")
    return {
        "embedder": embedder,
        "dimension": dimension,
        "quality": None if quality is None else float(quality),
    }
