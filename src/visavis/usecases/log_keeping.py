"""Bringing the lines of this process to where they are kept, beside its work."""

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

from visavis.core.errors import InvalidSettings
from visavis.core.log import listen
from visavis.core.settings import LogOptions
from visavis.jobs.log_stream import Source, Waiting
from visavis.jobs.log_stream_collector import LogCollector
from visavis.jobs.log_stream_redis import RedisSender, RedisSource, open_redis
from visavis.usecases.logs import Logs

SERVER = "api"
"""The service that may collect the lines of all processes beside its work."""

_STOP_WITHIN_S = 10.0


@contextmanager
def keeping(options: LogOptions, logs: Logs, service: str) -> Iterator[None]:
    """Keep what this process logs while the block lasts.

    With Redis its lines go to the stream, where the server collects those of all processes, or
    whoever runs `open_collector`. Without it each process keeps its own lines itself.

    Args:
        options: How.
        logs: Where.
        service: What this process is.

    Raises:
        InvalidSettings: the address of Redis is none.
    """
    waiting = Waiting()
    collects = options.collect and (not options.url or service == SERVER)
    with ExitStack() as beside:
        if options.url:
            sender = RedisSender(waiting, open_redis(options.url))
            beside.enter_context(_in_a_thread(sender.run, "log sender"))
        if collects:
            source: Source = RedisSource(open_redis(options.url)) if options.url else waiting
            collector = _collector(source, logs)
            beside.enter_context(_in_a_thread(collector.run, "log collector"))
        if options.url or collects:
            beside.enter_context(listen(waiting.put, options.level))
        yield


def open_collector(options: LogOptions, logs: Logs) -> LogCollector:
    """Return what collects the lines of all processes; call its `run`.

    Raises:
        InvalidSettings: there is no stream to collect from, or its address is none.
    """
    if not options.url:
        raise InvalidSettings(
            "collecting the lines of other processes takes Redis: set VISAVIS_LOGS__URL for all "
            "of them, or leave the queue `log` to the server"
        )
    return _collector(RedisSource(open_redis(options.url)), logs)


def _collector(source: Source, logs: Logs) -> LogCollector:
    return LogCollector(source, (logs.keep, logs.files.write))


@contextmanager
def _in_a_thread(run: Callable[[threading.Event], None], name: str) -> Iterator[None]:
    """Run something beside the block; at its end let it finish, for a few seconds at most."""
    stop = threading.Event()
    thread = threading.Thread(target=run, args=(stop,), name=name, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(_STOP_WITHIN_S)
