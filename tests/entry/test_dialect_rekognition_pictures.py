"""Rekognition's operations on pictures alone, asked by its real client: boto3."""

import io
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import httpx
import pytest
from PIL import Image

from tests.entry.http_house import serving_house
from tests.entry.rekognition_client import Door, actor_of, asked
from tests.usecases.enrolled import portrait
from tests.usecases.test_enrolment import beside, nobody
from visavis.core.attributes import Head
from visavis.core.settings import load_settings
from visavis.entry.http_api.dialects.rekognition.landmarks import MESH_PLACES
from visavis.entry.wiring import build


@pytest.fixture(scope="module")
def door(tmp_path_factory, services) -> Iterator[Door]:
    with serving_house(tmp_path_factory.mktemp("rekognition"), services=services) as house:
        yield Door(house, house.host)


@pytest.fixture(scope="module")
def client(door) -> Any:
    return door.client()


def test_a_picture_is_described(door, client, shared_data):
    picture = portrait(shared_data, 0)
    answer = client.detect_faces(Image={"Bytes": picture.data}, Attributes=["ALL"])
    (face,) = asked(door, "DetectFaces", answer)["FaceDetails"]
    box = face["BoundingBox"]
    assert 0 < box["Left"] < box["Left"] + box["Width"] < 1
    assert 0 < box["Top"] < box["Top"] + box["Height"] < 1
    assert 90 < face["Confidence"] <= 100
    assert abs(face["Pose"]["Yaw"]) < 20
    assert face["Quality"]["Sharpness"] > 25
    assert face["AgeRange"]["Low"] < face["AgeRange"]["High"]
    assert face["EyesOpen"]["Value"] is True
    assert {"Smile", "MouthOpen", "FaceOccluded"} <= set(face)
    assert not {"Emotions", "Beard", "Eyeglasses"} & set(face)  # off, or nobody knows
    places = {spot["Type"]: (spot["X"], spot["Y"]) for spot in face["Landmarks"]}
    assert set(places) == {"eyeLeft", "eyeRight", "nose", "mouthLeft", "mouthRight", *MESH_PLACES}


def test_landmarks_lie_where_they_are_named(client, shared_data):
    picture = portrait(shared_data, 0)
    (face,) = client.detect_faces(Image={"Bytes": picture.data}, Attributes=["ALL"])["FaceDetails"]
    x, y = ({spot["Type"]: spot[axis] for spot in face["Landmarks"]} for axis in "XY")
    brow, eye = ("leftEyeBrowLeft", "leftEyeBrowUp", "leftEyeBrowRight"), "leftEyeLeft"
    from_left = ("upperJawlineLeft", *brow, "rightEyeBrowLeft", "rightEyeBrowRight")
    assert sorted(from_left, key=x.__getitem__) == [*from_left]
    across = (eye, "eyeLeft", "leftEyeRight", "rightEyeLeft", "eyeRight", "rightEyeRight")
    assert sorted(across, key=x.__getitem__) == [*across]
    below = ("midJawlineLeft", "mouthLeft", "mouthRight", "midJawlineRight")
    assert sorted(below, key=x.__getitem__) == [*below]
    down = ("leftEyeBrowUp", "leftEyeUp", "leftEyeDown", "noseLeft", "mouthUp", "mouthDown")
    assert sorted((*down, "chinBottom"), key=y.__getitem__) == [*down, "chinBottom"]
    assert x["noseLeft"] < x["nose"] < x["noseRight"]


def test_less_is_told_by_default_and_nothing_of_an_empty_picture(door, client, shared_data):
    (face,) = client.detect_faces(Image={"Bytes": portrait(shared_data, 0).data})["FaceDetails"]
    assert set(face) == {"BoundingBox", "Confidence", "Landmarks", "Pose", "Quality"}
    assert len(face["Landmarks"]) == 5
    empty = client.detect_faces(Image={"Bytes": nobody().data})
    assert asked(door, "DetectFaces", empty)["FaceDetails"] == []


def test_two_pictures_are_compared(door, client, shared_data):
    both = beside(portrait(shared_data, 1), portrait(shared_data, 0, smiling=True))
    answer = client.compare_faces(
        SourceImage={"Bytes": portrait(shared_data, 0).data}, TargetImage={"Bytes": both.data}
    )
    asked(door, "CompareFaces", answer)
    (match,), (other,) = answer["FaceMatches"], answer["UnmatchedFaces"]
    assert match["Similarity"] > 90
    assert match["Face"]["BoundingBox"]["Left"] > 0.5 > other["BoundingBox"]["Left"]
    assert answer["SourceImageFace"]["Confidence"] > 90
    strict = client.compare_faces(
        SourceImage={"Bytes": portrait(shared_data, 0).data},
        TargetImage={"Bytes": nobody().data},
        SimilarityThreshold=99.9,
    )
    assert (strict["FaceMatches"], strict["UnmatchedFaces"]) == ([], [])


def test_a_picture_without_a_face_cannot_be_compared_with(client, shared_data):
    told = {"SourceImage": {"Bytes": nobody().data}}
    with pytest.raises(client.exceptions.InvalidParameterException, match="no face"):
        client.compare_faces(**told, TargetImage={"Bytes": portrait(shared_data, 0).data})


def test_pictures_that_cannot_be_used(client, shared_data):
    errors = client.exceptions
    data = portrait(shared_data, 0).data
    for image, error in (
        ({"Bytes": b"no picture at all"}, errors.InvalidImageFormatException),
        ({"Bytes": data[: len(data) // 2]}, errors.InvalidImageFormatException),
        ({"Bytes": data + bytes(5_242_881 - len(data))}, errors.ImageTooLargeException),
        ({"Bytes": bytes(16_000_000)}, errors.ImageTooLargeException),
        ({"S3Object": {"Bucket": "pictures", "Name": "a.jpg"}}, errors.InvalidS3ObjectException),
        ({}, errors.InvalidParameterException),
    ):
        with pytest.raises(error):
            client.detect_faces(Image=image)
    gif = io.BytesIO()
    Image.open(io.BytesIO(data)).save(gif, "GIF")
    with pytest.raises(errors.InvalidImageFormatException):
        client.detect_faces(Image={"Bytes": gif.getvalue()})


def test_what_is_not_offered_says_so(client, shared_data):
    with pytest.raises(client.exceptions.AccessDeniedException, match="not offered"):
        client.detect_labels(Image={"Bytes": portrait(shared_data, 0).data})
    with pytest.raises(client.exceptions.InvalidParameterException, match="Tags"):
        client.create_collection(CollectionId="tagged", Tags={"a": "b"})


def test_it_can_be_switched_off(tmp_path):
    with serving_house(tmp_path, dialects={"rekognition": False}) as house:
        headers = {"X-Amz-Target": "RekognitionService.ListCollections"}
        answer = house.client.post("/", headers=headers, content=b"{}")
        assert answer.status_code == 404
        assert answer.headers["content-type"] == "application/problem+json"


def test_another_service_is_not_here(door):
    answer = httpx.post(door.url, headers={"X-Amz-Target": "DynamoDB_20120810.ListTables"})
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"


def test_what_an_organisation_does_not_allow_is_not_told(door, shared_data):
    other = Door(door.house, door.house.guest)
    owner = actor_of(other.tenant.owner)
    door.house.records.privacy.change(owner, attributes={Head.AGE})
    told = {"Image": {"Bytes": portrait(shared_data, 0).data}}
    (face,) = other.client().detect_faces(**told, Attributes=["ALL"])["FaceDetails"]
    assert "AgeRange" in face
    assert "Gender" not in face
    (face,) = other.client().detect_faces(**told, Attributes=["GENDER", "SMILE"])["FaceDetails"]
    assert "Smile" in face
    assert not {"Gender", "AgeRange"} & set(face)
    assert len(face["Landmarks"]) == 5


def test_emotions_are_told_for_a_stated_purpose(weights, tmp_path, shared_data):
    purpose = {"emotion_purpose": "showing what a test of ours shows"}
    services = build(load_settings(policy=purpose))
    with (
        closing(services.analyses),
        serving_house(tmp_path, services=services, policy=purpose) as house,
    ):
        door = Door(house, house.host)
        picture = portrait(shared_data, 3, smiling=True)
        answer = door.client().detect_faces(Image={"Bytes": picture.data}, Attributes=["EMOTIONS"])
        (face,) = asked(door, "DetectFaces", answer)["FaceDetails"]
        told = {each["Type"]: each["Confidence"] for each in face["Emotions"]}
        assert max(told, key=told.__getitem__) == "HAPPY" == face["Emotions"][0]["Type"]
        assert len(told) == 7
        assert sum(told.values()) == pytest.approx(100, abs=0.1)
        entries = house.records.audit_trail.page(actor_of(door.tenant.owner))
        assert "attributes.analysed" in {entry.action for entry in entries}
