"""That somebody had emotion or race analysed is written into their organisation's audit log."""

from collections.abc import Collection

from visavis.core.types import Feature
from visavis.store.work import Work
from visavis.usecases.actor import Actor
from visavis.usecases.ground import Ground
from visavis.usecases.policy import NEEDS_PURPOSE


def note_sensitive_use(
    ground: Ground, actor: Actor, features: Collection[Feature], pictures: int, faces: int
) -> None:
    """Write down which sensitive features were used, on how many faces, never whose.

    Args:
        ground: Of the deployment.
        actor: Who asked.
        features: What they asked for; those that are not sensitive are not noted.
        pictures: How many were analysed.
        faces: How many were found on them.
    """
    ground.store.run(
        lambda work: note_in(
            work, ground, actor.tenant_id, actor.id, features, pictures=pictures, faces=faces
        )
    )


def note_in(
    work: Work,
    ground: Ground,
    tenant_id: str,
    actor_id: str,
    features: Collection[Feature],
    *,
    pictures: int,
    faces: int,
) -> None:
    """Write it down in the unit that keeps what was found: once, however often that was tried."""
    used = sorted(feature.value for feature in NEEDS_PURPOSE & set(features))
    if not used or not faces:
        return
    details = {"features": used, "pictures": pictures, "faces": faces}
    now = ground.clock()
    ground.audit.note(work, tenant_id, actor_id, "attributes.analysed", now, details=details)
