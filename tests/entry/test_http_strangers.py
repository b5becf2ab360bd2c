"""What strangers send: it keeps nobody out who is known, and is not awaited for long."""

import contextlib
import select
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.entry.http_house import OFTEN, PASSWORD, House, serving_house
from tests.entry.http_raw import status_of
from tests.entry.rekognition_client import actor_of
from tests.entry.test_http_hostile_bodies import (
    FILE_ROUTE,
    JPEG,
    JSON_ROUTE,
    MOST_FILES,
    connected,
    ending,
    head,
    sips,
)
from visavis.core.settings import MIB
from visavis.entry.http_api import limits

BY_FACE = {"face_login": "alone"}


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("house")
    server = {"max_request_bytes": MOST_FILES}
    with serving_house(folder, server=server, accounts=BY_FACE) as served:
        yield served


STRANGER = (
    "POST /api/v1/login/face HTTP/1.1\r\nHost: x\r\n"
    "Content-Type: multipart/form-data; boundary=x\r\n"
)


def test_strangers_who_hold_all_their_room_keep_out_nobody_who_is_known(house: House):
    """Many connections bring nearly all of a picture and wait."""
    start = b'--x\r\nContent-Disposition: form-data; name="file"; filename="x"\r\n\r\n'
    most = MOST_FILES // 2
    with contextlib.ExitStack() as stack:
        socks = [stack.enter_context(connected(house)) for _ in range(12)]
        for sock in socks:
            sock.sendall(f"{STRANGER}Content-Length: {MOST_FILES}\r\n\r\n".encode() + start)
            with contextlib.suppress(ConnectionResetError, BrokenPipeError):
                sock.sendall(bytes(most))
        refused, _, _ = select.select(socks, [], [], 60)
        refusal = refused[0].recv(65536)
        log_in = {"email": house.host.owner.email, "password": PASSWORD}
        entered = house.ask("POST", JSON_ROUTE, json=log_in)
        picture = {"Content-Type": "image/jpeg"}
        kept = house.ask(
            "POST", FILE_ROUTE, entered.json()["access_token"], headers=picture, content=JPEG
        )
    assert status_of(refusal) == 429
    assert (entered.status_code, kept.status_code) == (200, 201)


def test_whoever_logs_in_finds_room_beside_bodies_that_hold_it_all(house: House):
    """Large bodies without files fill their own room; a small one is read nevertheless."""
    with contextlib.ExitStack() as stack:
        socks = [stack.enter_context(connected(house)) for _ in range(12)]
        for sock in socks:
            sock.sendall(
                head(house, JSON_ROUTE, "Content-Type: application/json", f"Content-Length: {MIB}")
            )
            with contextlib.suppress(ConnectionResetError, BrokenPipeError):
                sock.sendall(b" " * (MIB - 1))
        refused, _, _ = select.select(socks, [], [], 60)
        refusal = refused[0].recv(65536)
        log_in = {"email": house.host.owner.email, "password": PASSWORD}
        entered = house.ask("POST", JSON_ROUTE, json=log_in)
    assert status_of(refusal) == 429
    assert entered.status_code == 200


@pytest.mark.parametrize(("accounts", "status"), [("off", 403), ("alone", 429)])
def test_no_picture_is_read_that_opens_nothing(tmp_path: Path, accounts: str, status: int):
    """The answer comes while the picture is still awaited."""
    once = OFTEN | {"login": "1 per hour"}
    with serving_house(tmp_path, throttle=once, accounts={"face_login": accounts}) as house:
        house.ask("POST", JSON_ROUTE, json={"email": "a@b.example", "password": PASSWORD})
        with connected(house) as sock:
            sock.sendall(f"{STRANGER}Content-Length: {MIB}\r\n\r\n".encode())
            assert status_of(ending(sock)) == status


@pytest.mark.parametrize("path", ["/api/v1/login/face", "/"])
def test_strangers_have_less_time(house: House, path: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(limits, "LONGEST_OF_STRANGERS_S", 0.5)
    signed = (
        "Content-Type: multipart/form-data; boundary=x",
        "Transfer-Encoding: chunked",
        *claim(house).splitlines(),
    )
    with connected(house) as sock:
        sock.sendall(("\r\n".join((f"POST {path} HTTP/1.1", "Host: x", *signed, "", ""))).encode())
        assert status_of(sips(sock, b"2\r\n\r\n\r\n")) == 408


def claim(house: House) -> str:
    """Return headers of somebody who knows the id of a key and not its secret."""
    key_id = house.records.api_keys.create(actor_of(house.host.owner), "boto3", ["all"]).key.id
    stamp = house.now().strftime("%Y%m%dT%H%M%SZ")
    scope = f"{key_id}/{stamp[:8]}/eu-central-1/rekognition/aws4_request"
    return (
        f"X-Amz-Date: {stamp}\nX-Amz-Target: RekognitionService.DetectFaces\n"
        f"Authorization: AWS4-HMAC-SHA256 Credential={scope}, "
        f"SignedHeaders=host;x-amz-date;x-amz-target, Signature={'0' * 64}"
    )
