"""What is told of a customer: the three keys of that program, and what we know beside them."""

from typing import Any

from visavis.credentials.roles import Permission
from visavis.entry.services import Records
from visavis.usecases.actor import Actor
from visavis.usecases.recognised import Identification
from visavis.usecases.subject_profiles import Known

NEW = "New User"
"""What whoever nobody knows is called."""

ADD_THEM = "Nobody here is known by this face; add them with POST /add_new_person."

_DECIMALS = 6


def told(
    records: Records, actor: Actor, found: Identification, made: Known | None = None
) -> dict[str, Any]:
    """Return what is told of a customer.

    Args:
        records: Hold what is known of people.
        actor: Who asks.
        found: What was found, of one face.
        made: Who was made of the face; None = nobody.
    """
    match = found.faces[0].match
    subject_id = made.id if made else match.subject_id if match else None
    known = made or _known(records, actor, subject_id)
    return {
        "name": _name(known, subject_id),
        "description": ADD_THEM if subject_id is None else _description(known),
        "confidence": confidence(found),
        "visavis": _details(found)
        | {"subject_id": subject_id, "insight": _insight(records, actor, known)},
    }


def confidence(found: Identification) -> float:
    """Return how well the answer fits, 0..1.

    Of somebody who is named: 1 − FPIR, how rarely somebody who is not enrolled is as like to anyone
    here. Of somebody who is not: how usual it is for such people to be as like as they are.
    """
    (face,) = found.faces
    if not face.candidates:
        return 1.0
    fpir = face.candidates[0].fpir
    return round(1 - fpir if face.match else fpir, _DECIMALS)


def _known(records: Records, actor: Actor, subject_id: str | None) -> Known | None:
    if subject_id is None or not actor.may(Permission.PEOPLE_READ):
        return None
    return records.subjects.some(actor, (subject_id,)).get(subject_id)


def _name(known: Known | None, subject_id: str | None) -> str:
    if subject_id is None:
        return NEW
    called = (known.name or known.reference) if known else None
    return called or f"User {subject_id[:8]}"


def _description(known: Known | None) -> str:
    return (known.notes or "") if known else ""


def _details(found: Identification) -> dict[str, Any]:
    """Return the decision and its numbers; those of the nearest, also where nobody is named."""
    (face,) = found.faces
    nearest = face.candidates[0] if face.candidates else None
    return {
        "decision": face.decision.value,
        "similarity": nearest.similarity if nearest else None,
        "fmr": nearest.fmr if nearest else None,
        "fpir": nearest.fpir if nearest else None,
        "gallery": found.gallery,
        "threshold": found.threshold,
        "target_fpir": found.target_fpir,
        "embedder": found.embedder,
    }


def _insight(records: Records, actor: Actor, known: Known | None) -> dict[str, Any] | None:
    """Return what is known of somebody; None of nobody, and for whoever may not see people."""
    if known is None or not actor.may(Permission.PEOPLE_READ):
        return None
    faces = records.templates.page(actor, known.id)
    return {
        "seen": len(faces),
        "enrolled_at": known.created_at.isoformat(),
        "last_enrolled_at": max(each.created_at for each in faces).isoformat() if faces else None,
    }
