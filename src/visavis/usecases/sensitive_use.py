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
    used = sorted(feature.value for feature in NEEDS_PURPOSE & set(features))
    if not used or not faces:
        return
    now = ground.clock()
    details = {"features": used, "pictures": pictures, "faces": faces}

    def note(work: Work) -> None:
        ground.audit.note(
            work, actor.tenant_id, actor.id, "attributes.analysed", now, details=details
        )

    ground.store.run(note)
