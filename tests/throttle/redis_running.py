"""Redis for tests: the one that is there, and one of our own that can be ended."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event

import redis

from tests.conftest import require_or_skip
from visavis.throttle.redis_storage import PREFIX

URL = os.environ.get("VISAVIS_TEST_REDIS_URL", "redis://127.0.0.1:6379/15")
LONGEST_START_S = 60


@contextmanager
def shared_redis() -> Iterator["redis.Redis"]:
    """Give a client of the Redis that is there; what the tests leave in it is removed."""
    client = redis.Redis.from_url(URL, socket_connect_timeout=5)
    try:
        client.ping()
    except redis.RedisError as exc:
        require_or_skip("redis", f"no Redis at VISAVIS_TEST_REDIS_URL: {type(exc).__name__}")
    with client:
        _clear(client)
        try:
            yield client
        finally:
            _clear(client)


@contextmanager
def own_redis(port: int, folder: Path) -> Iterator[None]:
    """Run a Redis of our own on a port of loopback, until the block ends."""
    if shutil.which("redis-server") is None:
        require_or_skip("redis", "no redis-server here; install Debian's package redis-server")
    command = ["redis-server", "--bind", "127.0.0.1", "--port", str(port), "--dir", str(folder)]
    server = subprocess.Popen(
        [*command, "--save", "", "--appendonly", "no"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _await(server, port)
        yield
    finally:
        server.kill()
        server.wait(60)


def _await(server: "subprocess.Popen[bytes]", port: int) -> None:
    """Return when the server answers; it is asked twenty times a second."""
    with redis.Redis(port=port, socket_timeout=5) as client:
        for _ in range(20 * LONGEST_START_S):
            assert server.poll() is None
            try:
                client.ping()
            except redis.RedisError:
                Event().wait(0.05)
            else:
                return
    raise AssertionError(f"no answer from redis-server on port {port}")


def _clear(client: "redis.Redis") -> None:
    for key in client.scan_iter(f"{PREFIX}:*"):
        client.delete(key)
