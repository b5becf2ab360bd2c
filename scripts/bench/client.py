"""A load generator in its own process: raw keep-alive connections, each asking again at once.

    python -m scripts.bench.client PORT CLIENTS TARGET LIST

TARGET is what to post to, such as `/api/v1/recognize`. LIST names one picture file a line; every
line is sent once. Prints one JSON object: `{"latencies_s": […], "wall_s", "errors": […]}`.
"""

import json
import socket
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

BOUNDARY = "visavis-bench"


def main(port: int, clients: int, target: str, listing: Path) -> None:
    """Send all pictures and print what was measured."""
    paths = iter([Path(line) for line in listing.read_text().splitlines()])
    latencies: list[float] = []
    errors: list[str] = []
    threads = [
        threading.Thread(target=_client, args=(port, target, paths, latencies, errors))
        for _ in range(clients)
    ]
    started = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    wall_s = time.perf_counter() - started
    print(json.dumps({"latencies_s": latencies, "wall_s": wall_s, "errors": errors}))


_next = threading.Lock()


def _client(
    port: int, target: str, paths: Iterator[Path], latencies: list[float], errors: list[str]
) -> None:
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        while True:
            with _next:
                path = next(paths, None)
            if path is None:
                return
            request = _request(path, target)
            started = time.perf_counter()
            connection.sendall(request)
            status = _answer(connection)
            latencies.append(time.perf_counter() - started)
            if status != 200:
                errors.append(f"{path.name}: {status}")


def _request(path: Path, target: str) -> bytes:
    disposition = f'form-data; name="file"; filename="{path.name}"'
    head = f"--{BOUNDARY}\r\nContent-Disposition: {disposition}\r\n"
    head += "Content-Type: application/octet-stream\r\n\r\n"
    body = head.encode() + path.read_bytes() + f"\r\n--{BOUNDARY}--\r\n".encode()
    lines = [
        f"POST {target} HTTP/1.1",
        "Host: 127.0.0.1",
        f"Content-Type: multipart/form-data; boundary={BOUNDARY}",
        f"Content-Length: {len(body)}",
    ]
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + body


def _answer(connection: socket.socket) -> int:
    """Read one answer to its end and return its status."""
    received = bytearray()
    while (end := received.find(b"\r\n\r\n")) < 0:
        received += _some(connection)
    head = bytes(received[:end]).lower().split(b"\r\n")
    lengths = [line for line in head if line.startswith(b"content-length:")]
    if not lengths:
        raise ValueError("the answer states no length")
    missing = int(lengths[0].partition(b":")[2]) - (len(received) - end - 4)
    while missing > 0:
        missing -= len(_some(connection))
    return int(head[0].split()[1])


def _some(connection: socket.socket) -> bytes:
    piece = connection.recv(1 << 18)
    if not piece:
        raise ConnectionError("the server closed the connection")
    return piece


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], Path(sys.argv[4]))
