"""Whatever happens to the stages, and however they meet, a picture ends with one result."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from itertools import count
from pathlib import Path
from threading import Barrier

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.store.databases import KINDS, database
from tests.usecases.split_house import Workshop, portraits, workshop
from visavis.core.errors import InvalidInput
from visavis.core.types import Source
from visavis.store.jobs import Job
from visavis.store.kinds import JobState
from visavis.usecases.queues import DESCRIBE, DETECT, STORE
from visavis.usecases.stage_parts import Part
from visavis.vision.analyzer import Analyzer

ROUNDS = 20
ACTS = (DETECT, DESCRIBE, STORE, "die", "sweep", "repeat", "cancel", "requeue")
NUMBERS = count()


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory, analyzer: Analyzer) -> Iterator[Workshop]:
    with workshop(tmp_path_factory.mktemp("split"), analyzer) as opened:
        yield opened


@pytest.fixture(scope="module")
def portrait(shared_data: Path) -> Source:
    return portraits(shared_data, 1)[0]


def another(portrait: Source) -> Source:
    """Return a picture that shows the same and is another file."""
    return replace(portrait, data=portrait.data + next(NUMBERS).to_bytes(4, "big"))


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(acts=st.lists(st.sampled_from(ACTS), max_size=12))
def test_every_story_ends_with_one_result(shop: Workshop, portrait: Source, acts: list[str]):
    (job,) = shop.submit(another(portrait))
    results, files = shop.results.count(shop.house.viewer), shop.files()
    for act in acts:
        happens(shop, job, act)
    if shop.state(job) is JobState.CANCELLED:
        happens(shop, job, "requeue")
    for _ in range(4):
        shop.do()
        happens(shop, job, "sweep")
    ended = shop.job(job)
    assert (ended.state, ended.error) == (JobState.DONE, "")
    assert shop.results.count(shop.house.viewer) == results + 1
    assert shop.files() == files + 2, "three of the result, and the waiting picture is gone"
    assert shop.part_names(job) == frozenset()
    assert JobState.RUNNING not in shop.stages(job).values()


def happens(shop: Workshop, job: Job, act: str) -> None:
    """Let something happen to a job."""
    if act in {DETECT, DESCRIBE, STORE}:
        shop.do(act)
    elif act == "die":
        for queue in (DETECT, DESCRIBE, STORE):
            shop.take(queue)
    elif act == "sweep":
        shop.clock.move(seconds=shop.ground.settings.jobs.lease_s + 1)
        shop.sweeping.sweep()
    elif act == "repeat":
        for part in Part:
            if found := shop.parts.found(job, part):
                shop.parts.collect(job.tenant_id, job.id, part, found)
    else:
        do = shop.jobs.cancel if act == "cancel" else shop.jobs.requeue
        with suppress(InvalidInput):  # it has ended, or has not
            do(shop.house.operator, job.id)


@pytest.mark.parametrize("kind", KINDS)
def test_parts_that_come_at_the_same_time_make_the_job_due(
    tmp_path: Path, analyzer: Analyzer, portrait: Source, kind: str
):
    with (
        database(kind, tmp_path) as url,
        workshop(tmp_path, analyzer, url=url) as shop,
        ThreadPoolExecutor(4) as pool,
    ):
        (first,) = shop.submit(portrait)
        shop.do(DETECT)
        shop.do(DESCRIBE)
        parts = {part: shop.parts.found(first, part) for part in Part}
        shop.do()
        for _ in range(ROUNDS):
            (job,) = shop.submit(another(portrait))
            meet = Barrier(4)

            def hand_in(part: Part, job: Job = job, meet: Barrier = meet) -> bool:
                meet.wait(60)
                found = parts[part]
                assert found is not None
                return shop.parts.collect(job.tenant_id, job.id, part, found)

            both = [Part.DETECT, Part.DESCRIBE] * 2
            assert True in list(pool.map(hand_in, both))
            assert shop.job(job).due_at == shop.clock()
            assert shop.do(STORE) == 1
            assert shop.state(job) is JobState.DONE
