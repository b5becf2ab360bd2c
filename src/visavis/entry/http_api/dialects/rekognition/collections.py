"""CreateCollection, DescribeCollection, ListCollections, DeleteCollection."""

from visavis.entry.http_api.dialects.rekognition.desk import Desk, listed
from visavis.entry.http_api.dialects.rekognition.errors import invalid
from visavis.entry.http_api.dialects.rekognition.shapes import (
    MOST_LISTED,
    CreateCollection,
    ListCollections,
    OfCollection,
)
from visavis.entry.http_api.dialects.rekognition.traits import Json

_DONE = 200


def create(desk: Desk, asked: CreateCollection) -> Json:
    """Make a collection."""
    if asked.tags:
        raise invalid("Tags are not kept here; leave them out.")
    made = desk.records.collections.create(desk.actor, asked.collection_id)
    return {
        "StatusCode": _DONE,
        "CollectionArn": _arn(desk, made.name),
        "FaceModelVersion": desk.model,
    }


def describe(desk: Desk, asked: OfCollection) -> Json:
    """Tell how much a collection holds."""
    found = desk.records.collections.find(desk.actor, asked.collection_id)
    return {
        "FaceCount": desk.records.collections.size(desk.actor, found.id).templates,
        "UserCount": desk.records.subjects.count_called(desk.actor, found.id),
        "FaceModelVersion": desk.model,
        "CollectionARN": _arn(desk, found.name),
        "CreationTimestamp": found.created_at.timestamp(),
    }


def listing(desk: Desk, asked: ListCollections) -> Json:
    """List the collections, newest first."""
    found, more = listed(
        lambda most, at: desk.records.collections.page(desk.actor, most, at),
        asked.max_results or MOST_LISTED,
        asked.next_token,
    )
    versions = [desk.model] * len(found)
    return {"CollectionIds": [each.name for each in found], "FaceModelVersions": versions} | more


def delete(desk: Desk, asked: OfCollection) -> Json:
    """Remove a collection and erase its people."""
    desk.records.collections.remove(desk.actor, asked.collection_id)
    return {"StatusCode": _DONE}


def _arn(desk: Desk, name: str) -> str:
    return f"aws:rekognition:visavis:{desk.actor.tenant_id}:collection/{name}"
