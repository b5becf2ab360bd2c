"""Tickets reach workers, whatever carries them; what cannot be carried harms nobody."""

import threading
from contextlib import closing

import pytest

from tests.jobs.brokers import KINDS, broker
from visavis.core.errors import InvalidSettings
from visavis.jobs.delivery import open_delivery

PATIENCE_S = 60


class Acts:
    """Counts what was asked for, and waits until there was enough of it."""

    def __init__(self, wanted: int, fails_at: int = 0) -> None:
        self.asked: list[str] = []
        self._fails_at, self._lock = fails_at, threading.Lock()
        self._enough, self._wanted = threading.Event(), wanted

    def __call__(self, queue: str) -> None:
        with self._lock:
            self.asked.append(queue)
            number = len(self.asked)
        if number >= self._wanted:
            self._enough.set()
        if number == self._fails_at:
            raise RuntimeError("this one fails")

    def wait(self) -> None:
        assert self._enough.wait(PATIENCE_S), f"{len(self.asked)} of {self._wanted} came"


@pytest.mark.parametrize("kind", KINDS)
def test_each_ticket_is_one_act(kind: str):
    acts = Acts(20)
    with broker(kind) as (url, queue), closing(open_delivery(url, [queue])) as delivery:
        assert delivery.tell(queue, 15)
        with delivery.working([queue], 3, acts):
            assert delivery.tell(queue, 5)
            acts.wait()
    assert acts.asked == [queue] * 20


@pytest.mark.parametrize("kind", KINDS)
def test_an_act_that_fails_stops_nothing(kind: str):
    acts = Acts(6, fails_at=2)
    with (
        broker(kind) as (url, queue),
        closing(open_delivery(url, [queue])) as delivery,
        delivery.working([queue], 1, acts),
    ):
        delivery.tell(queue, 6)
        acts.wait()
    assert len(acts.asked) == 6


@pytest.mark.parametrize("kind", KINDS)
def test_only_the_queues_that_were_asked_for_are_worked_on(kind: str):
    acts = Acts(2)
    with (
        broker(kind) as (url, mine),
        broker(kind) as (_, other),
        closing(open_delivery(url, [mine, other])) as delivery,
    ):
        delivery.tell(other, 3)
        delivery.tell(mine, 2)
        with delivery.working([mine], 2, acts):
            acts.wait()
    assert acts.asked == [mine] * 2


def test_a_broker_that_is_away_is_no_error():
    with closing(open_delivery("redis://127.0.0.1:1/0", ["pictures"])) as delivery:
        assert not delivery.tell("pictures")


def test_an_unknown_broker_is_refused():
    with pytest.raises(InvalidSettings, match="redis:// or amqp://, not kafka://"):
        open_delivery("kafka://somewhere", ["pictures"])
