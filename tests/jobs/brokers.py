"""Brokers for tests: each one that carries tickets."""

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

from tests.conftest import require_or_skip
from tests.throttle.redis_running import URL as REDIS

RABBITMQ = os.environ.get("VISAVIS_TEST_RABBITMQ_URL", "amqp://guest:guest@127.0.0.1:5672")
KINDS = ("in this process", "redis", "rabbitmq")


@contextmanager
def broker(kind: str) -> Iterator[tuple[str, str]]:
    """Give the address of a broker and a queue that nobody else uses; it is removed afterwards."""
    queue = f"test-{uuid.uuid4().hex[:12]}"
    if kind == "redis":
        with _redis(queue) as url:
            yield url, queue
    elif kind == "rabbitmq":
        with _rabbitmq(queue) as url:
            yield url, queue
    else:
        yield "", queue


@contextmanager
def _redis(queue: str) -> Iterator[str]:
    import redis

    with redis.Redis.from_url(REDIS, socket_connect_timeout=5) as client:
        try:
            client.ping()
        except redis.RedisError as exc:
            require_or_skip("redis", f"no Redis at VISAVIS_TEST_REDIS_URL: {type(exc).__name__}")
        try:
            yield REDIS
        finally:
            for key in client.scan_iter(f"visavis:{queue}*"):
                client.delete(key)


@contextmanager
def _rabbitmq(queue: str) -> Iterator[str]:
    try:
        import pika
    except ImportError:
        require_or_skip("rabbitmq", "pika is not installed; pip install 'visavis[rabbitmq]'")
    try:
        connection = pika.BlockingConnection(pika.URLParameters(RABBITMQ))
    except pika.exceptions.AMQPError as exc:
        require_or_skip("rabbitmq", f"no RabbitMQ at VISAVIS_TEST_RABBITMQ_URL: {exc!r}")
    try:
        yield RABBITMQ
    finally:
        channel = connection.channel()
        for name in (queue, f"{queue}.DQ", f"{queue}.XQ"):
            channel.queue_delete(name)
        connection.close()
