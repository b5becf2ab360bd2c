"""Making subjects within a unit, for whoever makes one and does more with them in it."""

from visavis.store.errors import AlreadyThere
from visavis.store.work import Work
from visavis.usecases.collection_of import require_collection
from visavis.usecases.ground import Ground
from visavis.usecases.subject_profiles import (
    Known,
    Profile,
    add_profile,
    find_called,
    new_index,
)

CREATED = "subject.created"
"""What the audit log calls it; the caller notes it at the end of the unit."""


def make_subject(
    ground: Ground,
    work: Work,
    tenant_id: str,
    profile: Profile,
    *,
    adult: bool | None,
    collection: str = "",
) -> Known:
    """Make a subject with a key of their own.

    Args:
        ground: Of the deployment.
        work: The unit.
        tenant_id: Whose subject.
        profile: What they are called; clean.
        adult: Whether they are of age; None = nobody has said.
        collection: Id of the collection they are in from now on; empty = in none.

    Raises:
        AlreadyThere: somebody else there has this reference.
        NotFound: there is no such collection.
    """
    now, keyring = ground.clock(), ground.keyring
    work.tenants.hold(tenant_id)  # no other unit takes the reference, or makes the same keys
    require_collection(work, tenant_id, collection)
    index = free_index(ground, work, tenant_id, profile.reference, collection)
    row = work.subjects.add(tenant_id, now, index, adult, collection)
    key = keyring.new_subject_key(work.keys, tenant_id, row.id, now)
    add_profile(key, work, row, profile, now)
    return Known.of(row, profile)


def free_index(
    ground: Ground, work: Work, tenant_id: str, reference: str | None, collection: str
) -> str | None:
    """Return what stands for a reference that nobody has; None for none.

    Args:
        ground: Of the deployment.
        work: The unit; the tenant is held.
        tenant_id: Whose subjects.
        reference: Clean.
        collection: Id of the collection in which nobody has it; empty = who is in none.

    Raises:
        AlreadyThere: somebody has it.
    """
    if reference is None:
        return None
    if find_called(ground.keyring, work, tenant_id, reference, collection):
        raise AlreadyThere("somebody has this reference already; choose another one")
    return new_index(ground.keyring, work, tenant_id, reference, ground.clock(), collection)
