"""Rekognition's interface keeps the rules of organisations, people and programs."""

import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from tests.entry.http_house import serving_house
from tests.entry.http_running import faulty_services
from tests.entry.rekognition_client import Door, actor_of, index
from tests.usecases.enrolled import portrait
from tests.usecases.test_enrolment import beside, nobody
from visavis.core.errors import VisavisError
from visavis.core.roles import Role
from visavis.core.settings import load_settings
from visavis.entry.http_api.dialects.rekognition import repeats


@pytest.fixture(scope="module")
def door(tmp_path_factory, services) -> Iterator[Door]:
    with serving_house(tmp_path_factory.mktemp("rekognition"), services=services) as house:
        made = Door(house, house.host)
        made.agree()
        yield made


@pytest.fixture(scope="module")
def client(door) -> Any:
    return door.client()


@pytest.fixture
def collection(client) -> Iterator[str]:
    """Give a collection that is in no other test."""
    name = f"event-{uuid.uuid4().hex}"
    client.create_collection(CollectionId=name)
    yield name
    if name in client.list_collections()["CollectionIds"]:
        client.delete_collection(CollectionId=name)


def test_whoever_is_nobodys_any_more_is_erased(door, client, collection, shared_data):
    people = door.house.records.subjects
    owner = actor_of(door.tenant.owner)
    kept = door.house.records.collections.find(owner, collection).id

    def count() -> int:
        return len(people.page(owner, 200, collection=kept).items)

    (ada,) = index(client, collection, portrait(shared_data, 0))
    client.create_user(CollectionId=collection, UserId="ada")
    assert count() == 2
    client.associate_faces(CollectionId=collection, UserId="ada", FaceIds=[ada])
    assert count() == 1
    client.disassociate_faces(CollectionId=collection, UserId="ada", FaceIds=[ada])
    assert count() == 2
    client.delete_faces(CollectionId=collection, FaceIds=[ada])
    assert count() == 1


def test_an_erased_person_is_not_found(door, client, collection, shared_data):
    index(client, collection, portrait(shared_data, 4))
    picture = {"Bytes": portrait(shared_data, 4, smiling=True).data}
    assert client.search_faces_by_image(CollectionId=collection, Image=picture)["FaceMatches"]
    owner, records = actor_of(door.tenant.owner), door.house.records
    kept = records.collections.find(owner, collection).id
    for each in records.subjects.page(owner, collection=kept).items:
        records.erasure.erase(owner, each.id)
    assert not client.search_faces_by_image(CollectionId=collection, Image=picture)["FaceMatches"]
    assert client.list_faces(CollectionId=collection)["Faces"] == []


def test_who_is_told_is_written_down(door, client, collection, shared_data):
    owner, records = actor_of(door.tenant.owner), door.house.records
    index(client, collection, portrait(shared_data, 5))
    kept = records.collections.find(owner, collection).id
    (somebody,) = records.subjects.page(owner, collection=kept).items
    picture = {"Bytes": portrait(shared_data, 6).data}  # a stranger, who is a little alike
    any_face = {"CollectionId": collection, "Image": picture, "FaceMatchThreshold": 0.0}
    (match,) = client.search_faces_by_image(**any_face)["FaceMatches"]
    alike = match["Similarity"]
    for least, told in ((alike - 1, somebody.id), (alike + 1, None)):
        found = client.search_faces_by_image(
            CollectionId=collection, Image=picture, FaceMatchThreshold=least
        )
        assert len(found["FaceMatches"]) == (told is not None)
        entry = records.audit_trail.page(owner, 1)[0]
        assert (entry.action, entry.subject_id) == ("faces.identified", told)
        assert entry.details["collection"] == kept


def test_nobody_is_enrolled_before_an_admin_says_that_they_agreed(door, shared_data):
    other = Door(door.house, door.house.guest)
    client = other.client()
    client.create_collection(CollectionId="guests")
    picture = {"Bytes": portrait(shared_data, 0).data}
    with pytest.raises(client.exceptions.AccessDeniedException, match="--agreed-elsewhere"):
        client.index_faces(CollectionId="guests", Image=picture)
    with pytest.raises(client.exceptions.AccessDeniedException, match="--agreed-elsewhere"):
        client.create_user(CollectionId="guests", UserId="ada")
    assert client.list_faces(CollectionId="guests")["Faces"] == []
    assert client.list_users(CollectionId="guests")["Users"] == []


def test_another_organisation_sees_nothing(door, client, collection, shared_data):
    (face,) = index(client, collection, portrait(shared_data, 0))
    other = Door(door.house, door.house.guest).client()
    picture = {"Bytes": portrait(shared_data, 0).data}
    assert collection not in other.list_collections()["CollectionIds"]
    for act in (
        lambda: other.describe_collection(CollectionId=collection),
        lambda: other.list_faces(CollectionId=collection),
        lambda: other.search_faces(CollectionId=collection, FaceId=face),
        lambda: other.search_faces_by_image(CollectionId=collection, Image=picture),
        lambda: other.delete_faces(CollectionId=collection, FaceIds=[face]),
        lambda: other.create_user(CollectionId=collection, UserId="eve"),
        lambda: other.delete_collection(CollectionId=collection),
    ):
        with pytest.raises(other.exceptions.ResourceNotFoundException):
            act()
    assert [each["FaceId"] for each in client.list_faces(CollectionId=collection)["Faces"]] == [
        face
    ]


def test_roles_and_scopes_hold(door, client, collection, shared_data):
    picture = {"Bytes": portrait(shared_data, 0).data}
    index(client, collection, portrait(shared_data, 0))
    reader = door.client(Role.OPERATOR, "people:read")
    denied = reader.exceptions.AccessDeniedException
    assert len(reader.list_faces(CollectionId=collection)["Faces"]) == 1
    for act in (
        lambda: reader.detect_faces(Image=picture),
        lambda: reader.compare_faces(SourceImage=picture, TargetImage=picture),
        lambda: reader.index_faces(CollectionId=collection, Image=picture),
        lambda: reader.search_faces_by_image(CollectionId=collection, Image=picture),
        lambda: reader.create_collection(CollectionId="mine"),
        lambda: reader.delete_collection(CollectionId=collection),
    ):
        with pytest.raises(denied):
            act()
    operator = door.client(Role.OPERATOR)
    with pytest.raises(denied, match="admin"):
        operator.delete_collection(CollectionId=collection)
    watcher = door.client(Role.OPERATOR, "recognise")
    found = watcher.search_faces_by_image(CollectionId=collection, Image=picture)
    (match,) = found["FaceMatches"]
    assert set(match["Face"]) == {"FaceId"}


def test_nothing_is_kept_of_a_request_that_fails(client, collection, shared_data):
    cut = portrait(shared_data, 0).data
    with pytest.raises(client.exceptions.InvalidImageFormatException):
        client.index_faces(CollectionId=collection, Image={"Bytes": cut[: len(cut) // 2]})
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        client.index_faces(CollectionId="nowhere", Image={"Bytes": cut})
    empty = client.index_faces(CollectionId=collection, Image={"Bytes": nobody().data})
    assert (empty["FaceRecords"], empty["UnindexedFaces"]) == ([], [])
    assert client.describe_collection(CollectionId=collection)["FaceCount"] == 0


def test_all_faces_of_a_picture_are_kept_or_none(tmp_path, services, shared_data):
    both = beside(portrait(shared_data, 0), portrait(shared_data, 1))
    room = {"quota_bytes": len(both.data) * 3 // 2}  # for the picture of one face
    with serving_house(tmp_path, services=services, blobs=room) as house:
        door = Door(house, house.host)
        door.agree()
        owner = actor_of(door.tenant.owner)
        house.records.privacy.change(owner, keep_pictures=True)
        client = door.client()
        client.create_collection(CollectionId="full")
        told = {"CollectionId": "full", "Image": {"Bytes": both.data}}
        with pytest.raises(client.exceptions.ServiceQuotaExceededException):
            client.index_faces(**told)
        assert client.describe_collection(CollectionId="full")["FaceCount"] == 0
        assert house.records.subjects.page(owner).items == ()
        assert len(client.index_faces(**told, MaxFaces=1)["FaceRecords"]) == 1


def test_repeats_of_one_organisation_push_out_nobody_elses(door, client, collection, monkeypatch):
    monkeypatch.setattr(repeats, "MOST_OF_ONE", 2)
    monkeypatch.setattr(repeats, "MOST_KEPT", 3)
    told = {"CollectionId": collection, "ClientRequestToken": uuid.uuid4().hex}
    client.create_user(**told, UserId="ada")
    guest = Door(door.house, door.house.guest)
    guest.agree()
    theirs = guest.client()
    theirs.create_collection(CollectionId="theirs")
    for name in ("ann", "bob", "cleo"):
        token = uuid.uuid4().hex
        theirs.create_user(CollectionId="theirs", UserId=name, ClientRequestToken=token)
    client.create_user(**told, UserId="ada")
    with pytest.raises(client.exceptions.IdempotentParameterMismatchException):
        client.create_user(**told, UserId="bob")


def test_what_fails_inside_is_not_told(tmp_path, shared_data):
    def fail() -> None:
        raise VisavisError("words about the inside")

    services = faulty_services(fail, load_settings(data=tmp_path / "data"))
    with serving_house(tmp_path, services=services) as house:
        client = Door(house, house.host).client()
        picture = {"Bytes": portrait(shared_data, 0).data}
        with pytest.raises(client.exceptions.InternalServerError) as failed:
            client.detect_faces(Image=picture)
    assert "inside; " in str(failed.value)
    assert "words" not in str(failed.value)
