"""Requests as bytes, for what no proper client would send."""

import socket
from urllib.parse import urlsplit

import httpx


def send_raw(client: httpx.Client, *pieces: bytes, timeout_s: float = 60) -> bytes:
    """Send bytes to a client's server and return all that it says until it closes.

    Args:
        client: Knows the address.
        pieces: Sent one after the other, without waiting for an answer.
        timeout_s: Longest wait.
    """
    address = urlsplit(str(client.base_url))
    with socket.create_connection((address.hostname, address.port), timeout=timeout_s) as sock:
        for piece in pieces:
            sock.sendall(piece)
        return b"".join(iter(lambda: sock.recv(65536), b""))


def head_of(client: httpx.Client, request: bytes) -> bytes:
    """Send bytes to a client's server and return the head of its answer, without waiting on."""
    address = urlsplit(str(client.base_url))
    with socket.create_connection((address.hostname, address.port), timeout=60) as sock:
        sock.sendall(request)
        head = b""
        while b"\r\n\r\n" not in head and (piece := sock.recv(65536)):
            head += piece
        return head


def status_of(answer: bytes) -> int:
    """Return the status of the first answer in some bytes; 0 where there is none."""
    return int(answer.split(b" ", 2)[1]) if answer.startswith(b"HTTP/1.1 ") else 0
