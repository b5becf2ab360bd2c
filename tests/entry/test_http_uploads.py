"""What is not a proper form of pictures, and what is too much, on a real server."""

import contextlib
import select
import socket
from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx
import pytest

from tests.entry.http_running import faulty_services, running_private
from visavis.core.errors import ImageFault, InvalidImage
from visavis.core.settings import ImageOptions, ServerOptions, Settings
from visavis.entry.http_api import uploads
from visavis.entry.http_api.schemas import Problem

URL = "/api/v1/analyze"
MAX_REQUEST, MAX_FILE, MAX_FILES = 300_000, 50_000, 4


def unread() -> None:
    """Refuse every picture that gets as far as the engine: these tests are about those before."""
    raise InvalidImage(ImageFault.UNSUPPORTED, "reached the engine")


@pytest.fixture(scope="module")
def client() -> Iterator[httpx.Client]:
    settings = Settings(
        images=ImageOptions(max_bytes=MAX_FILE),
        server=ServerOptions(max_files=MAX_FILES, max_request_bytes=MAX_REQUEST),
    )
    with running_private(faulty_services(unread, settings)) as client:
        yield client


def part(disposition: str, body: str = "x") -> str:
    return f"--B\r\nContent-Disposition: {disposition}\r\n\r\n{body}\r\n"


FILE = 'form-data; name="files"; filename="a.jpg"'
HOSTILE = {
    "empty": "",
    "garbage": "\x00\xff" * 500,
    "no end": part(FILE),
    "cut in a header": "--B\r\nContent-Dispo",
    "no headers": "--B\r\n\r\nx\r\n--B--\r\n",
    "no name": part("form-data") + "--B--\r\n",
    "unknown field": part('form-data; name="evil"') + "--B--\r\n",
    "nothing in it": "--B--\r\n",
    "another boundary": part(FILE).replace("--B", "--C") + "--C--\r\n",
    "endless header": "--B\r\nX-Long: " + "a" * 200_000 + "\r\n\r\nx\r\n--B--\r\n",
    "many headers": "--B\r\n" + "X: y\r\n" * 5_000 + "\r\nx\r\n--B--\r\n",
    "many empty parts": part('form-data; name="files"; filename=""', "") * 2_000 + "--B--\r\n",
    "many files": part(FILE) * (MAX_FILES + 1) + "--B--\r\n",
    "long feature": part('form-data; name="features"', "a" * 100_000) + "--B--\r\n",
    "only a field": part('form-data; name="features"', "points") + "--B--\r\n",
}


@pytest.mark.parametrize("body", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_form_is_a_problem_and_never_a_crash(client: httpx.Client, body: str) -> None:
    headers = {"Content-Type": "multipart/form-data; boundary=B"}

    answer = client.post(URL, content=body.encode("latin-1"), headers=headers)

    assert answer.status_code in {400, 413, 422}, answer.text
    assert Problem.model_validate(answer.json()).detail.endswith(".")


@pytest.mark.parametrize(
    ("content_type", "status"),
    [
        ("", 415),
        ("application/json", 415),
        ("multipart/mixed; boundary=B", 415),
        ("multipart/form-data", 400),
        ("multipart/form-data; boundary=", 400),
        ("multipart/form-data; boundary=" + "B" * 5_000, 400),
        ("multipart/form-data; boundary=B; charset=undefined", 415),  # read: a lone bad picture
        ("multipart/form-data; boundary=B; charset=unicode_escape", 415),
    ],
)
def test_the_content_type_is_checked_and_its_charset_ignored(
    client: httpx.Client, content_type: str, status: int
) -> None:
    body = part('form-data; name="files"; filename="\\ud800\xff\x01.jpg"') + "--B--\r\n"

    answer = client.post(
        URL, content=body.encode("latin-1"), headers={"Content-Type": content_type}
    )

    assert answer.status_code == status, answer.text
    assert Problem.model_validate(answer.json()).status == status


def test_a_file_over_its_cap_fails_alone(client: httpx.Client) -> None:
    pictures = [("files", ("big.jpg", bytes(MAX_FILE + 1))), ("files", ("ok.jpg", bytes(MAX_FILE)))]

    alone = client.post(URL, files=pictures[:1])
    both = client.post(URL, files=pictures)

    assert alone.status_code == 413
    assert alone.json()["category"] == "too_large"
    assert str(MAX_FILE) in alone.json()["detail"]
    assert both.status_code == 415, "the second one must have reached the engine"
    assert both.json()["detail"] == "reached the engine"


def test_too_many_files_are_refused_with_the_number_allowed(client: httpx.Client) -> None:
    answer = client.post(URL, files=[("files", ("a.jpg", b"x"))] * (MAX_FILES + 1))

    assert answer.status_code == 413
    assert str(MAX_FILES) in answer.json()["detail"]


def test_a_declared_length_over_the_cap_is_refused_before_a_byte_is_sent(
    client: httpx.Client,
) -> None:
    with connect(client) as sock:
        sock.sendall(head(f"Content-Length: {MAX_REQUEST + 1}"))
        answer = read_all(sock)

    assert answer.startswith(b"HTTP/1.1 413 ")
    assert str(MAX_REQUEST).encode() in answer


def test_an_endless_upload_by_chunks_is_cut_off_at_the_cap(client: httpx.Client) -> None:
    chunk = b"1000\r\n" + bytes(0x1000) + b"\r\n"
    sent = 0
    with connect(client) as sock:
        sock.sendall(head("Transfer-Encoding: chunked") + b"4e\r\n" + opening() + b"\r\n")
        try:
            while sent < 100 * MAX_REQUEST:
                sock.sendall(chunk)
                sent += len(chunk)
        except OSError:  # the server has closed: that is what should happen
            pass
        answer = read_all(sock)

    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b"request-too-large" in answer
    assert sent < 100 * MAX_REQUEST


def head(framing: str) -> bytes:
    lines = [
        f"POST {URL} HTTP/1.1",
        "Host: localhost",
        "Content-Type: multipart/form-data; boundary=B",
        framing,
        "\r\n",
    ]
    return "\r\n".join(lines).encode()


def opening() -> bytes:
    start = b'--B\r\nContent-Disposition: form-data; name="files"; filename="endless.jpg"\r\n\r\n'
    return start.ljust(0x4E, b"x")[:0x4E]


def connect(client: httpx.Client) -> socket.socket:
    address = urlsplit(str(client.base_url))
    return socket.create_connection((str(address.hostname), int(address.port or 80)), timeout=60)


def read_all(sock: socket.socket) -> bytes:
    """Read until the server closes, by either way of closing."""
    data = b""
    try:
        while piece := sock.recv(65536):
            data += piece
    except ConnectionResetError:
        pass
    return data


def test_all_uploads_together_may_hold_only_so_much() -> None:
    settings = Settings(server=ServerOptions(max_request_bytes=MAX_REQUEST))
    half = opening().ljust(MAX_REQUEST // 2, b"x")
    with running_private(faulty_services(unread, settings)) as client:
        sending = [connect(client) for _ in range(12)]
        for sock in sending:  # together they hold six times what one may, and none ends
            sock.sendall(head(f"Content-Length: {MAX_REQUEST}") + half)
        refused, _, _ = select.select(sending, [], [], 60)
        refusal = refused[0].recv(65536)
        for sock in sending:
            with contextlib.suppress(OSError):
                sock.sendall(half)
                sock.recv(65536)
            sock.close()
        again = (client.post(URL, files={"file": ("a.jpg", b"x")}) for _ in range(200))
        after = next((answer.status_code for answer in again if answer.status_code != 429), 429)

    assert refusal.startswith(b"HTTP/1.1 429 ")
    assert b"retry-after" in refusal.lower()
    assert after == 415, "what the uploads held must be free again"


@pytest.mark.parametrize("field", ["files", "features"])
def test_parts_without_end_are_refused(client: httpx.Client, field: str) -> None:
    """Empty ones too: each of them takes memory, and none counts as a picture."""
    body = part(f'form-data; name="{field}"', "") * (MAX_FILES + uploads.PARTS_BESIDE + 1)
    headers = {"Content-Type": "multipart/form-data; boundary=B"}

    answer = client.post(URL, content=f"{body}--B--\r\n".encode(), headers=headers)

    assert answer.status_code == 413, answer.text
    assert "parts" in answer.json()["detail"]


def test_a_text_over_its_cap_is_refused_and_not_taken_for_none(client: httpx.Client) -> None:
    files = {"file": ("a.jpg", b"x")}

    answer = client.post(URL, files=files, data={"features": "points" * 200})

    assert answer.status_code == 422
    assert "'features'" in answer.json()["detail"]
