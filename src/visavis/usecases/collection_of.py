"""Which collection is meant: one that there is, or a tenant's own people, who have no row."""

from visavis.store.collections import MAIN
from visavis.store.work import Work
from visavis.usecases.errors import NotFound


def require_collection(work: Work, tenant_id: str, collection: str) -> None:
    """Refuse a collection that there is not, or not any more.

    Those who stand for users who log in by face are in none that anybody may name.

    Args:
        work: The unit.
        tenant_id: Whose.
        collection: Its id; empty = the tenant's own people.

    Raises:
        NotFound: there is none of this id.
    """
    if collection == MAIN:
        return
    found = work.collections.find(tenant_id, collection)
    if found is None or found.closed_at is not None:
        raise NotFound("collection")
