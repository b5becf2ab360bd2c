"""Who may ask as boto3 does: whoever signs with the secret of an API key that is good."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from unittest.mock import patch

import boto3
import httpx
import pytest
from botocore.exceptions import ClientError

from tests.entry.http_house import OFTEN, serving_house
from tests.entry.http_running import running
from tests.entry.rekognition_client import Door, actor_of, client_of
from tests.store.databases import KINDS
from visavis.core.roles import Role
from visavis.credentials.tokens import API_KEY, hash_secret, new_secret
from visavis.entry.http_api.app import create_app
from visavis.entry.http_api.dialects.rekognition import shapes
from visavis.entry.http_api.dialects.rekognition.operations import NOT_OFFERED, OFFERED
from visavis.entry.http_api.dialects.rekognition.route import MOST_BODY, TARGET
from visavis.entry.wiring import open_people
from visavis.store.kinds import UserState


@pytest.fixture(scope="module")
def door(tmp_path_factory) -> Iterator[Door]:
    with serving_house(tmp_path_factory.mktemp("signing")) as house:
        yield Door(house, house.host)


def code(act) -> str:
    """Return the name of the error that a client was told."""
    with pytest.raises(ClientError) as refused:
        act()
    answer = refused.value.response
    assert answer["ResponseMetadata"]["RequestId"]
    assert answer["Error"]["Message"]
    return str(answer["Error"]["Code"])


def test_the_id_and_the_secret_of_a_key_open(door):
    answer = door.client().list_collections()
    assert answer["CollectionIds"] == []
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 200
    key_id, secret = door.key()
    for region in ("us-east-1", "local", "ap-southeast-2"):
        assert client_of(door.url, key_id, secret, region).list_collections()["CollectionIds"] == []


@pytest.mark.parametrize("kind", KINDS)
def test_every_database_knows_keys_and_users(kind, tmp_path):
    with serving_house(tmp_path, kind) as house:
        door = Door(house, house.host)
        door.agree()
        client = door.client()
        client.create_collection(CollectionId="event")
        for name in ("ada", "bob", "cleo"):
            client.create_user(CollectionId="event", UserId=name)
        client.delete_user(CollectionId="event", UserId="bob")
        pages = client.get_paginator("list_users").paginate(CollectionId="event", MaxResults=1)
        users = [user for page in pages for user in page["Users"]]
        assert users == [{"UserId": name, "UserStatus": "CREATED"} for name in ("cleo", "ada")]
        assert client.describe_collection(CollectionId="event")["UserCount"] == 2


def test_a_key_that_the_api_or_the_page_made_opens(door):
    token = door.house.owners_token(door.tenant)
    made = door.house.ask("POST", "/api/v1/keys", token, json={"name": "k", "scopes": ["all"]})
    key = made.json()
    client = client_of(door.url, key["id"], key["secret"])
    assert client.list_collections()["CollectionIds"] == []
    listed = door.house.ask("GET", "/api/v1/keys", token).text
    assert "sealed" not in listed


def test_nobody_gets_in_otherwise(door):
    key_id, secret = door.key()
    wrong = client_of(door.url, key_id, new_secret(API_KEY))
    assert code(wrong.list_collections) == "InvalidSignatureException"
    nobody = client_of(door.url, "0" * 32, secret)
    assert code(nobody.list_collections) == "UnrecognizedClientException"
    strange = client_of(door.url, "AKIA'OR'1'='1", secret)
    assert code(strange.list_collections) == "UnrecognizedClientException"
    session = boto3.client(
        "rekognition",
        endpoint_url=door.url,
        aws_access_key_id=key_id,
        aws_secret_access_key=secret,
        aws_session_token="of a session",
        region_name="local",
    )
    assert code(session.list_collections) == "UnrecognizedClientException"


def test_a_revoked_key_a_disabled_user_and_a_key_from_before_sign_nothing(door):
    key_id, secret = door.key()
    client = client_of(door.url, key_id, secret)
    assert client.list_collections()["CollectionIds"] == []
    records, owner = door.house.records, actor_of(door.tenant.owner)
    records.api_keys.revoke(owner, key_id)
    assert code(client.list_collections) == "UnrecognizedClientException"
    with records.ground.store.reading() as work:
        kept = work.api_keys.find(owner.tenant_id, key_id)
    assert kept is not None
    assert kept.sealed_secret is None

    leaving = door.house.add_user(door.tenant.id, Role.OPERATOR)
    made = records.api_keys.create(actor_of(leaving), "k", ["all"])
    client = client_of(door.url, made.key.id, made.secret)
    assert client.list_collections()["CollectionIds"] == []
    with records.ground.store.work() as work:
        work.users.set_state(door.tenant.id, leaving.id, UserState.DISABLED)
    assert code(client.list_collections) == "UnrecognizedClientException"

    before, secret = door.house.add_key(door.tenant.owner, "people:read")  # made by its hash alone
    with pytest.raises(ClientError, match="make a new key"):
        client_of(door.url, before, secret).list_collections()


@pytest.mark.parametrize("minutes", [-6, 6])
def test_a_clock_that_is_wrong_is_told(door, minutes):
    at = (datetime.now(UTC) + timedelta(minutes=minutes)).replace(tzinfo=None)
    client = door.client()
    with patch("botocore.auth.get_current_datetime", return_value=at):
        assert code(client.list_collections) == "RequestExpired"


def test_a_body_or_a_target_that_was_changed_on_the_way_is_refused(door):
    client = door.client()

    def other_body(request, **_: object) -> None:
        request.body = b'{"MaxResults": 7}'
        request.headers["Content-Length"] = str(len(request.body))

    client.meta.events.register("before-send.rekognition", other_body)
    assert code(client.list_collections) == "InvalidSignatureException"
    client = door.client()

    def other_target(request, **_: object) -> None:
        request.headers["X-Amz-Target"] = f"{TARGET}DeleteCollection"

    client.meta.events.register("before-send.rekognition", other_target)
    assert code(client.list_collections) == "InvalidSignatureException"


def test_a_request_that_nobody_signed_is_refused(door):
    headers = {"X-Amz-Target": f"{TARGET}ListCollections"}
    answer = httpx.post(door.url, headers=headers, content=b"{}")
    assert (answer.status_code, answer.json()["__type"]) == (
        400,
        "MissingAuthenticationTokenException",
    )
    assert answer.headers["x-amzn-requestid"]
    assert answer.headers["content-type"] == "application/x-amz-json-1.1"
    bearer = headers | {"Authorization": f"Bearer {door.key()[1]}"}
    told = httpx.post(door.url, headers=bearer, content=b"{}").json()
    assert told["__type"] == "IncompleteSignatureException"


def test_a_body_is_not_read_for_somebody_unknown_nor_without_end(door):
    client = client_of(door.url, "0" * 32, "vv_x")
    picture = {"Bytes": bytes(5_000_000)}
    act = client.detect_faces
    assert code(lambda: act(Image=picture)) == "UnrecognizedClientException"
    known = door.client()
    huge = {"Bytes": bytes(MOST_BODY)}
    assert code(lambda: known.detect_faces(Image=huge)) == "ImageTooLargeException"


def test_a_program_that_asks_too_often_is_told_to_wait(tmp_path):
    often = {**OFTEN, "per_key": "2 per minute"}
    with serving_house(tmp_path, throttle=often) as house:
        client = Door(house, house.host).client()
        assert [client.list_collections()["CollectionIds"] for _ in range(2)] == [[], []]
        with pytest.raises(client.exceptions.ThrottlingException) as refused:
            client.list_collections()
        headers = refused.value.response["ResponseMetadata"]["HTTPHeaders"]
        assert 0 < int(headers["retry-after"]) <= 60


def test_what_is_no_request_is_refused(door):
    client = door.client()

    def put(body: bytes):
        def change(request, **_: object) -> None:
            request.data = body

        return change

    for body, name in (
        (b"{", "SerializationException"),
        (b"\xff\xfe", "SerializationException"),
        (b"[1]", "InvalidParameterException"),
        (b'{"MaxResults": 5000}', "InvalidParameterException"),
        (b'{"MaxResults": "many"}', "InvalidParameterException"),
        (b'{"Unknown": 1}', "InvalidParameterException"),
        (json.dumps({"NextToken": "x" * 300}).encode(), "InvalidParameterException"),
    ):
        change = put(body)
        client.meta.events.register_first("before-sign.rekognition", change)
        assert code(client.list_collections) == name
        client.meta.events.unregister("before-sign.rekognition", change)
    assert client.list_collections()["CollectionIds"] == []


def test_an_operation_that_nobody_knows(door):
    client = door.client()

    def other(request, **_: object) -> None:
        request.headers.replace_header("X-Amz-Target", f"{TARGET}MakeCoffee")

    client.meta.events.register_first("before-sign.rekognition", other)
    assert code(client.list_collections) == "UnknownOperationException"


def test_every_operation_of_the_model_is_known(door):
    assert OFFERED.keys() | NOT_OFFERED == set(door.model.operation_names)
    assert not OFFERED.keys() & NOT_OFFERED


@pytest.mark.parametrize("name", OFFERED)
def test_parameters_are_those_of_the_model(door, name):
    shape = door.model.operation_model(name).input_shape
    asked = OFFERED[name].asked
    assert {field.alias for field in asked.model_fields.values()} - {"ClientRequestToken"} == (
        set(shape.members) - {"ClientRequestToken"}
    )
    needed = {field.alias for field in asked.model_fields.values() if field.is_required()}
    assert needed == set(shape.required_members)


def test_limits_of_parameters_are_those_of_the_model(door):
    described = shapes.AssociateFaces.model_json_schema()["properties"]
    for member, name in (("CollectionId", "CollectionId"), ("UserId", "UserId")):
        told = door.model.shape_for(name).metadata
        assert (described[member]["minLength"], described[member]["maxLength"]) == (
            told["min"],
            told["max"],
        )
        assert described[member]["pattern"].strip("^$") == told["pattern"]


def test_a_private_machine_asks_for_no_signature(tmp_path, services, records):
    with running(create_app(services, records, open_people(services, records))) as client:
        machine = client_of(str(client.base_url), "anything", "at all")
        assert machine.list_collections()["CollectionIds"] == []


def test_rows_alone_give_no_secret_away(door):
    key_id, secret = door.key()
    with door.house.records.ground.store.reading() as work:
        kept = work.api_keys.find(door.tenant.id, key_id)
    assert kept is not None
    assert kept.sealed_secret is not None
    assert secret.encode() not in kept.sealed_secret
    assert kept.secret_hash == hash_secret(secret)
    other_id, other = door.key()
    with door.house.records.ground.store.work() as work:
        work.api_keys.keep_secret(door.tenant.id, key_id, _sealed(work, door, other_id))
    client = client_of(door.url, key_id, other)
    assert code(client.list_collections) == "InternalServerError"


def _sealed(work, door: Door, key_id: str) -> bytes:
    kept = work.api_keys.find(door.tenant.id, key_id)
    assert kept.sealed_secret is not None
    return bytes(kept.sealed_secret)
