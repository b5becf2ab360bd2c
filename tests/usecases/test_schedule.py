"""Acts are done again and again until the schedule is closed, whatever one of them raises."""

from datetime import timedelta
from threading import Event, current_thread

import pytest

from visavis.usecases.schedule import Act, Schedule

AT_ONCE = timedelta(0)
NEVER = timedelta(days=365)
PATIENCE_S = 30


@pytest.fixture
def start():
    """Give a function that starts a schedule, which is closed after the test."""
    started = []

    def begin(*acts, first_after=AT_ONCE):
        schedule = Schedule(acts, first_after)
        started.append(schedule)
        schedule.start()
        return schedule

    yield begin
    for schedule in started:
        schedule.close()


def test_an_act_is_done_again_and_again(start):
    often, rounds = Event(), []

    def act():
        rounds.append(current_thread().name)
        if len(rounds) == 3:
            often.set()

    start(Act("count", AT_ONCE, act))
    assert often.wait(PATIENCE_S)
    assert set(rounds) == {"schedule"}


def test_what_one_act_raises_stops_neither_it_nor_the_others(start):
    other_done, again = Event(), Event()
    rounds = []

    def fail():
        rounds.append(1)
        if len(rounds) == 2:
            again.set()
        raise RuntimeError("it quotes somebody's name")

    start(Act("fails", AT_ONCE, fail), Act("works", AT_ONCE, other_done.set))
    assert other_done.wait(PATIENCE_S)
    assert again.wait(PATIENCE_S)


def test_an_act_waits_for_its_time(start):
    rare, often, rounds = [], Event(), []

    def act():
        rounds.append(1)
        if len(rounds) == 5:
            often.set()

    start(Act("rare", NEVER, lambda: rare.append(1)), Act("often", AT_ONCE, act))
    assert often.wait(PATIENCE_S)
    assert rare == [1]


def test_closing_ends_it_while_it_waits(start):
    done = []
    schedule = start(Act("never", NEVER, lambda: done.append(1)), first_after=NEVER)
    schedule.close()
    assert done == []
    assert not schedule._thread.is_alive()


def test_no_act_begins_after_closing(start):
    running, go_on, done = Event(), Event(), []

    def first():
        running.set()
        assert go_on.wait(PATIENCE_S)

    schedule = start(Act("first", AT_ONCE, first), Act("second", AT_ONCE, lambda: done.append(1)))
    assert running.wait(PATIENCE_S)
    schedule._over.set()
    go_on.set()
    schedule.close()
    assert done == []


def test_a_schedule_that_was_never_started_can_be_closed():
    Schedule([]).close()
