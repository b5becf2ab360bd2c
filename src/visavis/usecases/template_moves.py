"""Moving templates from one subject's key to another's, within a unit."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

from visavis.core.errors import InvalidInput
from visavis.core.purposes import Purpose
from visavis.store.errors import StoreBusy
from visavis.store.sealed import TEMPLATE, SealedData
from visavis.store.subjects import Subject
from visavis.store.templates import Moved
from visavis.store.work import Work
from visavis.usecases.actor import Actor
from visavis.usecases.consent import refusals, require_consent
from visavis.usecases.errors import ConsentMissing, NotFound
from visavis.usecases.ground import Ground
from visavis.usecases.seen import resealed
from visavis.usecases.subject_keys import opened_keys
from visavis.usecases.template_copies import faces_of, with_copies
from visavis.usecases.template_forms import purpose_of
from visavis.usecases.templates import require_room
from visavis.vault.sealing import Context

MOVED = "templates.moved"
"""What the audit log calls it."""


def found_templates(
    work: Work, tenant_id: str, template_ids: Collection[str]
) -> tuple[SealedData, ...]:
    """Return templates by id, all of them.

    Raises:
        NotFound: one of them is not there.
    """
    rows = work.templates.some(tenant_id, template_ids)
    if len(rows) < len(set(template_ids)):
        raise NotFound("template")
    return rows


def of_same_faces(
    work: Work, tenant_id: str, subject_ids: Iterable[str], template_ids: Collection[str]
) -> list[SealedData]:
    """Return templates of held subjects by id, with their copies for another embedder."""
    theirs = work.sealed.of_subjects(tenant_id, sorted(subject_ids), TEMPLATE)
    return sorted(with_copies(theirs, template_ids), key=lambda row: row.id)


def move_templates(ground: Ground, work: Work, rows: Sequence[SealedData], to: Subject) -> None:
    """Open templates under the keys of their subjects, and seal them under another one's.

    Args:
        ground: Of the deployment.
        work: The unit; the tenant, `to` and the subjects of the templates are held. It ends with
            `note_moves`.
        rows: The templates; none of them is of `to`.
        to: Whose they will be.

    Raises:
        ConsentMissing: `to`, or whose they are now, does not agree to what they were made for.
        InvalidInput: `to` has no room for them.
        StoreBusy: one of them was removed meanwhile.
    """
    if not rows:
        return
    tenant_id, now = to.tenant_id, ground.clock()
    for purpose in {purpose_of(row.meta) for row in rows}:
        require_consent(work, tenant_id, to, purpose, now)
        theirs = {row.subject_id for row in rows if purpose_of(row.meta) is purpose}
        _require_consents(work, tenant_id, theirs, purpose, now)
    require_room(work, tenant_id, to.id, faces_of(rows))
    moved = work.templates.move(tenant_id, to.id, _sealed_for(ground, work, rows, to))
    if moved < len(rows):
        raise StoreBusy("a template was changed while it was moved; try again")


def _require_consents(
    work: Work, tenant_id: str, subject_ids: set[str], purpose: Purpose, now: datetime
) -> None:
    """Refuse to move a template out of reach of whoever took their consent back.

    Raises:
        ConsentMissing: one of the subjects does not agree; the message says why.
    """
    for error in refusals(work, tenant_id, subject_ids, purpose, now).values():
        raise ConsentMissing(f"this template stays with whose it is now: {error}")


def require_one_collection(people: Iterable[Subject]) -> None:
    """Refuse to move anything from one collection to another.

    Raises:
        InvalidInput: the subjects are in several.
    """
    if len({who.collection_id for who in people}) > 1:
        raise InvalidInput("templates stay in their collection; enrol the face there instead")


def _sealed_for(ground: Ground, work: Work, rows: Sequence[SealedData], to: Subject) -> list[Moved]:
    tenant_id = to.tenant_id
    keys = opened_keys(ground.keyring, work, tenant_id, rows)
    new = ground.keyring.subject_key(work.keys, tenant_id, to.id)
    moved = []
    for row in rows:
        old = keys[row.subject_id, row.key_version]
        plain = old.unseal(row.data, Context(tenant_id, row.subject_id, TEMPLATE))
        data = new.seal(plain, Context(tenant_id, to.id, TEMPLATE))
        moved.append(Moved(row, new.version, data, resealed(row, old, new, tenant_id, to.id)))
    return moved


def note_moves(
    ground: Ground, work: Work, actor: Actor, rows: Sequence[SealedData], to: Subject
) -> None:
    """Write down for everybody concerned which of their templates went or came."""
    now, ids = ground.clock(), (actor.tenant_id, actor.id)
    theirs: dict[str, list[str]] = {}
    for row in rows:
        theirs.setdefault(row.subject_id, []).append(row.id)
    for who, template_ids in sorted(theirs.items()):
        told = {"template_ids": template_ids, "from": who, "to": to.id}
        ground.audit.note(work, *ids, MOVED, now, who, told)
        ground.audit.note(work, *ids, MOVED, now, to.id, told)
