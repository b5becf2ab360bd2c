"""Starting and stopping the server as a process would be."""

import signal
import socket
import subprocess
import sys
from urllib.parse import urlsplit

import pytest

from visavis.core.errors import Unavailable
from visavis.core.settings import ServerOptions
from visavis.entry.http_api.server import listen, serve

PROGRAM = """
from visavis.core.settings import ServerOptions
from visavis.entry.http_api.server import serve

async def app(scope, receive, send):
    if scope["type"] != "http":
        return
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"first ", "more_body": True})
    while (await receive()).get("more_body"):
        pass
    await send({"type": "http.response.body", "body": b"last"})

serve(app, ServerOptions(port=0), lambda address: print(address, flush=True))
print("cleaned up", flush=True)
"""


def test_a_stop_signal_finishes_the_request_in_progress_and_returns() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        address = urlsplit(process.stdout.readline().strip())
        with socket.create_connection((address.hostname, address.port), timeout=60) as sock:
            sock.sendall(b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 6\r\n\r\none")
            answer = read_until(sock, b"first ")
            process.send_signal(signal.SIGTERM)
            sock.sendall(b"two")
            answer += read_until(sock, b"last")
        rest = process.stdout.read()

    assert answer.startswith(b"HTTP/1.1 200 OK")
    assert rest == "cleaned up\n"
    assert process.returncode == 0


def read_until(sock: socket.socket, end: bytes) -> bytes:
    data = b""
    while end not in data:
        piece = sock.recv(4096)
        assert piece, data
        data += piece
    return data


def test_a_taken_port_is_one_sentence() -> None:
    with listen("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(Unavailable, match=f"cannot listen on 127.0.0.1:{port}"):
            serve(unused, ServerOptions(port=port))


async def unused(*_: object) -> None:
    raise AssertionError
