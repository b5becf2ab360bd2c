"""Throttle: refuses the one too many, in memory and in Redis, and survives a Redis that is gone."""

import socket
from types import SimpleNamespace

import pytest
import structlog

from tests.throttle.redis_running import URL, own_redis, shared_redis
from visavis.core.errors import InvalidSettings, Overloaded, Unavailable
from visavis.core.settings import ThrottleOptions
from visavis.throttle import redis_storage
from visavis.throttle.errors import TooManyRequests
from visavis.throttle.redis_storage import PREFIX
from visavis.throttle.throttle import ASK_AGAIN_S, LOG_EVERY_S, Kind, Throttle

LIMITS = {
    "per_address": "3 per minute",
    "per_key": "4 per minute",
    "login": "2 per minute; 3 per hour",
    "mail": "1 per hour",
}
ANN = "ann@firm.com"


class Clock:
    def __init__(self):
        self.now = 1_795_000_000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def redis():
    with shared_redis() as client:
        yield client


@pytest.fixture(params=["memory", "redis"])
def throttle(request, clock, monkeypatch):
    """Give a throttle over each place, both by the same clock."""
    if request.param == "memory":
        return Throttle(ThrottleOptions(**LIMITS), clock=clock)
    request.getfixturevalue("redis")
    monkeypatch.setattr("limits.storage.redis.time", SimpleNamespace(time=clock))
    return Throttle(ThrottleOptions(url=URL, **LIMITS), clock=clock)


def test_a_look_refuses_as_a_try_would_and_counts_nothing(throttle):
    for _ in range(3):
        throttle.expect(Kind.LOGIN, ANN)
    for _ in range(2):
        throttle.check(Kind.LOGIN, ANN)
    with pytest.raises(TooManyRequests) as refused:
        throttle.expect(Kind.LOGIN, ANN)
    assert refused.value.retry_after_s == over(throttle, Kind.LOGIN, ANN)


def over(throttle, kind, key):
    """Expect a refusal and return how long to wait."""
    with pytest.raises(TooManyRequests) as raised:
        throttle.check(kind, key)
    assert str(raised.value) == (
        f"that was tried too often; try again in {raised.value.retry_after_s} s"
    )
    return raised.value.retry_after_s


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as sock:
        return sock.getsockname()[1]


@pytest.mark.parametrize(
    ("kind", "most", "wait"),
    [(Kind.PER_ADDRESS, 3, 60), (Kind.PER_KEY, 4, 60), (Kind.LOGIN, 2, 60), (Kind.MAIL, 1, 3600)],
)
def test_the_one_too_many_is_refused(throttle, kind, most, wait):
    for _ in range(most):
        throttle.check(kind, "192.0.2.7")
    assert over(throttle, kind, "192.0.2.7") == wait
    assert over(throttle, kind, "192.0.2.7") == wait


def test_the_window_moves(throttle, clock):
    for pause in (0, 20, 20):
        clock.now += pause
        throttle.check(Kind.PER_ADDRESS, "192.0.2.7")
    assert over(throttle, Kind.PER_ADDRESS, "192.0.2.7") == 20
    clock.now += 19.5
    assert over(throttle, Kind.PER_ADDRESS, "192.0.2.7") == 1
    clock.now += 1
    throttle.check(Kind.PER_ADDRESS, "192.0.2.7")
    assert over(throttle, Kind.PER_ADDRESS, "192.0.2.7") == 20


def test_refused_tries_do_not_use_up_the_longer_window(throttle, clock):
    throttle.check(Kind.LOGIN, ANN)
    throttle.check(Kind.LOGIN, ANN)
    for _ in range(20):
        assert over(throttle, Kind.LOGIN, ANN) == 60
    clock.now += 61
    throttle.check(Kind.LOGIN, ANN)
    assert over(throttle, Kind.LOGIN, ANN) == 3600 - 61
    clock.now += 3600 - 61 + 1
    throttle.check(Kind.LOGIN, ANN)


def test_each_is_counted_alone(throttle):
    throttle.check(Kind.MAIL, ANN)
    throttle.check(Kind.MAIL, "bob@firm.com")
    throttle.check(Kind.LOGIN, ANN)
    assert over(throttle, Kind.MAIL, ANN)


def test_a_network_of_ipv6_is_one(throttle):
    for number in range(3):
        throttle.check(Kind.PER_ADDRESS, f"2001:db8:1:2::{number}")
    assert over(throttle, Kind.PER_ADDRESS, "2001:db8:1:2:ffff::9") == 60
    throttle.check(Kind.PER_ADDRESS, "2001:db8:1:3::1")


def test_too_many_is_a_kind_of_overloaded():
    assert issubclass(TooManyRequests, Overloaded)
    assert issubclass(TooManyRequests, Unavailable)


def test_all_processes_count_together_in_redis(redis):
    one, other = (Throttle(ThrottleOptions(url=URL, **LIMITS)) for _ in range(2))
    one.check(Kind.PER_ADDRESS, "192.0.2.7")
    other.check(Kind.PER_ADDRESS, "192.0.2.7")
    one.check(Kind.PER_ADDRESS, "192.0.2.7")
    assert 1 <= over(other, Kind.PER_ADDRESS, "192.0.2.7") <= 60


def test_nobody_can_be_read_from_redis_and_everything_ends_there(redis):
    throttle = Throttle(ThrottleOptions(url=URL, **LIMITS), pepper=b"p" * 32)
    throttle.check(Kind.MAIL, ANN)
    throttle.check(Kind.PER_ADDRESS, "192.0.2.7")

    keys = list(redis.scan_iter(f"{PREFIX}:*"))

    assert len(keys) == 2
    for key in keys:
        assert b"ann" not in key
        assert b"192" not in key.split(b"/")[1]
        assert b"ann" not in b"".join(redis.lrange(key, 0, -1))
        assert 0 < redis.ttl(key) <= 3600


def test_nothing_is_contacted_before_the_first_try():
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        Throttle(ThrottleOptions(url=f"redis://127.0.0.1:{server.getsockname()[1]}"))
        with pytest.raises(BlockingIOError):
            server.accept()


def test_without_redis_the_limits_hold_in_memory(clock):
    url = f"redis://:hunter2@127.0.0.1:{free_port()}/0"
    throttle = Throttle(ThrottleOptions(url=url, **LIMITS), clock=clock)
    with structlog.testing.capture_logs() as lines:
        for _ in range(3):
            throttle.check(Kind.PER_ADDRESS, "192.0.2.7")
        assert over(throttle, Kind.PER_ADDRESS, "192.0.2.7") == 60
    assert lines == [
        {
            "event": "throttle_counts_in_memory",
            "reason": "ConnectionError",
            "log_level": "warning",
        }
    ]


def test_it_is_logged_once_a_minute(clock):
    throttle = Throttle(ThrottleOptions(url=f"redis://127.0.0.1:{free_port()}/0"), clock=clock)
    with structlog.testing.capture_logs() as lines:
        for _ in range(int(2 * LOG_EVERY_S / ASK_AGAIN_S) + 1):
            throttle.check(Kind.PER_ADDRESS, "192.0.2.7")
            clock.now += ASK_AGAIN_S
    assert len(lines) == 3


def test_a_redis_that_never_answers_is_asked_seldom(clock, monkeypatch):
    monkeypatch.setattr(redis_storage, "TIMEOUT_S", 0.05)
    with socket.create_server(("127.0.0.1", 0), backlog=64) as silent:
        silent.setblocking(False)
        url = f"redis://127.0.0.1:{silent.getsockname()[1]}"
        throttle = Throttle(ThrottleOptions(url=url, **LIMITS), clock=clock)
        for _ in range(3):
            throttle.check(Kind.PER_ADDRESS, "192.0.2.7")
        assert over(throttle, Kind.PER_ADDRESS, "192.0.2.7") == 60
        assert connections(silent) == 2  # one try and one more
        clock.now -= 86_400
        throttle.check(Kind.MAIL, ANN)
        assert connections(silent) == 2  # a clock that was set back does not keep it from asking


def connections(server):
    """Return how many knocked since the last look."""
    count = 0
    while True:
        try:
            server.accept()[0].close()
        except BlockingIOError:
            return count
        count += 1


def test_redis_dies_and_comes_back(clock, tmp_path):
    port = free_port()
    options = ThrottleOptions(url=f"redis://127.0.0.1:{port}/0", **LIMITS)
    throttle = Throttle(options, clock=clock)
    with own_redis(port, tmp_path):
        throttle.check(Kind.MAIL, ANN)
        assert over(throttle, Kind.MAIL, ANN)

    throttle.check(Kind.MAIL, ANN)  # memory knows of none yet
    assert over(throttle, Kind.MAIL, ANN) == 3600

    with own_redis(port, tmp_path):
        assert over(throttle, Kind.MAIL, ANN)  # not asked yet
        clock.now += ASK_AGAIN_S
        throttle.check(Kind.MAIL, ANN)
        assert over(Throttle(options), Kind.MAIL, ANN)


def test_a_redis_that_refuses_is_as_one_that_is_gone(redis, clock):
    throttle = Throttle(ThrottleOptions(url=URL, **LIMITS), clock=clock)
    throttle.check(Kind.MAIL, ANN)
    (key,) = redis.scan_iter(f"{PREFIX}:*")
    redis.delete(key)
    redis.set(key, "no list")

    throttle.check(Kind.MAIL, ANN)
    assert over(throttle, Kind.MAIL, ANN) == 3600


@pytest.mark.parametrize("host", ["x" * 70, "a..b"])
def test_a_host_that_is_no_name_lets_nobody_through_uncounted(host, clock):
    throttle = Throttle(ThrottleOptions(url=f"redis://{host}/0", **LIMITS), clock=clock)
    throttle.check(Kind.MAIL, ANN)
    assert over(throttle, Kind.MAIL, ANN) == 3600


@pytest.mark.parametrize("name", sorted(LIMITS))
def test_a_mistaken_limit_names_its_setting(name):
    with pytest.raises(InvalidSettings, match=f"^VISAVIS_THROTTLE__{name.upper()} = 'often'"):
        Throttle(ThrottleOptions(**{**LIMITS, name: "often"}))


@pytest.mark.parametrize(
    "url",
    [
        *("memcached://127.0.0.1", "127.0.0.1:6379", "http://hunter2@127.0.0.1", "memory://"),
        *("redis://:hunter2@127.0.0.1:port/0", "redis://127.0.0.1:6379/0?socket_timeout=x"),
        *("redis://127.0.0.1:6379/0?nonsense=1", "redis://127.0.0.1:99999/0"),
        "redis://:hunter2/x@127.0.0.1/0",
    ],
)
def test_a_mistaken_address_of_redis_is_not_repeated(url):
    with pytest.raises(InvalidSettings, match="VISAVIS_THROTTLE__URL is no address") as raised:
        Throttle(ThrottleOptions(url=url))
    assert "hunter2" not in str(raised.value)
    assert raised.value.__suppress_context__ or raised.value.__context__ is None


def test_the_limits_of_the_settings_work_as_they_are():
    throttle = Throttle(ThrottleOptions())
    for _ in range(5):
        throttle.check(Kind.MAIL, ANN)
    assert 1 <= over(throttle, Kind.MAIL, ANN) <= 3600
