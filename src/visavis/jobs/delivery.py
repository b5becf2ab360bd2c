"""Delivery: tells workers that there is something to do; the rows say what.

A message is a ticket: it names a queue and nothing else. Whoever gets one takes the job whose turn
it is from the rows. So a ticket that is lost, comes twice or comes late does no harm, order and
fairness are those of the rows, and a broker holds the same few bytes for every job.
"""

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager

import dramatiq
import structlog
from dramatiq.brokers.stub import StubBroker

from visavis.core.errors import InvalidSettings

log = structlog.get_logger(__name__)

Act = Callable[[str], object]
"""Does one job of a queue, if there is one."""

_TICKET = "take_one"
_NAMESPACE = "visavis"
_PATIENCE_S = 2.0
"""Longest wait for a broker: who asks for a job waits as long, and the rows do not need it."""

_DEAD_AFTER_MS = 15_000
"""Without a sign of life for so long, a worker's tickets go to others."""


class Delivery:
    """Tells workers, in this process or in others; safe to use from several threads.

    Args:
        broker: Carries tickets.
        queues: All that there are.
    """

    def __init__(self, broker: dramatiq.Broker, queues: Collection[str]) -> None:
        self._broker = broker
        for queue in queues:
            broker.declare_queue(queue)

    def tell(self, queue: str, count: int = 1) -> bool:
        """Tell workers that there are jobs; False where the broker does not answer.

        Who asked for the jobs need not care: the sweep tells of them again.
        """
        try:
            for _ in range(count):
                self._broker.enqueue(dramatiq.Message(queue, _TICKET, (queue,), {}, {}))
        except Exception as exc:  # noqa: BLE001  # every broker has errors of its own
            log.warning("broker_does_not_answer", queue=queue, reason=type(exc).__name__)
            return False
        return True

    @contextmanager
    def working(self, queues: Collection[str], threads: int, act: Act) -> Iterator[None]:
        """Do jobs of some queues in threads of this process meanwhile; at the end finish those.

        Args:
            queues: Which.
            threads: Jobs done at the same time.
            act: Does one; what it raises is logged and goes no further.
        """

        def take_one(queue: str) -> None:
            try:
                act(queue)
            except Exception as exc:
                log.exception("ticket_failed", queue=queue, error=type(exc).__name__)

        dramatiq.Actor(
            take_one,
            broker=self._broker,
            actor_name=_TICKET,
            queue_name=min(queues),
            priority=0,
            options={},
        )
        worker = dramatiq.Worker(self._broker, queues=set(queues), worker_threads=threads)
        worker.start()
        try:
            yield
        finally:
            worker.stop()

    def close(self) -> None:
        """Let go of the broker."""
        self._broker.close()


def open_delivery(url: str, queues: Collection[str]) -> Delivery:
    """Return what carries tickets.

    Args:
        url: `redis://…`, `amqp://…`; empty = in this process only.
        queues: All that there are.

    Raises:
        InvalidSettings: the URL is none of these, or a library is missing.
    """
    kind = url.partition(":")[0]
    if not url:
        return Delivery(StubBroker(middleware=[]), queues)
    if kind in {"redis", "rediss"}:
        return Delivery(_redis(url), queues)
    if kind in {"amqp", "amqps"}:
        return Delivery(_rabbitmq(url), queues)
    raise InvalidSettings(f"jobs.broker_url begins with redis:// or amqp://, not {kind}://")


def _redis(url: str) -> dramatiq.Broker:
    import redis
    from dramatiq.brokers.redis import RedisBroker

    client = redis.Redis.from_url(
        url, socket_timeout=_PATIENCE_S, socket_connect_timeout=_PATIENCE_S
    )
    return RedisBroker(  # type: ignore[no-untyped-call]
        client=client,
        middleware=[],
        namespace=_NAMESPACE,
        heartbeat_timeout=_DEAD_AFTER_MS,
    )


def _rabbitmq(url: str) -> dramatiq.Broker:
    try:
        from dramatiq.brokers.rabbitmq import RabbitmqBroker
    except ImportError as exc:
        raise InvalidSettings(
            "jobs over RabbitMQ need one more library: pip install 'visavis[rabbitmq]'"
        ) from exc
    return RabbitmqBroker(url=url, middleware=[])
