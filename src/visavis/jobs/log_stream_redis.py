"""The log through Redis: processes add lines to one stream, collectors share what is in it.

A line stays in the stream until a collector says that it is kept; what a dead collector had taken
goes to another. The stream is short, and Redis may lose it: a log is no record.
"""

import os
import socket
import threading
from collections.abc import Sequence
from typing import Any

import structlog
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError, ResponseError
from redis.retry import Retry

from visavis.core.errors import InvalidSettings, Unavailable
from visavis.core.log_lines import is_line_id
from visavis.jobs.log_stream import MOST_AT_ONCE, Entry, Waiting

log = structlog.get_logger(__name__)

STREAM, GROUP = "visavis:log", "collectors"

MOST_IN_STREAM = 100_000
"""Lines in Redis, roughly; the oldest go when nobody collects them."""

LONGEST_LINE = 256 * 1024
"""Bytes of a line from the stream; nobody writes longer ones."""

TIMEOUT_S = 5.0
DEAD_AFTER_MS = 60_000
"""What a collector has not kept after so long goes to another one."""

GONE_AFTER_MS = 24 * 3600 * 1000
"""Collectors that were not heard of for so long are forgotten."""

_NO_GROUP = ("NOGROUP", "no such key")
_SCHEMES = ("redis://", "rediss://", "unix://")


def open_redis(url: str) -> "Redis":
    """Return a client; nothing is contacted yet.

    Raises:
        InvalidSettings: it is no address; the message does not repeat it, as a password may be in
            it.
    """
    if not url.startswith(_SCHEMES):
        raise _mistaken()
    try:
        client: Redis = Redis.from_url(
            url,
            socket_timeout=TIMEOUT_S,
            socket_connect_timeout=TIMEOUT_S,
            retry=Retry(NoBackoff(), 1),  # once: a connection may have been closed for being idle
        )
    except ValueError:
        raise _mistaken() from None  # the error may quote a piece of the password
    return client


def _mistaken() -> InvalidSettings:
    return InvalidSettings(
        "VISAVIS_LOGS__URL is no address of Redis: write redis://HOST:PORT/DATABASE, or leave it "
        "empty so that each process keeps its own lines"
    )


class RedisSender:
    """Carries the lines of this process to the stream, in a thread of its own.

    Args:
        waiting: The lines.
        client: Of Redis.
        pause_s: How long Redis is left alone after it did not answer.
    """

    def __init__(self, waiting: Waiting, client: "Redis", pause_s: float = 1.0) -> None:
        self._waiting, self._client, self._pause_s = waiting, client, pause_s
        self._is_away = False

    def run(self, stop: threading.Event) -> None:
        """Carry lines until told to stop, and then what is left, if Redis answers."""
        entries: Sequence[Entry] = ()
        while not stop.is_set():
            entries = entries or self._waiting.take(0.5)
            if self._sent(entries):
                entries = ()
            else:
                stop.wait(self._pause_s)
        while (entries := entries or self._waiting.take(0)) and self._sent(entries):
            entries = ()

    def _sent(self, entries: Sequence[Entry]) -> bool:
        """Add lines to the stream; False where Redis does not answer.

        Lines of an answer that was lost come twice, with the same id: the collector knows them.
        """
        if not entries:
            return True
        try:
            with self._client.pipeline(transaction=False) as pipe:
                for entry in entries:
                    told: dict[Any, Any] = {"id": entry.id, "line": entry.text}
                    pipe.xadd(STREAM, told, maxlen=MOST_IN_STREAM, approximate=True)
                pipe.execute()
        except RedisError as exc:
            self._note_away(exc)
            return False
        self._note_back()
        return True

    def _note_away(self, exc: RedisError) -> None:
        if not self._is_away:
            log.warning("log_stream_away", reason=type(exc).__name__)
        self._is_away = True

    def _note_back(self) -> None:
        if self._is_away:
            log.warning("log_stream_back")
        self._is_away = False


class RedisSource:
    """What a collector takes from the stream; one collector a source.

    Args:
        client: Of Redis.
        called: Name of the collector; empty = host and process, which are its own.
        dead_after_ms: When others are taken for dead.
    """

    def __init__(
        self, client: "Redis", called: str = "", dead_after_ms: int = DEAD_AFTER_MS
    ) -> None:
        self._client = client
        self._name = called or f"{socket.gethostname()}:{os.getpid()}:{threading.get_ident()}"
        self._dead_after_ms = dead_after_ms
        self._is_new = True

    def take(self, wait_s: float) -> Sequence[Entry]:
        """Return lines that a dead collector had taken, else new ones.

        Raises:
            Unavailable: Redis does not answer.
        """
        try:
            if self._is_new:
                self._forget_gone()
            return self._left() or self._new(wait_s)
        except ResponseError as exc:
            if not str(exc).startswith(_NO_GROUP):
                raise Unavailable("Redis refuses the stream of the log; see its own log") from exc
            self._make_group()
            return ()
        except RedisError as exc:
            raise Unavailable("Redis does not answer; start it, or correct its address") from exc

    def done(self, entries: Sequence[Entry]) -> None:
        """Tell Redis that lines are kept, and remove them from the stream.

        Raises:
            Unavailable: Redis does not answer: they will come again.
        """
        places = [entry.place for entry in entries]
        if not places:
            return
        try:
            with self._client.pipeline(transaction=False) as pipe:
                pipe.xack(STREAM, GROUP, *places)
                pipe.xdel(STREAM, *places)
                pipe.execute()
        except RedisError as exc:
            raise Unavailable("Redis does not answer; start it, or correct its address") from exc

    def _forget_gone(self) -> None:
        """Forget collectors that ended long ago and have nothing left."""
        for each in self._client.xinfo_consumers(STREAM, GROUP):
            if each["pending"] == 0 and each["idle"] > GONE_AFTER_MS:
                self._client.xgroup_delconsumer(STREAM, GROUP, each["name"])
        self._is_new = False

    def _left(self) -> Sequence[Entry]:
        """Return what collectors that are dead had taken."""
        _, found, *_ = self._client.xautoclaim(
            STREAM, GROUP, self._name, self._dead_after_ms, count=MOST_AT_ONCE
        )
        return self._read(found, again=True)

    def _new(self, wait_s: float) -> Sequence[Entry]:
        block = max(1, int(wait_s * 1000))  # 0 would be for ever
        told: Any = self._client.xreadgroup(
            GROUP, self._name, {STREAM: ">"}, count=MOST_AT_ONCE, block=block
        )
        return self._read(told[0][1] if told else [], again=False)

    def _read(self, found: Sequence[Any], *, again: bool) -> Sequence[Entry]:
        """Return entries of the stream; what nobody of ours wrote is removed at once."""
        read: list[Entry] = []
        strange: list[Entry] = []
        for place, told in found:
            entry = _entry(place, told or {}, again=again)
            (read if entry.id else strange).append(entry)
        self.done(strange)
        return read

    def _make_group(self) -> None:
        """Begin to share the stream: it is new, or Redis has lost it."""
        try:
            self._client.xgroup_create(STREAM, GROUP, id="0", mkstream=True)
        except ResponseError:
            return  # another collector was faster
        except RedisError as exc:
            raise Unavailable("Redis does not answer; start it, or correct its address") from exc


def _entry(place: bytes, told: dict[bytes, bytes], *, again: bool) -> Entry:
    """Return one entry of the stream; without an id where it is not ours."""
    line_id = told.get(b"id", b"").decode("ascii", "replace")
    text = told.get(b"line", b"")
    fits = is_line_id(line_id) and 0 < len(text) <= LONGEST_LINE
    return Entry(line_id if fits else "", text.decode("utf-8", "replace"), place.decode(), again)
