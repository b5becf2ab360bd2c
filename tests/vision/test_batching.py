import threading
import time
from concurrent.futures import Future, wait

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from visavis.core.errors import DeadlineExceeded, Overloaded, Unavailable
from visavis.core.settings import BatchOptions
from visavis.vision.batching import Batcher


class Gate:
    """Work that waits until it is opened, so that a test decides what is queued meanwhile."""

    def __init__(self):
        self.open = threading.Event()
        self.started = threading.Event()
        self.batches = []

    def __call__(self, items):
        self.started.set()
        self.open.wait(20)
        self.batches.append(list(items))
        return [item * 2 for item in items]


def failing_on(bad):
    def work(items):
        if bad & set(items):
            raise ValueError(f"cannot take {items}")
        return [item * 2 for item in items]

    return work


@given(st.lists(st.integers(), max_size=40), st.sets(st.integers(-5, 5)), st.integers(1, 3))
@settings(max_examples=30, deadline=None)
def test_each_item_gets_its_own_result_and_only_bad_ones_fail(items, bad, workers):
    batcher = Batcher(failing_on(bad), workers, BatchOptions())
    futures = [batcher.submit(item) for item in items]
    wait(futures)
    batcher.close()
    for item, future in zip(items, futures, strict=True):
        if item in bad:
            assert isinstance(future.exception(), ValueError)
        else:
            assert future.result() == item * 2


def test_a_result_that_is_an_exception_belongs_to_its_item():
    def work(items: list[int]) -> list[int | Exception]:
        return [KeyError(i) if i else i for i in items]

    batcher = Batcher(work, 1, BatchOptions())
    futures = [batcher.submit(i) for i in (0, 1)]
    wait(futures)
    batcher.close()
    assert futures[0].result() == 0
    assert isinstance(futures[1].exception(), KeyError)


def test_what_arrives_while_a_worker_is_busy_is_taken_together():
    gate = Gate()
    batcher = Batcher(gate, 1, BatchOptions(max_items=4))
    first = batcher.submit(0)
    gate.started.wait(20)
    rest = [batcher.submit(i) for i in range(1, 7)]
    gate.open.set()
    wait([first, *rest])
    batcher.close()
    assert gate.batches == [[0], [1, 2, 3, 4], [5, 6]]


def test_a_full_queue_refuses_and_takes_again_when_there_is_room():
    gate = Gate()
    batcher = Batcher(gate, 1, BatchOptions(queue_size=2))
    batcher.submit(0)
    gate.started.wait(20)
    queued = [batcher.submit(i) for i in (1, 2)]
    assert batcher.waiting() == 2
    with pytest.raises(Overloaded, match="2 pictures are waiting"):
        batcher.submit(3)
    gate.open.set()
    wait(queued)
    assert batcher.submit(4).result(20) == 8
    batcher.close()


def test_a_patient_caller_waits_for_room():
    gate = Gate()
    batcher = Batcher(gate, 1, BatchOptions(queue_size=1))
    batcher.submit(0)
    gate.started.wait(20)
    batcher.submit(1)
    answer: Future[Future[int]] = Future()
    caller = threading.Thread(target=lambda: answer.set_result(batcher.submit(2, wait=True)))
    caller.start()
    assert not answer.done()
    gate.open.set()
    assert answer.result(20).result(20) == 4
    caller.join()
    batcher.close()


def test_an_item_past_its_deadline_is_answered_without_work():
    gate = Gate()
    batcher = Batcher(gate, 1, BatchOptions(deadline_s=0.05))
    batcher.submit(0)
    gate.started.wait(20)
    late = batcher.submit(1)
    time.sleep(0.1)
    gate.open.set()
    assert isinstance(late.exception(20), DeadlineExceeded)
    batcher.close()
    assert gate.batches == [[0]]


def test_closing_finishes_the_work_in_hand_and_refuses_the_rest():
    gate = Gate()
    batcher = Batcher(gate, 1, BatchOptions())
    in_hand = batcher.submit(1)
    gate.started.wait(20)
    waiting = batcher.submit(2)
    closer = threading.Thread(target=batcher.close)
    closer.start()
    assert isinstance(waiting.exception(20), Unavailable)
    gate.open.set()
    closer.join(20)
    assert in_hand.result(20) == 2
    with pytest.raises(Unavailable, match="stopping"):
        batcher.submit(3)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_dead_worker_is_seen_and_nobody_waits_for_it():
    def die(items):
        raise SystemExit(1)

    batcher = Batcher(die, 1, BatchOptions())
    future = batcher.submit(1)
    assert isinstance(future.exception(20), Unavailable)
    for thread in batcher._threads:
        thread.join(20)
    assert batcher.alive() == (0, 1)
    with pytest.raises(Unavailable, match="restart"):
        batcher.submit(2)
    batcher.close()
