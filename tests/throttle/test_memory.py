"""The moving window in memory, against the plainest possible one."""

from concurrent.futures import ThreadPoolExecutor

from hypothesis import given
from hypothesis import strategies as st

from visavis.throttle.memory import WindowMemory

LIMIT, WINDOW_S = 3, 10


class Clock:
    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


@given(st.lists(st.tuples(st.sampled_from("ab"), st.floats(0, 15)), max_size=40))
def test_never_more_than_the_limit_in_any_window_and_never_fewer(tries):
    clock = Clock()
    taken: dict[str, list[float]] = {"a": [], "b": []}
    memory = WindowMemory(clock)
    for key, pause in tries:
        clock.now += pause
        recent = [at for at in taken[key] if at >= clock.now - WINDOW_S]
        start, count = memory.get_moving_window(key, LIMIT, WINDOW_S)
        assert (start, count) == (min(recent, default=clock.now), len(recent))
        assert memory.acquire_entry(key, LIMIT, WINDOW_S) == (len(recent) < LIMIT)
        if len(recent) < LIMIT:
            taken[key].append(clock.now)


def test_several_at_once_are_taken_whole_or_not_at_all():
    memory = WindowMemory(Clock())
    assert not memory.acquire_entry("a", LIMIT, WINDOW_S, amount=4)
    assert memory.acquire_entry("a", LIMIT, WINDOW_S, amount=2)
    assert not memory.acquire_entry("a", LIMIT, WINDOW_S, amount=2)
    assert memory.acquire_entry("a", LIMIT, WINDOW_S)


def test_the_longest_unused_keys_are_forgotten():
    memory = WindowMemory(Clock(), most_keys=3)
    for key in ("old", "b", "c", "old", "d", "e"):
        assert memory.acquire_entry(key, LIMIT, WINDOW_S)
    assert list(memory._times) == ["old", "d", "e"]
    assert memory.get_moving_window("old", LIMIT, WINDOW_S)[1] == 2


def test_threads_together_get_no_more_than_the_limit():
    memory = WindowMemory(Clock())
    with ThreadPoolExecutor(16) as pool:
        taken = list(pool.map(lambda _: memory.acquire_entry("a", 100, WINDOW_S), range(2000)))
    assert sum(taken) == 100
