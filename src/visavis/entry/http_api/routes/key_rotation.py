"""`/api/v1/vault`: which keys there are, and rotating them while everything goes on."""

from fastapi import APIRouter

from visavis.core.errors import InvalidInput
from visavis.credentials.roles import Permission
from visavis.entry.http_api.access import Caller, Guarded, Held, needs, takes_long
from visavis.entry.http_api.lists import UNFIT
from visavis.entry.http_api.schemas import answers
from visavis.entry.http_api.schemas_key_rotation import (
    KeyLevel,
    KeyVersion,
    RotationDone,
    RotationOrder,
    VaultKeys,
)
from visavis.usecases.key_rotation import Level

router = APIRouter(prefix="/api/v1", tags=["keys of the vault"], route_class=Guarded)


@router.get("/vault", summary="List the keys of the vault")
@needs(Permission.PRIVACY_READ)
def state(actor: Caller, records: Held) -> VaultKeys:
    """Answer which keys there are and what lies under them; never a key itself."""
    found = records.key_rotation.state(actor)
    keys = [
        KeyVersion(
            purpose=key.purpose,
            version=key.version,
            root_id=key.root_id,
            created_at=key.created_at,
            retired_at=key.retired_at,
            wraps=key.wraps,
        )
        for key in found.keys
    ]
    return VaultKeys(
        root_id=found.root_id,
        subject_keys=found.subject_keys,
        keys=keys,
        levels=[KeyLevel(level=level, meaning=level.meaning) for level in Level],
    )


@router.post(
    "/vault/rotate",
    summary="Rotate keys of the vault",
    responses=answers((404, "There is no such subject here, or they were erased."), UNFIT),
)
@needs(Permission.PRIVACY_WRITE)
@takes_long
def rotate(order: RotationOrder, actor: Caller, records: Held) -> RotationDone:
    """Rotate the keys of a level; everything stays readable meanwhile.

    It answers once everything is renewed. Where that is cut short, rotate again.
    """
    if order.subject_id is not None:
        if order.level is not Level.SUBJECTS:
            raise InvalidInput(
                "only the level `subjects` is about one subject; leave subject_id out"
            )
        renewed = records.key_rotation.rotate_subject(actor, order.subject_id)
        return RotationDone(level=order.level, version=None, renewed=renewed)
    done = records.key_rotation.rotate(actor, order.level)
    return RotationDone(level=done.level, version=done.version, renewed=done.renewed)
