"""Templates: the vectors of enrolled people, sealed under each one's own key.

Every call that writes or opens one passes the gate of `consent`; a vector is open only in what
`unseal` returns, and never in a log, in the audit or in a text form of an object.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from visavis.core.errors import InvalidInput, VisavisError
from visavis.core.purposes import Comparison, Purpose
from visavis.core.types import Floats
from visavis.credentials.roles import Permission
from visavis.store.sealed import TEMPLATE, SealedData
from visavis.store.work import Work
from visavis.usecases.actor import Actor
from visavis.usecases.consent import require_consent
from visavis.usecases.errors import NotFound
from visavis.usecases.ground import Ground
from visavis.usecases.subject_profiles import subject_of
from visavis.usecases.template_batches import AT_ONCE, Batch
from visavis.usecases.template_forms import MOST, NewTemplate, meta_of, open_form, stored_form
from visavis.vault.keyring import Keyring
from visavis.vault.sealing import Context


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


@dataclass(frozen=True, slots=True)
class Kept:
    """What is known of a template without opening it.

    Attributes:
        id: Its own.
        embedder: What made it.
        quality: Of the face it was made of, 0..100; None = not known.
        created_at: When it was sealed.
    """

    id: str
    embedder: str
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
        plain = stored_form(vector)
        meta = meta_of(embedder, len(vector), quality)

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

    def seal_many(
        self,
        actor: Actor,
        items: Sequence[NewTemplate],
        *,
        purpose: Purpose,
        embedder: str,
    ) -> list[str | VisavisError]:
        """Keep many templates, as `seal` keeps one; what cannot be kept stops nothing else.

        The audit log gets one entry for each 500 of them: all of those are kept, or none.

        Args:
            actor: Who enrols.
            items: The templates.
            purpose: What they are made for.
            embedder: What made them all.

        Returns:
            For each item its id, or the error that `seal` would raise.

        Raises:
            NotAllowed: the actor may not.
            ConsentMissing: mode or purposes do not allow it with anybody.
            InvalidInput: the embedder's id is none.
        """
        actor.require(Permission.PEOPLE_WRITE)
        batch = Batch(self._ground, actor, purpose, embedder)
        told: list[str | VisavisError] = []
        for start in range(0, len(items), AT_ONCE):
            told += batch.seal(items[start : start + AT_ONCE])
        return told

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

    def page(self, actor: Actor, subject_id: str) -> tuple[Kept, ...]:
        """Return what is known of a subject's templates without opening them, oldest first.

        Raises:
            NotFound: there is no such subject, or they were erased.
        """
        actor.require(Permission.PEOPLE_READ)
        with self._ground.store.reading() as work:
            subject_of(work, actor.tenant_id, subject_id)
            rows = work.sealed.of_subject(actor.tenant_id, subject_id, TEMPLATE)
        return tuple(
            Kept(row.id, row.meta["embedder"], row.meta["quality"], row.created_at) for row in rows
        )

    def remove(self, actor: Actor, template_id: str, subject_id: str | None = None) -> None:
        """Remove one template; the subject's others stay.

        Args:
            actor: Who removes it.
            template_id: Which.
            subject_id: Whose it is said to be; None = nobody says.

        Raises:
            NotFound: there is none of this id, or it is somebody else's.
        """
        actor.require(Permission.PEOPLE_WRITE)

        def remove(work: Work) -> None:
            kept = work.sealed.find(actor.tenant_id, template_id)
            if kept is None or kept.purpose != TEMPLATE:
                raise NotFound("template")
            if subject_id is not None and kept.subject_id != subject_id:
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
    vector = open_form(plain)
    embedder, quality = row.meta["embedder"], row.meta["quality"]
    return Template(row.id, row.subject_id, embedder, vector, quality, row.created_at)
