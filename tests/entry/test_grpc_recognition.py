"""`Recognition` says over gRPC what the HTTP API says, digit for digit."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import grpc
import pytest
from google.protobuf.json_format import MessageToDict

from tests.entry.grpc_running import Asker, serving_grpc
from tests.entry.http_house import serving_house
from tests.entry.test_http_recognition import Office
from tests.usecases.enrolled import portrait
from tests.usecases.test_enrolment import beside, nobody
from visavis.core.roles import Role
from visavis.entry.services import Services
from visavis.rpc.generated.faces_pb2 import Box
from visavis.rpc.generated.recognition_pb2 import (
    IdentifyRequest,
    RecognizeRequest,
    Search,
    VerifyRequest,
)

Code = grpc.StatusCode


@pytest.fixture(scope="module")
def office(tmp_path_factory, services: Services) -> Iterator[Office]:
    folder = tmp_path_factory.mktemp("recognition")
    with serving_house(folder, services=services) as house:
        yield Office(house, house.add_tenant("shop"), folder)


@pytest.fixture(scope="module")
def asker(office: Office, services: Services) -> Iterator[Asker]:
    token = office.house.token(office.tenant.users[Role.OPERATOR])
    with serving_grpc(services, office.house.records) as asker:
        yield replace(asker, secret=token)


@pytest.fixture(scope="module")
def people(office: Office, shared_data) -> dict[str, str]:
    """Enrol two people; return their ids by reference."""
    pictures = {"first": portrait(shared_data, 0), "second": portrait(shared_data, 1)}
    return {name: office.enrolled(one, reference=name) for name, one in pictures.items()}


def told(message: Any) -> dict[str, Any]:
    """Return a message as the JSON of the HTTP API, what is not there as null."""
    written = MessageToDict(
        message, preserving_proto_field_name=True, always_print_fields_with_no_presence=True
    )
    return dict(written)


def same(http: Any, wire: Any) -> bool:
    """Compare an HTTP answer with a message: rounded there, absent here where null there."""
    if isinstance(http, dict):
        return all(same(http[name], wire.get(name)) for name in http)
    if isinstance(http, list):
        return len(http) == len(wire) and all(map(same, http, wire))
    if isinstance(http, float):
        return bool(wire == pytest.approx(http, abs=0.006, rel=1e-6))
    return bool(http == wire) or str(http) == wire


def test_recognising_and_identifying_are_those_of_the_http_api(
    asker: Asker, office: Office, people: dict[str, str], shared_data
) -> None:
    known, stranger = portrait(shared_data, 0, smiling=True), portrait(shared_data, 5)
    for source, whom in ((known, people["first"]), (stranger, None)):
        http = office.ask("POST", "/recognize", source, top=2, target_fpir=0.01).json()
        search = Search(top=2, target_fpir=0.01)
        wire = asker.ask(
            "Recognition.Recognize", RecognizeRequest(image=source.data, search=search)
        )
        assert same(http, told(wire))
        (face,) = wire.faces
        assert (face.match.subject_id if face.HasField("match") else None) == whom
        assert [each.HasField("name") for each in face.candidates] == [False, False]
    one = asker.ask("Recognition.Identify", IdentifyRequest(image=known.data))
    assert one.faces[0].match.reference == "first"
    assert same(office.ask("POST", "/identify", known).json(), told(one))


def test_verifying_is_that_of_the_http_api(
    asker: Asker, office: Office, people: dict[str, str], shared_data
) -> None:
    mine, theirs = portrait(shared_data, 0, smiling=True), portrait(shared_data, 1, smiling=True)
    for source, decision in ((mine, "match"), (theirs, "unknown")):
        http = office.ask("POST", "/verify", source, subject_id=people["first"]).json()
        asked = VerifyRequest(image=source.data, subject_id=people["first"])
        wire = asker.ask("Recognition.Verify", asked)
        assert wire.decision == decision
        assert same(http, told(wire))
    both = VerifyRequest(image=mine.data, other_image=theirs.data, target_fmr=0.001)
    http = office.ask("POST", "/verify", mine, theirs, target_fmr=0.001).json()
    assert same(http, told(asker.ask("Recognition.Verify", both)))


def test_which_face_is_meant_is_told_by_its_box(
    asker: Asker, people: dict[str, str], shared_data
) -> None:
    two = beside(portrait(shared_data, 0), portrait(shared_data, 1))
    found = asker.ask("Recognition.Recognize", RecognizeRequest(image=two.data))
    for face in found.faces:
        asked = IdentifyRequest(image=two.data, box=face.face.box)
        (only,) = asker.ask("Recognition.Identify", asked).faces
        assert only.match.subject_id == face.match.subject_id
    refused = asker.refusal("Recognition.Identify", IdentifyRequest(image=two.data))
    assert (refused.code, refused.told["visavis-problem"]) == (
        Code.INVALID_ARGUMENT,
        "several-faces",
    )
    none = asker.refusal("Recognition.Identify", IdentifyRequest(image=nobody().data))
    assert none.told["visavis-problem"] == "no-face"


@pytest.mark.parametrize(
    ("request_", "code", "said"),
    [
        (RecognizeRequest(search=Search(top=51)), Code.INVALID_ARGUMENT, "1 to 50"),
        (RecognizeRequest(search=Search(top=0)), Code.INVALID_ARGUMENT, "1 to 50"),
        (RecognizeRequest(search=Search(target_fpir=2)), Code.INVALID_ARGUMENT, "error rate"),
        (RecognizeRequest(search=Search(purpose="fun")), Code.INVALID_ARGUMENT, "'fun'"),
        (RecognizeRequest(search=Search(collection="none")), Code.NOT_FOUND, "collection"),
        (IdentifyRequest(box=Box(x1=3, x2=3, y2=9)), Code.INVALID_ARGUMENT, "x1 < x2"),
        (IdentifyRequest(box=Box(x1=float("nan"))), Code.INVALID_ARGUMENT, "x1 < x2"),
        (VerifyRequest(image=b"x"), Code.INVALID_ARGUMENT, "subject_id"),
        (VerifyRequest(subject_id="0" * 32), Code.NOT_FOUND, "subject"),
        (VerifyRequest(subject_id="\x00"), Code.INVALID_ARGUMENT, "characters"),
        (VerifyRequest(other_image=b"x", purpose="recognition"), Code.INVALID_ARGUMENT, "box"),
    ],
)
def test_what_means_nothing_is_refused_before_anything_is_looked_at(
    asker: Asker, request_: Any, code: grpc.StatusCode, said: str
) -> None:
    name = type(request_).__name__.removesuffix("Request")
    refused = asker.refusal(f"Recognition.{name}", request_)
    assert refused.code is code
    assert said in refused.details
