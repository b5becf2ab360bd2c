"""`/api/v1/collections`: parts of the people that are searched on their own."""

from fastapi import APIRouter, Response

from visavis.credentials.roles import Permission
from visavis.entry.http_api.access import Caller, Guarded, Held, needs, takes_long
from visavis.entry.http_api.lists import UNFIT, Cursor, Limit
from visavis.entry.http_api.schemas import answers
from visavis.entry.http_api.schemas_collections import (
    Collection,
    CollectionPage,
    NewCollection,
    PathOfCollection,
    RemovedCollection,
    SizedCollection,
)
from visavis.store.page import DEFAULT
from visavis.usecases import collections

router = APIRouter(prefix="/api/v1", tags=["people"], route_class=Guarded)

_ABSENT = (404, "There is no collection of this name.")
_TAKEN = (409, "There is a collection of this name.")


@router.get("/collections", summary="List the collections", responses=answers(UNFIT))
@needs(Permission.PEOPLE_READ)
def page(
    actor: Caller, records: Held, limit: Limit = DEFAULT, cursor: Cursor = None
) -> CollectionPage:
    """List the collections, newest first. Most people are in none."""
    found = records.collections.page(actor, limit, cursor)
    return CollectionPage(items=[_shown(each) for each in found.items], next=found.next)


@router.post(
    "/collections", status_code=201, summary="Make a collection", responses=answers(_TAKEN, UNFIT)
)
@needs(Permission.PEOPLE_WRITE)
def create(
    collection: NewCollection, response: Response, actor: Caller, records: Held
) -> Collection:
    """Make a collection. Who is in it is found only by who searches it."""
    made = records.collections.create(actor, collection.name)
    response.headers["Location"] = f"{router.prefix}/collections/{made.name}"
    return _shown(made)


@router.get("/collections/{name}", summary="Read a collection", responses=answers(_ABSENT, UNFIT))
@needs(Permission.PEOPLE_READ)
def find(name: PathOfCollection, actor: Caller, records: Held) -> SizedCollection:
    """Answer a collection, with how much it holds."""
    found = records.collections.find(actor, name)
    size = records.collections.size(actor, found.id)
    return SizedCollection(
        name=found.name,
        created_at=found.created_at,
        subjects=size.subjects,
        templates=size.templates,
    )


@router.delete(
    "/collections/{name}", summary="Remove a collection", responses=answers(_ABSENT, UNFIT)
)
@needs(Permission.PEOPLE_ERASE)
@takes_long
def remove(name: PathOfCollection, actor: Caller, records: Held) -> RemovedCollection:
    """Remove a collection and erase everybody in it; each of them gets a receipt.

    Nobody finds them from now on, and the name is free. Where there are many, `left` of them are
    erased after the answer.
    """
    removed = records.collections.remove(actor, name)
    return RemovedCollection(name=name, erased=removed.erased, left=removed.left)


def _shown(collection: collections.Collection) -> Collection:
    return Collection(name=collection.name, created_at=collection.created_at)
