"""Rekognition's collections, faces and users, asked by its real client: boto3."""

import io
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from PIL import Image

from tests.entry.http_house import serving_house
from tests.entry.rekognition_client import Door, asked, index
from tests.usecases.enrolled import portrait
from tests.usecases.test_enrolment import beside, nobody


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


def test_collections_are_made_described_listed_and_removed(door, client):
    made = client.create_collection(CollectionId="a-fair.2026")
    assert asked(door, "CreateCollection", made)["StatusCode"] == 200
    assert made["CollectionArn"].endswith(":collection/a-fair.2026")
    with pytest.raises(client.exceptions.ResourceAlreadyExistsException):
        client.create_collection(CollectionId="a-fair.2026")
    told = asked(door, "DescribeCollection", client.describe_collection(CollectionId="a-fair.2026"))
    assert (told["FaceCount"], told["UserCount"]) == (0, 0)
    assert abs((told["CreationTimestamp"] - door.house.now()).total_seconds()) < 600
    listed = asked(door, "ListCollections", client.list_collections())
    assert "a-fair.2026" in listed["CollectionIds"]
    assert len(listed["FaceModelVersions"]) == len(listed["CollectionIds"])
    gone = client.delete_collection(CollectionId="a-fair.2026")
    assert asked(door, "DeleteCollection", gone)["StatusCode"] == 200
    for act in (client.describe_collection, client.delete_collection):
        with pytest.raises(client.exceptions.ResourceNotFoundException):
            act(CollectionId="a-fair.2026")


def test_lists_come_in_parts(client, collection):
    more = [f"{collection}-{number}" for number in range(3)]
    for name in more:
        client.create_collection(CollectionId=name)
    pages = [*client.get_paginator("list_collections").paginate(PaginationConfig={"PageSize": 2})]
    names = [name for page in pages for name in page["CollectionIds"]]
    assert len(pages) >= 2
    assert len(names) == len(set(names))
    assert {collection, *more} <= set(names)
    with pytest.raises(client.exceptions.InvalidPaginationTokenException):
        client.list_collections(NextToken="elsewhere")
    for name in more:
        client.delete_collection(CollectionId=name)


def test_faces_are_indexed_listed_and_deleted(door, client, collection, shared_data):
    both = beside(portrait(shared_data, 0), portrait(shared_data, 1))
    answer = client.index_faces(
        CollectionId=collection,
        Image={"Bytes": both.data},
        ExternalImageId="stand:7",
        DetectionAttributes=["ALL"],
    )
    records = asked(door, "IndexFaces", answer)["FaceRecords"]
    assert len(records) == 2
    assert {record["Face"]["ExternalImageId"] for record in records} == {"stand:7"}
    assert len({record["Face"]["ImageId"] for record in records}) == 1
    assert "AgeRange" in records[0]["FaceDetail"]
    listed = asked(door, "ListFaces", client.list_faces(CollectionId=collection))["Faces"]
    by_id = {face["FaceId"]: face for face in listed}
    assert by_id == {record["Face"]["FaceId"]: record["Face"] for record in records}
    assert client.describe_collection(CollectionId=collection)["FaceCount"] == 2

    first, second = by_id
    nowhere = str(uuid.uuid4())
    gone = client.delete_faces(CollectionId=collection, FaceIds=[first, nowhere])
    assert asked(door, "DeleteFaces", gone)["DeletedFaces"] == [first]
    assert gone["UnsuccessfulFaceDeletions"] == [{"FaceId": nowhere, "Reasons": ["FACE_NOT_FOUND"]}]
    left = client.list_faces(CollectionId=collection, FaceIds=[first, second])["Faces"]
    assert [face["FaceId"] for face in left] == [second]


def test_faces_that_are_not_indexed_say_why(door, client, collection, shared_data):
    both = beside(portrait(shared_data, 0), portrait(shared_data, 1))
    answer = client.index_faces(
        CollectionId=collection, Image={"Bytes": both.data}, MaxFaces=1, QualityFilter="NONE"
    )
    asked(door, "IndexFaces", answer)
    assert len(answer["FaceRecords"]) == 1
    assert [face["Reasons"] for face in answer["UnindexedFaces"]] == [["EXCEEDS_MAX_FACES"]]
    small = shrunk(portrait(shared_data, 2).data, 60)
    answer = client.index_faces(CollectionId=collection, Image={"Bytes": small})
    (face,) = asked(door, "IndexFaces", answer)["UnindexedFaces"]
    assert "SMALL_BOUNDING_BOX" in face["Reasons"]
    assert answer["FaceRecords"] == []


def shrunk(data: bytes, width: int) -> bytes:
    kept, picture = io.BytesIO(), Image.open(io.BytesIO(data))
    picture.resize((width, width * picture.height // picture.width)).save(kept, "PNG")
    return kept.getvalue()


def test_a_collection_is_searched(door, client, collection, shared_data):
    (ada,) = index(client, collection, portrait(shared_data, 0))
    (again,) = index(client, collection, portrait(shared_data, 0, smiling=True))
    index(client, collection, portrait(shared_data, 1))
    answer = client.search_faces_by_image(
        CollectionId=collection, Image={"Bytes": portrait(shared_data, 0).data}
    )
    asked(door, "SearchFacesByImage", answer)
    assert [match["Face"]["FaceId"] for match in answer["FaceMatches"]] == [ada, again]
    assert answer["FaceMatches"][0]["Similarity"] > answer["FaceMatches"][1]["Similarity"] > 80
    assert answer["SearchedFaceConfidence"] > 90
    every = client.search_faces_by_image(
        CollectionId=collection,
        Image={"Bytes": portrait(shared_data, 0).data},
        FaceMatchThreshold=0,
        MaxFaces=2,
    )
    assert len(every["FaceMatches"]) == 2
    found = client.search_faces(CollectionId=collection, FaceId=ada)
    asked(door, "SearchFaces", found)
    assert [match["Face"]["FaceId"] for match in found["FaceMatches"]] == [again]
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        client.search_faces(CollectionId=collection, FaceId=str(uuid.uuid4()))
    with pytest.raises(client.exceptions.InvalidParameterException, match="no face"):
        client.search_faces_by_image(CollectionId=collection, Image={"Bytes": nobody().data})


def test_as_many_are_found_as_are_alike(door, client, collection, shared_data, monkeypatch):
    monkeypatch.setattr("visavis.entry.http_api.dialects.rekognition.likes.FIRST", 1)
    faces = [
        index(client, collection, portrait(shared_data, 0, smiling=bool(number % 2)))[0]
        for number in range(6)
    ]
    index(client, collection, portrait(shared_data, 1))
    picture = {"Bytes": portrait(shared_data, 0).data}
    found = client.search_faces_by_image(CollectionId=collection, Image=picture)["FaceMatches"]
    assert {match["Face"]["FaceId"] for match in found} == set(faces)
    told = [match["Similarity"] for match in found]
    assert told == sorted(told, reverse=True)
    two = client.search_faces_by_image(CollectionId=collection, Image=picture, MaxFaces=2)
    assert len(two["FaceMatches"]) == 2
    others = client.search_faces(CollectionId=collection, FaceId=faces[0])["FaceMatches"]
    assert {match["Face"]["FaceId"] for match in others} == set(faces[1:])
    client.create_user(CollectionId=collection, UserId="ada")
    client.associate_faces(CollectionId=collection, UserId="ada", FaceIds=faces[:1])
    users = client.search_users_by_image(CollectionId=collection, Image=picture)["UserMatches"]
    assert [each["User"]["UserId"] for each in users] == ["ada"]


def test_an_empty_collection_finds_nobody_and_one_never_finds_anothers(
    client, collection, shared_data
):
    name = f"{collection}-other"
    client.create_collection(CollectionId=name)
    picture = {"Bytes": portrait(shared_data, 3).data}
    assert client.search_faces_by_image(CollectionId=name, Image=picture)["FaceMatches"] == []
    (face,) = index(client, collection, portrait(shared_data, 3))
    assert client.search_faces_by_image(CollectionId=name, Image=picture)["FaceMatches"] == []
    assert client.list_faces(CollectionId=name, FaceIds=[face])["Faces"] == []
    gone = client.delete_faces(CollectionId=name, FaceIds=[face])
    assert gone["UnsuccessfulFaceDeletions"][0]["Reasons"] == ["FACE_NOT_FOUND"]
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        client.search_faces(CollectionId=name, FaceId=face)
    client.delete_collection(CollectionId=name)


def test_users_have_faces(door, client, collection, shared_data):
    (ada,) = index(client, collection, portrait(shared_data, 0))
    (again,) = index(client, collection, portrait(shared_data, 0, smiling=True))
    (bob,) = index(client, collection, portrait(shared_data, 1))
    assert asked(door, "CreateUser", client.create_user(CollectionId=collection, UserId="ada"))
    with pytest.raises(client.exceptions.ConflictException):
        client.create_user(CollectionId=collection, UserId="ada")
    listed = asked(door, "ListUsers", client.list_users(CollectionId=collection))
    assert listed["Users"] == [{"UserId": "ada", "UserStatus": "CREATED"}]

    nowhere = str(uuid.uuid4())
    first = client.associate_faces(CollectionId=collection, UserId="ada", FaceIds=[ada, nowhere])
    asked(door, "AssociateFaces", first)
    assert first["AssociatedFaces"] == [{"FaceId": ada}]
    assert first["UnsuccessfulFaceAssociations"] == [
        {"FaceId": nowhere, "Reasons": ["FACE_NOT_FOUND"]}
    ]
    assert first["UserStatus"] == "ACTIVE"
    second = client.associate_faces(CollectionId=collection, UserId="ada", FaceIds=[again, bob])
    assert second["AssociatedFaces"] == [{"FaceId": again}]
    (refused,) = asked(door, "AssociateFaces", second)["UnsuccessfulFaceAssociations"]
    assert (refused["FaceId"], refused["Reasons"]) == (bob, ["LOW_MATCH_CONFIDENCE"])
    assert refused["Confidence"] < 75

    told = client.describe_collection(CollectionId=collection)
    assert (told["FaceCount"], told["UserCount"]) == (3, 1)
    theirs = client.list_faces(CollectionId=collection, UserId="ada")["Faces"]
    assert {face["FaceId"]: face["UserId"] for face in theirs} == {ada: "ada", again: "ada"}
    kept = client.delete_faces(CollectionId=collection, FaceIds=[ada])
    assert kept["UnsuccessfulFaceDeletions"] == [
        {"FaceId": ada, "UserId": "ada", "Reasons": ["ASSOCIATED_TO_AN_EXISTING_USER"]}
    ]

    client.create_user(CollectionId=collection, UserId="bob")
    other = client.associate_faces(CollectionId=collection, UserId="bob", FaceIds=[ada])
    assert other["UnsuccessfulFaceAssociations"] == [
        {"FaceId": ada, "UserId": "ada", "Reasons": ["ASSOCIATED_TO_A_DIFFERENT_USER"]}
    ]
    assert other["UserStatus"] == "CREATED"


def test_users_are_searched(door, client, collection, shared_data):
    for number, name in enumerate(("ada", "bob")):
        faces = index(client, collection, portrait(shared_data, number))
        client.create_user(CollectionId=collection, UserId=name)
        client.associate_faces(CollectionId=collection, UserId=name, FaceIds=faces)
    (loose,) = index(client, collection, portrait(shared_data, 0, smiling=True))
    both = beside(portrait(shared_data, 0, smiling=True), portrait(shared_data, 1))
    answer = client.search_users_by_image(
        CollectionId=collection,
        Image={"Bytes": portrait(shared_data, 0, smiling=True).data},
    )
    asked(door, "SearchUsersByImage", answer)
    (match,) = answer["UserMatches"]
    assert match["User"] == {"UserId": "ada", "UserStatus": "ACTIVE"}
    crowd = client.search_users_by_image(CollectionId=collection, Image={"Bytes": both.data})
    asked(door, "SearchUsersByImage", crowd)
    assert [face["Reasons"] for face in crowd["UnsearchedFaces"]] == [["FACE_NOT_LARGEST"]]

    found = asked(door, "SearchUsers", client.search_users(CollectionId=collection, FaceId=loose))
    assert [each["User"]["UserId"] for each in found["UserMatches"]] == ["ada"]
    by_user = client.search_users(CollectionId=collection, UserId="ada", UserMatchThreshold=0)
    asked(door, "SearchUsers", by_user)
    assert [each["User"]["UserId"] for each in by_user["UserMatches"]] == ["bob"]
    with pytest.raises(client.exceptions.InvalidParameterException):
        client.search_users(CollectionId=collection, UserId="ada", FaceId=loose)
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        client.search_users(CollectionId=collection, UserId="cleo")


def test_faces_leave_a_user_and_stay(door, client, collection, shared_data):
    (ada,) = index(client, collection, portrait(shared_data, 0))
    (again,) = index(client, collection, portrait(shared_data, 0, smiling=True))
    client.create_user(CollectionId=collection, UserId="ada")
    client.associate_faces(CollectionId=collection, UserId="ada", FaceIds=[ada, again])
    nowhere = str(uuid.uuid4())
    answer = client.disassociate_faces(
        CollectionId=collection, UserId="ada", FaceIds=[ada, nowhere]
    )
    asked(door, "DisassociateFaces", answer)
    assert answer["DisassociatedFaces"] == [{"FaceId": ada}]
    assert answer["UnsuccessfulFaceDisassociations"][0]["Reasons"] == ["FACE_NOT_FOUND"]
    faces = {
        face["FaceId"]: face.get("UserId")
        for face in client.list_faces(CollectionId=collection)["Faces"]
    }
    assert faces == {ada: None, again: "ada"}
    assert asked(door, "DeleteUser", client.delete_user(CollectionId=collection, UserId="ada"))
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        client.delete_user(CollectionId=collection, UserId="ada")
    left = client.list_faces(CollectionId=collection)["Faces"]
    assert {face["FaceId"] for face in left} == {ada, again}
    assert not [face for face in left if "UserId" in face]
    client.delete_faces(CollectionId=collection, FaceIds=[ada, again])
    told = client.describe_collection(CollectionId=collection)
    assert (told["FaceCount"], told["UserCount"]) == (0, 0)


def test_faces_without_a_consent_go_with_their_user(door, client, collection, shared_data):
    (ada,) = index(client, collection, portrait(shared_data, 0))
    client.create_user(CollectionId=collection, UserId="ada")
    client.associate_faces(CollectionId=collection, UserId="ada", FaceIds=[ada])
    told = {"reference": "ada", "collection": collection}
    token = door.house.owners_token(door.house.host)
    (user,) = door.house.ask("GET", "/api/v1/subjects", token, params=told).json()["items"]
    said = door.house.ask("GET", f"/api/v1/subjects/{user['id']}/consents", token)
    for each in said.json()["items"]:
        path = f"/api/v1/consents/{each['record_id']}/withdraw"
        assert door.house.ask("POST", path, token).status_code == 200
    with pytest.raises(client.exceptions.AccessDeniedException):
        client.disassociate_faces(CollectionId=collection, UserId="ada", FaceIds=[ada])
    client.delete_user(CollectionId=collection, UserId="ada")
    assert client.list_faces(CollectionId=collection)["Faces"] == []


def test_the_same_request_again_is_answered_as_before(client, collection):
    told = {"CollectionId": collection, "ClientRequestToken": uuid.uuid4().hex}
    client.create_user(**told, UserId="ada")
    client.create_user(**told, UserId="ada")
    with pytest.raises(client.exceptions.IdempotentParameterMismatchException):
        client.create_user(**told, UserId="bob")
    users = client.list_users(CollectionId=collection)["Users"]
    assert [user["UserId"] for user in users] == ["ada"]
