"""Which collection is meant: one that there is, or one of the two that have no row."""

from visavis.store.collections import LOGIN, MAIN
from visavis.store.work import Work
from visavis.usecases.errors import NotFound


def require_collection(work: Work, tenant_id: str, collection: str) -> None:
    """Refuse a collection that there is not, or not any more.

    Args:
        work: The unit.
        tenant_id: Whose.
        collection: Its id; empty = the tenant's own people, `LOGIN` = those who log in by face.

    Raises:
        NotFound: there is none of this id.
    """
    if collection in {MAIN, LOGIN}:
        return
    found = work.collections.find(tenant_id, collection)
    if found is None or found.closed_at is not None:
        raise NotFound("collection")
