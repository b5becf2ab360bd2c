"""Services of their own find what one process finds, and each job ends once, whoever fails."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from zipfile import ZipFile

import numpy as np
import pytest

from tests.usecases.split_house import FEATURES, Workshop, portraits, workshop
from visavis.core.errors import InvalidInput, Unavailable
from visavis.core.types import Faces, Feature, Source
from visavis.store.errors import NotThere
from visavis.store.jobs import Job
from visavis.store.kinds import JobState, Mode
from visavis.usecases.analysis import Analysis
from visavis.usecases.queues import DESCRIBE, DETECT, STORE
from visavis.usecases.stage_parts import Part
from visavis.vision.analyzer import Analyzer


@pytest.fixture
def shop(tmp_path: Path, analyzer: Analyzer) -> Iterator[Workshop]:
    with workshop(tmp_path, analyzer) as opened:
        yield opened


@pytest.fixture(scope="module")
def people(shared_data: Path) -> list[Source]:
    return portraits(shared_data, 3)


def crowd(shared_data: Path, count: int) -> list[Source]:
    with ZipFile(shared_data / "wider_dev" / "images.zip") as file:
        names = sorted(name for name in file.namelist() if name.endswith(".jpg"))[:count]
        return [Source(name, file.read(name)) for name in names]


class Broken:
    """Takes parts as long as it is there."""

    def __init__(self, shop: Workshop, answers: list[bool]) -> None:
        self.shop, self.answers = shop, answers

    def collect(self, tenant_id: str, job_id: str, part: str, analysis: Analysis) -> bool:
        if not self.answers.pop(0):
            raise Unavailable("nobody listens there")
        return self.shop.parts.collect(tenant_id, job_id, part, analysis)


@pytest.mark.parametrize(
    "features",
    [FEATURES, frozenset[Feature](), frozenset({Feature.MESH}), frozenset({Feature.AGE})],
    ids=lambda features: ",".join(sorted(features)) or "boxes",
)
def test_results_are_those_of_one_process(tmp_path, analyzer, shared_data, features):
    sources = [*portraits(shared_data, 3), *crowd(shared_data, 3)]
    told = []
    for split in (False, True):
        with workshop(tmp_path / str(split), analyzer, split=split) as opened:
            jobs: list[Job] = []
            for source in sources:  # one after the other: runs are shared alike
                jobs += opened.submit(source, features=features)
                opened.do()
            assert {opened.state(job) for job in jobs} == {JobState.DONE}
            told.append([opened.told(job) for job in jobs])
            assert opened.files() == 3 * len(sources), "the pictures of the jobs are gone"
    assert told[0] == told[1]
    assert sum(len(document["faces"]) for document, _, _ in told[1]) > 6


def test_stages_are_shown_to_nobody_and_nothing_is_left(shop: Workshop, people: list[Source]):
    (job,) = shop.submit(people[0])
    assert (job.queue, shop.stages(job)) == (STORE, {DETECT: JobState.WAITING})
    shop.clock.move(days=1)
    shop.sweeping.sweep()
    assert shop.do(STORE, DESCRIBE) == 0, "neither is due before faces were found"
    assert shop.do(DETECT) == 1
    assert shop.part_names(job) == {Part.BOXES, Part.DETECT}
    assert shop.do(STORE) == 0, "a part is missing"
    assert shop.do(DESCRIBE) == 1
    assert shop.do(STORE) == 1
    assert (shop.state(job), shop.part_names(job)) == (JobState.DONE, frozenset())
    assert [each.id for each in shop.jobs.page(shop.house.viewer).items] == [job.id]
    assert shop.jobs.counts(shop.house.viewer) == {JobState.DONE: 1}


@pytest.mark.parametrize("dead", [DETECT, DESCRIBE, STORE])
def test_who_dies_is_followed_by_another(shop: Workshop, people: list[Source], dead: str):
    (job,) = shop.submit(people[0])
    order = (DETECT, DESCRIBE, STORE)
    for before in order[: order.index(dead)]:
        assert shop.do(before) == 1
    assert shop.take(dead)
    assert shop.do() == 0
    shop.clock.move(seconds=shop.ground.settings.jobs.lease_s + 1)
    shop.sweeping.sweep()
    shop.do()
    assert shop.state(job) is JobState.DONE
    assert shop.told(job)[0]["num_faces"] == 1


def test_parts_handed_in_again_count_once(shop: Workshop, people: list[Source]):
    (job,) = shop.submit(people[0])
    shop.do(DETECT)
    boxes, detect = shop.parts.found(job, Part.BOXES), shop.parts.found(job, Part.DETECT)
    assert boxes is not None
    assert detect is not None
    for _ in range(3):
        assert not shop.parts.collect(job.tenant_id, job.id, Part.BOXES, boxes)
        assert not shop.parts.collect(job.tenant_id, job.id, Part.DETECT, detect)
    assert shop.do(DESCRIBE) == 1, "it is begun once"
    assert shop.parts.collect(job.tenant_id, job.id, Part.DETECT, detect)
    assert shop.do(STORE) == 1
    assert not shop.parts.collect(job.tenant_id, job.id, Part.DETECT, detect)
    assert shop.part_names(job) == frozenset(), "a job that has ended takes no more"
    assert shop.do() == 0


def test_what_is_no_part_is_refused(shop: Workshop, people: list[Source]):
    (job,) = shop.submit(people[0])
    nothing = Analysis("", "", 1, 1, Faces.none(), "default", 0)
    with pytest.raises(InvalidInput, match="boxes, detect, describe"):
        shop.parts.collect(job.tenant_id, job.id, "mesh", nothing)
    with pytest.raises(NotThere):
        shop.parts.collect("ab" * 16, job.id, Part.DETECT, nothing)
    assert not shop.parts.collect(job.tenant_id, "cd" * 16, Part.DETECT, nothing)


def test_a_part_that_nobody_takes_is_handed_in_later(shop: Workshop, people: list[Source]):
    most = shop.ground.settings.jobs.most_attempts
    (job,) = shop.submit(people[0])
    shop.collect_in(Broken(shop, [False] * (most + 2) + [True, False] + [True] * 3))
    for _ in range(most + 3):
        shop.do(DETECT)
        shop.clock.move(minutes=1)
    assert shop.stages(job)[DETECT] is JobState.WAITING, "an outage parks nothing"
    assert shop.part_names(job) == {Part.BOXES}
    shop.do()
    assert shop.state(job) is JobState.DONE


def test_what_a_stage_cannot_do_parks_the_job_with_its_reason(shop: Workshop):
    (job,) = shop.submit(Source("broken.jpg", b"\xff\xd8\xff\xe0 no picture"))
    shop.do()
    parked = shop.job(job)
    assert parked.state is JobState.PARKED
    assert shop.stages(job) == {DETECT: JobState.PARKED}
    assert "picture" in parked.error
    again = shop.jobs.requeue(shop.house.operator, job.id)
    assert again.state is JobState.WAITING
    shop.do()
    assert shop.state(job) is JobState.PARKED
    assert shop.stages(job) == {DETECT: JobState.PARKED}, "the first try is forgotten"


def test_a_job_that_failed_begins_anew(shop: Workshop, people: list[Source], monkeypatch):
    (job,) = shop.submit(people[0])
    shop.do(DETECT)
    with monkeypatch.context() as broken:
        broken.setattr(type(shop.looking), "look", never)
        for _ in range(shop.ground.settings.jobs.most_attempts):
            shop.do(DESCRIBE)
            shop.clock.move(hours=1)
    assert shop.state(job) is JobState.PARKED
    assert "RuntimeError" in shop.job(job).error
    shop.jobs.requeue(shop.house.operator, job.id)
    assert shop.do(STORE) == 1
    assert shop.stages(job) == {DETECT: JobState.WAITING}
    assert shop.part_names(job) == frozenset()
    shop.do()
    assert shop.state(job) is JobState.DONE


def never(*_: object) -> None:
    raise RuntimeError("this worker is broken")


def test_parts_of_different_faces_are_found_anew(shop: Workshop, people: list[Source]):
    (job,) = shop.submit(people[0])
    shop.do(DETECT)
    boxes = shop.parts.found(job, Part.BOXES)
    assert boxes is not None
    moved = replace(boxes.faces, boxes=boxes.faces.boxes + np.float32(1))
    shop.parts.collect(job.tenant_id, job.id, Part.DESCRIBE, replace(boxes, faces=moved))
    shop.do(STORE)
    assert shop.state(job) is JobState.WAITING
    assert "different faces" in shop.job(job).error
    shop.clock.move(minutes=1)
    shop.do()
    assert (shop.state(job), shop.told(job)[0]["num_faces"]) == (JobState.DONE, 1)


def test_a_cancelled_job_has_no_stages_that_go_on(shop: Workshop, people: list[Source]):
    jobs = shop.submit(*people)
    shop.do(DETECT)
    for job in jobs:
        shop.jobs.cancel(shop.house.operator, job.id)
        assert shop.stages(job)[DESCRIBE] is JobState.CANCELLED
    assert shop.do() == 0
    shop.jobs.requeue(shop.house.operator, jobs[0].id)
    shop.do()
    assert [shop.state(job) for job in jobs] == [JobState.DONE, *[JobState.CANCELLED] * 2]


def test_who_cancels_a_stage_cancels_the_job(shop: Workshop, people: list[Source]):
    (job,) = shop.submit(people[0])
    with shop.ground.store.reading() as work:
        (stage,) = work.jobs.stages(job.tenant_id, job.id)
    assert shop.jobs.cancel(shop.house.operator, stage.id).id == job.id
    assert shop.jobs.requeue(shop.house.operator, stage.id).id == job.id
    shop.do()
    assert shop.state(job) is JobState.DONE


def test_a_picture_that_has_its_result_is_not_looked_at_again(shop: Workshop, people, monkeypatch):
    first, second = (shop.submit(people[0], batch_id=f"{i}" * 32)[0] for i in (1, 2))
    shop.do()
    assert {shop.state(job) for job in (first, second)} == {JobState.DONE}
    monkeypatch.setattr(type(shop.looking), "look", never)
    third: Job = shop.submit(people[0])[0]
    shop.do()
    assert shop.state(third) is JobState.DONE
    assert shop.files() == 3


def test_where_results_may_not_be_kept_any_more_no_part_stays(shop: Workshop, people: list[Source]):
    (job,) = shop.submit(people[0])
    shop.do(DETECT)
    shop.do(DESCRIBE)
    with shop.ground.store.work() as work:
        work.tenants.change(job.tenant_id, mode=Mode.IDENTIFY)
    assert shop.do(STORE) == 1
    assert shop.state(job) is JobState.PARKED
    assert "not kept" in shop.job(job).error
    assert shop.part_names(job) == frozenset()
    shop.jobs.requeue(shop.house.operator, job.id)
    shop.do()
    assert shop.state(job) is JobState.PARKED


def test_parts_are_sealed_and_hold_no_template(shop: Workshop, people: list[Source]):
    (job,) = shop.submit(people[0], features=FEATURES | {Feature.EMBEDDING})
    shop.do(DETECT)
    shop.do(DESCRIBE)
    with shop.ground.store.reading() as work:
        kept = [work.job_parts.find(job.tenant_id, job.id, part) for part in Part]
    for part, row in zip(Part, kept, strict=True):
        assert row is not None
        found = shop.parts.found(job, part)
        assert found is not None
        assert found.faces.embeddings is None
        assert found.name == ""
        assert found.sha256.encode() not in row.data
        assert found.faces.boxes.tobytes() not in row.data
