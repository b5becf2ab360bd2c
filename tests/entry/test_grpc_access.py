"""Who may call which method over gRPC, and how often."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import grpc
import pytest
from google.protobuf.message import Message

from tests.entry.grpc_running import Asker, Refusal, refusal, serving_grpc
from tests.entry.http_house import OFTEN, House
from visavis.core.roles import Role
from visavis.core.settings import load_settings
from visavis.entry.grpc_api.access import Rule, address_of
from visavis.entry.grpc_api.calls import Calls, Method
from visavis.entry.services import Services
from visavis.entry.wiring import open_records
from visavis.rpc.generated import face_analysis_pb2
from visavis.rpc.generated.aggregator_pb2 import PartResult
from visavis.rpc.generated.face_analysis_pb2 import (
    AnalyzeRequest,
    AnalyzeStreamRequest,
    DescribeRequest,
)
from visavis.rpc.generated.faces_pb2 import Analysis
from visavis.rpc.generated.recognition_pb2 import RecognizeRequest
from visavis.usecases.actor import Actor

Code = grpc.StatusCode
TOKEN = "of this deployment alone"
DETECT = PartResult(tenant_id="t", job_id="j", part="detect", analysis=Analysis(name="a"))


@contextmanager
def opened(folder: Path, **given: object) -> Iterator[House]:
    """Open a deployment with two tenants that no HTTP server stands before."""
    settings = load_settings(**{"data": folder, "throttle": OFTEN} | given)
    with closing(open_records(settings)) as records:
        yield House(records, cast(Any, None), "sqlite")


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with opened(tmp_path_factory.mktemp("grpc")) as house:
        yield house


@pytest.fixture(scope="module")
def asker(house: House, services: Services) -> Iterator[Asker]:
    with serving_grpc(services, house.records, token=TOKEN) as asker:
        yield asker


def as_(asker: Asker, secret: str) -> Asker:
    return replace(asker, secret=secret)


def code(asker: Asker, method: str, request: Message) -> grpc.StatusCode:
    """Return how a call ends."""
    try:
        asker.ask(method, request)
    except grpc.RpcError as exc:
        return refusal(exc).code
    return Code.OK


def test_who_shows_nothing_that_opens_anything_is_nobody(asker: Asker, house: House) -> None:
    spoilt = house.key(house.host.owner, "all")[:-1] + "x"
    disabled = house.key(house.host.disabled, "all")
    for secret in ("", "nonsense", spoilt, disabled, TOKEN[:-1], f"{TOKEN}x"):
        told = as_(asker, secret).refusal("FaceAnalysis.Describe", DescribeRequest())
        assert (told.code, told.told["visavis-problem"]) == (Code.UNAUTHENTICATED, "log-in")


def test_nothing_is_read_before_the_rule_was_asked(asker: Asker) -> None:
    def sent(secret: str) -> grpc.StatusCode:
        one = as_(asker, secret)
        call = one.channel.unary_unary("/visavis.v1.FaceAnalysis/Analyze", lambda data: data, bytes)
        with pytest.raises(grpc.RpcError) as ended:
            call(b"\xff no message", timeout=60, metadata=one.metadata)
        return refusal(ended.value).code

    assert sent("nonsense") is Code.UNAUTHENTICATED
    assert sent(TOKEN) is Code.INTERNAL
    assert code(as_(asker, TOKEN), "FaceAnalysis.Describe", DescribeRequest()) is Code.OK


def test_roles_and_scopes_count_as_over_http(asker: Asker, house: House) -> None:
    users, seen = house.guest.users, {}
    for role in Role:
        token = house.token(users[role])
        seen[role] = (
            code(as_(asker, token), "FaceAnalysis.Describe", DescribeRequest()),
            code(as_(asker, token), "Recognition.Recognize", RecognizeRequest(image=b"words")),
            code(as_(asker, token), "Aggregator.Collect", DETECT),
        )
    may = (Code.OK, Code.INVALID_ARGUMENT, Code.UNAUTHENTICATED)
    assert seen == dict.fromkeys(Role, may) | {
        Role.VIEWER: (Code.PERMISSION_DENIED, Code.PERMISSION_DENIED, Code.UNAUTHENTICATED)
    }
    narrow = house.key(users[Role.OWNER], "analyse")
    assert code(as_(asker, narrow), "FaceAnalysis.Describe", DescribeRequest()) is Code.OK
    told = as_(asker, narrow).refusal("Recognition.Recognize", RecognizeRequest())
    assert told.code is Code.PERMISSION_DENIED
    assert "scope recognise" in told.details


def test_the_token_of_the_deployment_opens_analysis_and_recognises_nobody(asker: Asker) -> None:
    ours = as_(asker, TOKEN)
    assert code(ours, "FaceAnalysis.Describe", DescribeRequest()) is Code.OK
    assert code(ours, "Recognition.Recognize", RecognizeRequest()) is Code.PERMISSION_DENIED


class Collected:
    """Takes parts; the second one of a job is the last."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, str, str, str]] = []

    def collect(self, tenant_id: str, job_id: str, part: str, analysis: Any) -> bool:
        self.seen.append((tenant_id, job_id, part, analysis.name))
        return len(self.seen) == 2


def test_parts_meet_where_there_is_somebody_to_take_them(asker: Asker, house: House) -> None:
    collected = Collected()
    assert code(as_(asker, TOKEN), "Aggregator.Collect", DETECT) is Code.UNIMPLEMENTED
    with serving_grpc(None, house.records, collected, token=TOKEN) as there:
        ours, owner = as_(there, TOKEN), as_(there, house.owners_token(house.host))
        first = ours.ask("Aggregator.Collect", DETECT)
        second = ours.ask("Aggregator.Collect", part_of(DETECT, part="describe"))
        odd = [{"part": "guess"}, {"tenant_id": ""}, {"job_id": ""}]
        codes = [code(ours, "Aggregator.Collect", part_of(DETECT, **one)) for one in odd]
        assert code(owner, "Aggregator.Collect", DETECT) is Code.UNAUTHENTICATED
        assert code(there, "Aggregator.Collect", DETECT) is Code.UNAUTHENTICATED
    assert (first.is_complete, second.is_complete) == (False, True)
    assert collected.seen == [("t", "j", "detect", "a"), ("t", "j", "describe", "a")]
    assert codes == [Code.INVALID_ARGUMENT] * 3
    with serving_grpc(None, house.records, collected) as there:  # no token, and so nobody
        assert code(as_(there, ""), "Aggregator.Collect", DETECT) is Code.UNAUTHENTICATED


def part_of(like: PartResult, **changed: str) -> PartResult:
    other = PartResult()
    other.CopyFrom(like)
    for name, value in changed.items():
        setattr(other, name, value)
    return other


def test_what_an_organisation_forbids_is_off_over_grpc_too(tmp_path: Path, shared_data) -> None:
    with opened(tmp_path) as house, serving_grpc(None, house.records) as asker:
        actor = Actor(house.guest.id, house.guest.owner.id, Role.OWNER)
        house.records.privacy.change(actor, attributes=())
        guest = as_(asker, house.owners_token(house.guest))
        told = guest.refusal("FaceAnalysis.Analyze", AnalyzeRequest(features=["age"]))
    assert told.code is Code.PERMISSION_DENIED
    assert "off in your organisation" in told.details


def test_one_key_and_one_address_ask_so_often_and_no_more(tmp_path: Path) -> None:
    def often(house: House, secret: str, count: int) -> list[Refusal | None]:
        with serving_grpc(None, house.records, token=TOKEN) as asker:
            one = as_(asker, secret)
            return [_refused(one) for _ in range(count)]

    def _refused(asker: Asker) -> Refusal | None:
        told = asker.refusal("FaceAnalysis.Analyze", AnalyzeRequest(features=["halo"]))
        return told if told.code is Code.RESOURCE_EXHAUSTED else None

    with opened(tmp_path / "key", throttle=OFTEN | {"per_key": "2 per hour"}) as house:
        told = often(house, house.key(house.host.owner, "all"), 3)
        assert [one is not None for one in told] == [False, False, True]
        assert told[2]
        assert int(told[2].told["visavis-retry-after-s"]) > 0
        assert often(house, TOKEN, 5) == [None] * 5
    with opened(tmp_path / "address", throttle=OFTEN | {"per_address": "2 per hour"}) as house:
        told = often(house, "nonsense", 4)
        assert [one is not None for one in told] == [False, False, True, True]


def test_a_stream_ends_when_its_key_opens_nothing_any_more(
    asker: Asker, house: House, shared_data: Path
) -> None:
    user = house.guest.users[Role.ADMIN]
    key_id, secret = house.add_key(user, "analyse")

    def requests() -> Iterator[AnalyzeStreamRequest]:
        for i in range(40):
            yield AnalyzeStreamRequest(id=str(i), picture=AnalyzeRequest(image=b"words"))
            if i == 10:
                with house.records.ground.store.work() as work:
                    work.api_keys.revoke(user.tenant_id, key_id, house.now())

    answers: list[Any] = []
    with pytest.raises(grpc.RpcError) as ended:
        answers.extend(
            each for each in as_(asker, secret).stream("FaceAnalysis.AnalyzeStream", requests())
        )
    assert refusal(ended.value).code is Code.UNAUTHENTICATED
    assert 0 <= len(answers) < 40


def test_without_logging_in_programs_on_this_machine_need_no_key(
    services: Services, tmp_path: Path
) -> None:
    settings = load_settings(data=tmp_path, accounts={"login": False})
    with closing(open_records(settings)) as records, serving_grpc(services, records) as asker:
        assert code(asker, "FaceAnalysis.Describe", DescribeRequest()) is Code.OK
        assert code(as_(asker, "nonsense"), "FaceAnalysis.Describe", DescribeRequest()) is (
            Code.UNAUTHENTICATED
        )


@pytest.mark.parametrize(
    ("peer", "address"),
    [
        ("ipv4:10.0.0.7:50123", "10.0.0.7"),
        ("ipv6:%5B2001:db8::1%5D:50123", "2001:db8::1"),
        ("ipv6:[::1]:50123", "::1"),
        ("unix:/run/x.sock", ""),
        ("", ""),
    ],
)
def test_who_asks_is_told_by_their_address(peer: str, address: str) -> None:
    assert address_of(peer) == address


def test_a_method_that_says_not_who_may_call_it_cannot_be_served() -> None:
    service = face_analysis_pb2.DESCRIPTOR.services_by_name["FaceAnalysis"]
    served = {"Analyze": Method(Rule(), lambda *_: None)}
    with pytest.raises(TypeError, match="AnalyzeStream, Describe"):
        Calls(cast(Any, None), 1.0).handler(service, served)
