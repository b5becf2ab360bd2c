"""A job is done once, whoever dies; what fails is tried again, what cannot work is parked."""

import threading
from collections.abc import Callable
from contextlib import closing

import pytest

from tests.usecases.conftest import Clock, House
from visavis.core.errors import InvalidInput, Unavailable
from visavis.jobs.delivery import open_delivery
from visavis.store.jobs import Job, NewJob
from visavis.store.kinds import JobState
from visavis.store.work import Work
from visavis.usecases.ground import Ground
from visavis.usecases.job_kinds import Done, Kind, Run
from visavis.usecases.job_running import Runner
from visavis.usecases.job_sweeping import DEATHS, Sweeping

QUEUE = "work"
PATIENCE = 1200
"""Looks at what goes on in other threads, twenty a second."""


class Shop:
    """One kind of job, with what a test wants it to do."""

    def __init__(self, ground: Ground, house: House) -> None:
        self.ground, self.tenant_id = ground, house.tenant_id
        self.handle: Callable[[Run], Done] = lambda _run: Done({"done": True})
        self.dropped: list[str] = []
        self.kind = Kind("plain", QUEUE, lambda run: self.handle(run), self._drop)
        self.told: list[tuple[str, int]] = []
        self.runner = Runner(ground, [self.kind])
        self.sweeping = Sweeping(ground, self, [self.kind])  # type: ignore[arg-type]

    def tell(self, queue: str, count: int = 1) -> bool:
        self.told.append((queue, count))
        return True

    def ask(self, **more: object) -> Job:
        asked = NewJob("plain", QUEUE, **more)  # type: ignore[arg-type]
        now = self.ground.clock()
        return self.ground.store.run(lambda w: w.jobs.add_all(self.tenant_id, [asked], now))[0]

    def job(self, job: Job) -> Job:
        with self.ground.store.reading() as work:
            found = work.jobs.find(self.tenant_id, job.id)
        assert found is not None
        return found

    def take(self) -> Job:
        """Take a job and do not live to end it."""
        now = self.ground.clock()
        until = now + self.ground.settings.jobs.lease
        job = self.ground.store.run(lambda work: work.job_queues.take(QUEUE, now, until))
        assert job is not None
        return job

    def _drop(self, _work: Work, job: Job) -> Callable[[], object]:
        return lambda: self.dropped.append(job.id)


@pytest.fixture
def shop(ground: Ground, house: House) -> Shop:
    return Shop(ground, house)


def test_a_job_ends_with_what_came_of_it(shop: Shop):
    job = shop.ask(total=3)
    assert shop.runner.take_one(QUEUE)
    assert not shop.runner.take_one(QUEUE)
    ended = shop.job(job)
    assert (ended.state, ended.result, ended.progress) == (JobState.DONE, {"done": True}, 3)
    assert ended.lease == ""
    assert ended.attempts == 1


@pytest.mark.parametrize("error", [Unavailable("the disk is full"), RuntimeError("Ada's face")])
def test_what_fails_is_tried_again_and_parked_in_the_end(shop: Shop, clock: Clock, error):
    def fail(_run: Run) -> Done:
        raise error

    shop.handle, job = fail, shop.ask()
    most = shop.ground.settings.jobs.most_attempts
    for attempt in range(1, most + 1):
        assert shop.runner.take_one(QUEUE)
        assert not shop.runner.take_one(QUEUE), "it waits before it is tried again"
        assert shop.job(job).attempts == attempt
        clock.move(hours=1)
    parked = shop.job(job)
    assert parked.state is JobState.PARKED
    assert f"failed {most} times" in parked.error
    assert "Ada" not in parked.error


def test_bad_input_is_parked_at_once(shop: Shop):
    def refuse(_run: Run) -> Done:
        raise InvalidInput("this is no picture; send a JPEG")

    shop.handle, job = refuse, shop.ask()
    shop.runner.take_one(QUEUE)
    assert shop.job(job).state is JobState.PARKED
    assert shop.job(job).error == "this is no picture; send a JPEG"


def test_a_kind_that_is_not_known_is_parked(shop: Shop):
    job = shop.ask()
    Runner(shop.ground, []).take_one(QUEUE)
    assert shop.job(job).state is JobState.PARKED


def test_who_was_taken_for_dead_writes_nothing(shop: Shop, clock: Clock):
    written: list[str] = []

    def slow(run: Run) -> Done:
        clock.move(hours=1)
        shop.sweeping.sweep()
        shop.handle = lambda again: Done(write=lambda _work: written.append(again.job.lease))
        assert shop.runner.take_one(QUEUE)
        return Done(write=lambda _work: written.append(run.job.lease))

    shop.handle, job = slow, shop.ask()
    shop.runner.take_one(QUEUE)
    ended = shop.job(job)
    assert ended.state is JobState.DONE
    assert ended.attempts == 2
    assert len(written) == 1


def test_what_is_written_goes_when_the_job_cannot_end(shop: Shop):
    def write(work: Work) -> None:
        work.jobs.add_all(shop.tenant_id, [NewJob("other", QUEUE)], shop.ground.clock())
        raise Unavailable("the disk is full")

    shop.handle, job = (lambda _run: Done(write=write)), shop.ask()
    shop.runner.take_one(QUEUE)
    assert shop.job(job).state is JobState.WAITING
    with shop.ground.store.reading() as work:
        assert len(work.jobs.page(shop.tenant_id).items) == 1


def test_a_dead_workers_job_goes_to_another(shop: Shop, clock: Clock):
    job = shop.ask()
    shop.take()
    shop.sweeping.sweep()
    assert shop.job(job).state is JobState.RUNNING, "the worker may live"
    clock.move(seconds=shop.ground.settings.jobs.lease_s + 1)
    shop.sweeping.sweep()
    assert shop.job(job).state is JobState.WAITING
    assert (QUEUE, 1) in shop.told
    shop.runner.take_one(QUEUE)
    assert shop.job(job).state is JobState.DONE


def test_what_kills_every_worker_is_parked(shop: Shop, clock: Clock):
    job = shop.ask()
    for _ in range(DEATHS * shop.ground.settings.jobs.most_attempts):
        shop.take()
        clock.move(hours=1)
        shop.sweeping.sweep()
    assert shop.job(job).state is JobState.PARKED
    assert "workers died" in shop.job(job).error


def test_workers_are_told_again_of_what_they_do_not_know(shop: Shop, clock: Clock):
    for _ in range(3):
        shop.ask()
    shop.sweeping.sweep()
    assert shop.told == [], "they were told just now"
    clock.move(seconds=shop.ground.settings.jobs.sweep_s + 1)
    shop.sweeping.sweep()
    assert shop.told == [(QUEUE, 3)]
    shop.sweeping.sweep()
    assert shop.told == [(QUEUE, 3)]


def test_a_held_queue_waits(shop: Shop, clock: Clock):
    job, now = shop.ask(), clock()
    shop.ground.store.run(lambda work: work.job_queues.hold(QUEUE, now))
    clock.move(hours=1)
    shop.sweeping.sweep()
    assert shop.told == []
    assert not shop.runner.take_one(QUEUE)
    shop.ground.store.run(lambda work: work.job_queues.let_go(QUEUE, now))
    assert shop.runner.take_one(QUEUE)
    assert shop.job(job).state is JobState.DONE


def test_a_job_that_is_cancelled_stops_where_it_reports(shop: Shop):
    def work(run: Run) -> Done:
        run.report(1, 5)
        assert shop.job(run.job).progress == 1
        now = shop.ground.clock()
        assert shop.ground.store.run(lambda w: w.jobs.cancel(shop.tenant_id, run.job.id, now))
        with closing(shop.runner):
            shop.runner._leases._note([run.job.lease])  # what its thread does
        run.report(2, 5)
        raise AssertionError("it goes on")

    shop.handle, job = work, shop.ask(total=5)
    shop.runner.take_one(QUEUE)
    assert shop.job(job).state is JobState.CANCELLED


def test_ended_jobs_go_with_what_they_keep(shop: Shop, clock: Clock):
    job, waits = shop.ask(), shop.ask()
    shop.runner.take_one(QUEUE)
    assert shop.sweeping.remove_ended() == 0
    clock.move(days=shop.ground.settings.jobs.keep_days + 1)
    assert shop.sweeping.remove_ended() == 1
    assert shop.dropped == [job.id]
    assert shop.job(waits).state is JobState.WAITING


def test_delivery_and_runner_meet(shop: Shop):
    jobs = [shop.ask() for _ in range(5)]
    with closing(open_delivery("", [QUEUE])) as delivery:
        delivery.tell(QUEUE, 9)  # more tickets than jobs
        with delivery.working([QUEUE], 2, shop.runner.take_one):
            for _ in range(PATIENCE):
                if all(shop.job(job).state is JobState.DONE for job in jobs):
                    break
                threading.Event().wait(0.05)
    assert {shop.job(job).attempts for job in jobs} == {1}
