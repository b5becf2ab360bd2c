"""Bodies of the wrong kind, too large, too slow or never ending, and requests that are none."""

import contextlib
import json
import re
import select
import socket
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain
from urllib.parse import urlsplit

import pytest

from tests.entry.http_house import House, serving_house
from tests.entry.http_raw import send_raw, status_of
from visavis.core.settings import MIB
from visavis.entry.http_api import limits, patience

JSON_ROUTE, FORM_ROUTE, FILE_ROUTE = "/api/v1/auth/login", "/api/v1/analyze", "/api/v1/blobs"
MOST_FILES = 3 * MIB
JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00" + bytes(600)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("house")
    with serving_house(folder, server={"max_request_bytes": MOST_FILES}) as served:
        yield served


def head(house: House, path: str, *lines: str, method: str = "POST") -> bytes:
    """Write the head of a request of an owner; what the lines say comes last."""
    token = house.owners_token(house.host)
    first = (f"{method} {path} HTTP/1.1", "Host: x", f"Authorization: Bearer {token}")
    return "\r\n".join((*first, *lines, "", "")).encode()


@contextmanager
def connected(house: House) -> Iterator[socket.socket]:
    address = urlsplit(str(house.client.base_url))
    with socket.create_connection((address.hostname, address.port), timeout=60) as sock:
        yield sock


def ending(sock: socket.socket) -> bytes:
    """Return all that comes until the other end closes."""
    return b"".join(iter(lambda: sock.recv(65536), b""))


# What kind of body it is


@pytest.mark.parametrize(
    "kind",
    [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/xml",
        "image/jpeg",
        "application/jsonx",
        "json",
        "",
    ],
)
def test_json_comes_as_json_only(house: House, kind: str):
    """A form of another site can send text/plain without asking; it is never read as JSON."""
    document = house.client.get("/openapi.json").json()
    token = house.owners_token(house.host)
    asked = 0
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            body = operation.get("requestBody", {})
            if list(body.get("content", ())) != ["application/json"] or not body.get("required"):
                continue
            there = re.sub("{.*?}", "0" * 32, path)
            headers = {"Content-Type": kind}
            answer = house.ask(method.upper(), there, token, headers=headers, content=b'{"a": 1}')
            assert answer.status_code in {415, 422}, there
            assert answer.headers["content-type"] == "application/problem+json"
            asked += 1
    assert asked > 25


@pytest.mark.parametrize(
    ("stated", "content"),
    [
        ("image/jpeg", b"<html><script>alert(1)</script>" + bytes(600)),
        ("image/png", JPEG),
        ("image/jpeg", b"\x89PNG\r\n\x1a\n" + bytes(600)),
        ("application/json", JPEG),
        ("application/zip", JPEG),
        ("text/html", JPEG),
        ("image/svg+xml", b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>"),
        ("application/octet-stream", JPEG),
        ("", JPEG),
        ("image/jpeg, text/html", JPEG),
        ("image/jpeg/../../text/html", JPEG),
        ("multipart/form-data; boundary=x", JPEG),
        ("image/jpeg", b""),
    ],
)
def test_a_file_is_what_its_type_says(house: House, stated: str, content: bytes):
    token = house.owners_token(house.host)
    answer = house.ask("POST", FILE_ROUTE, token, headers={"Content-Type": stated}, content=content)
    assert answer.status_code == 422


def test_a_file_comes_back_as_it_was_called_and_to_be_saved(house: House):
    token = house.owners_token(house.host)
    evil = b'{"a": "<script>alert(1)</script>"}'
    kind = {"Content-Type": "application/json; charset=utf-7"}
    made = house.ask("POST", FILE_ROUTE, token, headers=kind, content=evil)
    assert made.status_code == 201
    answer = house.ask("GET", made.headers["location"], token, headers={"Accept": "text/html"})
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["content-disposition"].startswith("attachment")
    assert "default-src 'none'" in answer.headers["content-security-policy"]


def test_a_form_of_pictures_is_one(house: House):
    token = house.owners_token(house.host)
    for kind in ("application/json", "text/plain", "image/jpeg", "multipart/mixed; boundary=x", ""):
        answer = house.ask("POST", FORM_ROUTE, token, headers={"Content-Type": kind}, content=JPEG)
        assert answer.status_code == 415


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "gzip, gzip"])
def test_no_body_is_unpacked(house: House, encoding: str):
    """Small bodies that unpack to large ones are read as they are."""
    body = zlib.compress(b'{"email": "a@b.example", "password": "x"}' + b" " * MIB)
    headers = {"Content-Type": "application/json", "Content-Encoding": encoding}
    assert house.ask("POST", JSON_ROUTE, headers=headers, content=body).status_code in {400, 422}


# How it says how long it is


@pytest.mark.parametrize(
    "lines",
    [
        ("Content-Length: 2", "Content-Length: 3"),
        ("Content-Length: 2", "Transfer-Encoding: chunked"),
        ("Transfer-Encoding: chunked", "Transfer-Encoding: identity"),
        ("Content-Length: -2",),
        ("Content-Length: +2",),
        ("Content-Length: 0x2",),
        ("Content-Length: 2, 3",),
        ("Content-Length: two",),
        ("Content-Length: " + "9" * 30,),
        ("Transfer-Encoding: gzip",),
        ("Transfer-Encoding: chunked, gzip",),
        ("Transfer-Encoding : chunked",),
        ("Bad Header: x",),
        ("No-Colon",),
        ("X: a\x00b",),
        (" folded: x",),
    ],
)
def test_a_request_that_two_programs_may_read_in_two_ways_is_none(
    house: House, lines: tuple[str, ...]
):
    smuggled = b"2\r\n{}\r\n0\r\n\r\nGET /metrics HTTP/1.1\r\nHost: x\r\n\r\n"
    with connected(house) as sock:
        sock.sendall(head(house, JSON_ROUTE, "Content-Type: application/json", *lines) + smuggled)
        answer = ending(sock)
    assert status_of(answer) in {400, 413, 422}
    assert answer.count(b"HTTP/1.1 ") == 1, "what was hidden in it is not served"


@pytest.mark.parametrize(
    "content_type", ["application/json", "application/json, application/json", "text/plain"]
)
def test_of_two_content_types_none_is_chosen_in_favour_of_the_sender(
    house: House, content_type: str
):
    lines = ("Content-Type: text/html", f"Content-Type: {content_type}", "Content-Length: 2")
    with connected(house) as sock:
        sock.sendall(head(house, JSON_ROUTE, *lines, "Connection: close") + b"{}")
        assert status_of(ending(sock)) in {400, 415, 422}


BROKEN = (
    b"",
    b"\x00\x01\x02\r\n\r\n",
    b"GET\r\n\r\n",
    b"GET / HTTP/9.9\r\n\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n",
)


@pytest.mark.parametrize("request_", BROKEN[1:])
def test_what_is_no_request_is_answered_once_and_with_every_header(house: House, request_: bytes):
    answer = send_raw(house.client, request_)
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b"application/problem+json" in answer
    assert b"x-content-type-options: nosniff" in answer.lower()
    body = json.loads(answer.partition(b"\r\n\r\n")[2])
    assert body["status"] == 400


# How large it is


def chunks(size: int, most: int = 65536) -> Iterator[bytes]:
    """Yield a body whose length nobody said."""
    for start in range(0, size, most):
        yield b" " * min(most, size - start)


@pytest.mark.parametrize("kind", ["application/json", "multipart/form-data; boundary=x"])
@pytest.mark.parametrize("path", [JSON_ROUTE, "/api/v1/subjects", "/api/v1/nothing", "/nothing"])
def test_a_body_without_files_is_small_whatever_it_is_called(house: House, path: str, kind: str):
    """Also where the sender calls it a form with files, declared or not."""
    if path == "/nothing" and "form" in kind:
        return  # forms of the pages may bring files
    token = house.owners_token(house.host)
    headers = {"Content-Type": kind}
    declared = house.ask("POST", path, token, headers=headers, content=b" " * (MIB + 1))
    assert declared.status_code == 413
    undeclared = house.client.post(
        path, headers=headers | {"Authorization": f"Bearer {token}"}, content=chunks(2 * MIB)
    )
    reads = path in {JSON_ROUTE, "/api/v1/subjects"}
    assert undeclared.status_code == (413 if reads else 404)


@pytest.mark.parametrize("path", [FILE_ROUTE, FORM_ROUTE])
def test_a_body_with_files_is_not_endless(house: House, path: str):
    token = house.owners_token(house.host)
    kind = "image/jpeg" if path == FILE_ROUTE else "multipart/form-data; boundary=x"
    start = (
        JPEG
        if path == FILE_ROUTE
        else b'--x\r\nContent-Disposition: form-data; name="file"; filename="x"\r\n\r\n'
    )
    headers = {"Content-Type": kind, "Authorization": f"Bearer {token}"}

    endless = chain((start,), chunks(MOST_FILES))
    undeclared = house.client.post(path, headers=headers, content=endless)
    assert undeclared.status_code == 413, undeclared.text
    declared = house.client.post(path, headers=headers, content=bytes(MOST_FILES + 1))
    assert declared.status_code == 413


def test_nobody_who_is_not_let_in_has_a_body_read(house: House):
    """Whoever may not is answered before the body arrives, and the connection ends."""
    for path in (FILE_ROUTE, FORM_ROUTE):
        with connected(house) as sock:
            sock.sendall(
                f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: image/jpeg\r\n"
                f"Content-Length: {MOST_FILES}\r\n\r\n".encode()
            )
            answer = ending(sock)
        assert status_of(answer) == 401
        assert b"connection: close" in answer.lower()


def test_bodies_that_are_refused_are_forgotten(house: House):
    """What they held is free again, else nobody could send anything after a while."""
    token = house.owners_token(house.host)
    for _ in range(12):
        answer = house.client.post(
            FILE_ROUTE,
            headers={"Content-Type": "image/jpeg", "Authorization": f"Bearer {token}"},
            content=chain((JPEG,), chunks(MOST_FILES)),
        )
        assert answer.status_code == 413
    good = house.ask(
        "POST", FILE_ROUTE, token, headers={"Content-Type": "image/jpeg"}, content=JPEG
    )
    assert good.status_code == 201


@pytest.mark.parametrize("depth", [100, 10_000, 200_000])
@pytest.mark.parametrize("pair", ["[]", '{"a":}'])
def test_deeply_nested_json_is_refused(house: House, depth: int, pair: str):
    opening, closing = (pair[:-1], pair[-1])
    body = (opening * depth + "1" + closing * depth).encode()[:MIB]
    headers = {"Content-Type": "application/json"}
    answer = house.ask("POST", JSON_ROUTE, headers=headers, content=body)
    assert answer.status_code in {400, 422}
    nested = f'{{"format": "x", "public_key": "x", "signature": "x", "statement": {body.decode()}}}'
    answer = house.ask("POST", "/api/v1/receipts/check", headers=headers, content=nested.encode())
    assert answer.status_code in {200, 400, 413, 422}


PIECES = (
    f"POST {JSON_ROUTE} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n"
    "Content-Type: application/json\r\n\r\n"
).encode()


@pytest.mark.parametrize(
    "start",
    [
        b"GET / HTTP/1.1\r\nX: ",
        b"GET /",
        b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 1000,
        PIECES + b"1\r\n{\r\n0\r\nX: ",
        PIECES + b"1;x=",
    ],
)
def test_no_head_is_endless(house: House, start: bytes):
    """Nor are headers after a body, and what may stand beside the length of a piece."""
    sent, answer = 0, b""
    with connected(house) as sock:
        sock.sendall(start)
        with contextlib.suppress(ConnectionResetError, BrokenPipeError):
            while not answer and sent < 64 * MIB:
                sent += sock.send(b"y" * 65536)
                if select.select([sock], [], [], 0)[0]:
                    answer = ending(sock)
    assert sent < 16 * MIB
    assert status_of(answer) in {0, 400, 431}


# How slowly it comes


def test_a_body_that_stops_coming_is_given_up(house: House, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(limits, "GAP_S", 0.2)
    for path in (JSON_ROUTE, FORM_ROUTE, FILE_ROUTE):
        kind = "multipart/form-data; boundary=x" if path == FORM_ROUTE else "application/json"
        start = b"--x\r\n" if path == FORM_ROUTE else b"{"
        with connected(house) as sock:
            sock.sendall(head(house, path, f"Content-Type: {kind}", "Content-Length: 1000") + start)
            answer = ending(sock)
        assert status_of(answer) == 408
        assert b"application/problem+json" in answer


def test_a_body_in_small_sips_is_given_up(house: House, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(limits, "LONGEST_S", 0.5)
    with connected(house) as sock:
        length = ("Content-Type: application/json", "Transfer-Encoding: chunked")
        sock.sendall(head(house, FILE_ROUTE, *length))
        assert status_of(sips(sock, b"1\r\n[\r\n")) == 408


def sips(sock: socket.socket, sip: bytes) -> bytes:
    """Send something again and again until there is an answer; empty = the other end closed."""
    sock.settimeout(0.05)
    with contextlib.suppress(ConnectionResetError, BrokenPipeError):
        while True:
            sock.sendall(sip)
            with contextlib.suppress(TimeoutError):
                return sock.recv(65536)
    return b""


@pytest.mark.parametrize(
    "start", [b"", b"G", b"GET / HTTP/1.1\r\n", b"GET / HTTP/1.1\r\nHost: x\r\nX: "]
)
def test_a_head_that_stops_coming_is_given_up(
    house: House, monkeypatch: pytest.MonkeyPatch, start: bytes
):
    monkeypatch.setattr(patience, "HEAD_WITHIN_S", 0.2)
    with connected(house) as sock:
        sock.sendall(start)
        assert ending(sock) == b""


def test_a_head_in_small_sips_is_given_up(house: House, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(patience, "HEAD_WITHIN_S", 0.5)
    with connected(house) as sock:
        sock.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n")
        assert sips(sock, b"X") == b""


def test_the_second_head_of_a_connection_has_no_more_time(
    house: House, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(patience, "HEAD_WITHIN_S", 0.3)
    with connected(house) as sock:
        sock.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\nGET /healthz HTTP/1.1\r\nHo")
        answer = ending(sock)
    assert answer.count(b"HTTP/1.1 200 OK") == 1
