"""Redis as the place where all processes count together."""

from limits.storage import RedisStorage, Storage
from redis import ConnectionPool
from redis.backoff import NoBackoff
from redis.retry import Retry

from visavis.core.errors import InvalidSettings

PREFIX = "visavis:throttle"

TIMEOUT_S = 0.5
"""A server on the same network answers in a millisecond; one that does not is as good as gone."""

_SCHEMES = ("redis://", "rediss://", "unix://")


def open_redis(url: str) -> Storage:
    """Return where to count; nothing is contacted yet.

    Args:
        url: `redis://[[user]:password@]host[:port][/database]`, `rediss://…` for TLS, or
            `unix://path`.

    Raises:
        InvalidSettings: it is no such address; the message does not repeat it, as a password may
            be in it.
    """
    if not url.startswith(_SCHEMES):
        raise _mistaken()
    try:
        pool = ConnectionPool.from_url(
            url,
            socket_timeout=TIMEOUT_S,
            socket_connect_timeout=TIMEOUT_S,
            retry=Retry(NoBackoff(), 1),  # once: a connection may have been closed for being idle
        )
        pool.connection_class(**pool.connection_kwargs)  # refuses options that do not exist
        return RedisStorage(url, connection_pool=pool, key_prefix=PREFIX)
    except (ValueError, TypeError):
        raise _mistaken() from None  # the error may quote a piece of the password


def _mistaken() -> InvalidSettings:
    return InvalidSettings(
        "VISAVIS_THROTTLE__URL is no address of Redis: write redis://HOST:PORT/DATABASE, or leave "
        "it empty to count in memory"
    )
