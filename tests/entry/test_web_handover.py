"""Pictures that wait for the page of a person: once, not for long, and not too many."""

import threading

import pytest

from visavis.core.types import Source
from visavis.entry.web import handover
from visavis.entry.web.handover import Handed, Handover


def picture(size: int = 10) -> tuple[Handed, ...]:
    return (Handed(Source("a.jpg", bytes(size))),)


def test_a_page_gets_its_pictures_once():
    waiting = Handover()
    waiting.give("user", "ada", picture())
    assert waiting.take("another", "ada") == ()
    assert waiting.take("user", "ada") == picture()
    assert waiting.take("user", "ada") == ()


def test_the_oldest_make_room_for_others(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(handover, "MOST_BYTES", 100)
    waiting = Handover()
    for name in ("ada", "bob", "cleo"):
        waiting.give("user", name, picture(40))
    waiting.give("user", "too much", picture(101))
    assert [bool(waiting.take("user", name)) for name in ("ada", "bob", "cleo", "too much")] == [
        False,
        True,
        True,
        False,
    ]


def test_what_nobody_comes_for_is_forgotten_without_anybody_asking(monkeypatch):
    """By a timer: a page that is closed must not leave pictures in memory."""
    timers: list[threading.Timer] = []

    class Kept(threading.Timer):
        def start(self) -> None:
            timers.append(self)
            super().start()

    monkeypatch.setattr(handover, "KEPT_S", 0.05)
    monkeypatch.setattr(threading, "Timer", Kept)
    waiting = Handover()
    waiting.give("user", "ada", picture())
    timers[0].join(60)
    monkeypatch.setattr(handover, "KEPT_S", 60.0)
    assert waiting.take("user", "ada") == ()
