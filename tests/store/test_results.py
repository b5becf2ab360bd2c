"""Results: one for each picture, found by what was said of their faces."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.store.filling import LATER, MINUTE, NOW, fill
from visavis.store.errors import AlreadyThere
from visavis.store.results import EVERYTHING, NewResult, Result, ResultFace, Sought
from visavis.store.work import Store

FACE = ResultFace(0, 9941, 34, "female", "happy", smile=True)
NEW = NewResult(
    width=640,
    height=480,
    pack="default",
    features=("age", "gender"),
    faces=(FACE, ResultFace(1, 5200)),
    picture="1a" * 32,
    annotated="2b" * 32,
    document="3c" * 32,
    job_id="ab" * 16,
    batch_id="cd" * 16,
)


def named(number: int) -> str:
    return f"{number:064x}"


def test_a_result_comes_back_as_it_was(store: Store) -> None:
    with store.work() as work:
        tenant = fill(work, "mine").tenant
        made = work.results.add(tenant, named(1), NEW, NOW)
        assert (made.faces, made.features, made.blobs) == (
            2,
            ("age", "gender"),
            ("1a" * 32, "2b" * 32, "3c" * 32),
        )
        assert work.results.find(tenant, named(1)) == made
        assert work.results.faces(tenant, named(1)) == NEW.faces
        assert work.results.features(tenant, Sought(job_id=NEW.job_id)) == {"age", "gender"}
    with pytest.raises(AlreadyThere), store.work() as work:
        work.results.add(tenant, named(1), NEW, LATER)
    with store.work() as work:
        assert work.results.remove(tenant, named(1))
        assert not work.results.remove(tenant, named(1))
        assert work.results.find(tenant, named(1)) is None
        assert work.results.faces(tenant, named(1)) == ()


def test_pages_and_neighbours_go_from_new_to_old(store: Store) -> None:
    with store.work() as work:
        tenant = work.tenants.add("mine", NOW).id
        for number in range(7):  # two at each time: their own ids decide
            work.results.add(tenant, named(number), NEW, NOW + (number // 2) * MINUTE)
        listed: list[Result] = []
        cursor = None
        while True:
            page = work.results.page(tenant, EVERYTHING, 3, cursor)
            listed += page.items
            if (cursor := page.next) is None:
                break
        assert listed == sorted(listed, key=lambda each: (each.created_at, each.id), reverse=True)
        names = [each.sha256 for each in listed]
        assert sorted(names) == [named(number) for number in range(7)]
        for at, name in enumerate(names):
            newer = names[at - 1] if at else None
            older = names[at + 1] if at + 1 < len(names) else None
            assert work.results.beside(tenant, name) == (newer, older)
        assert work.results.beside(tenant, named(99)) == (None, None)
        old = work.results.before(tenant, NOW + MINUTE)
        assert {each.sha256 for each in old} == {named(0), named(1)}


MAYBE_AGE = st.none() | st.integers(0, 90)
MAYBE_GENDER = st.sampled_from([None, "female", "male", "unknown"])
MAYBE_EMOTION = st.sampled_from([None, "happy", "sad"])
MAYBE = st.none() | st.booleans()
FACES = st.lists(
    st.tuples(st.integers(0, 10_000), MAYBE_AGE, MAYBE_GENDER, MAYBE_EMOTION, MAYBE), max_size=3
)
IDS = st.sampled_from(["", "ab" * 16, "cd" * 16])
STORED = st.lists(st.tuples(FACES, IDS, IDS, st.integers(0, 5)), max_size=6)
MINUTES = st.none() | st.integers(0, 6).map(lambda some: NOW + some * MINUTE)
SOUGHT = st.builds(
    Sought,
    since=MINUTES,
    until=MINUTES,
    least_faces=st.none() | st.integers(0, 3),
    most_faces=st.none() | st.integers(0, 3),
    job_id=IDS,
    batch_id=IDS,
    least_score=st.none() | st.integers(0, 10_000),
    youngest=MAYBE_AGE,
    oldest=MAYBE_AGE,
    gender=MAYBE_GENDER.map(lambda word: word or ""),
    emotion=MAYBE_EMOTION.map(lambda word: word or ""),
    smile=MAYBE,
)


def matches(new: NewResult, at: object, sought: Sought) -> bool:
    """Say in plain Python whether a result is looked for."""
    asked_of_faces = sought != replace(
        sought, least_score=None, youngest=None, oldest=None, gender="", emotion="", smile=None
    )
    count = len(new.faces)
    return (
        (sought.since is None or at >= sought.since)  # type: ignore[operator]
        and (sought.until is None or at < sought.until)  # type: ignore[operator]
        and (sought.least_faces is None or count >= sought.least_faces)
        and (sought.most_faces is None or count <= sought.most_faces)
        and sought.job_id in {"", new.job_id}
        and sought.batch_id in {"", new.batch_id}
        and (not asked_of_faces or any(fits(face, sought) for face in new.faces))
    )


def fits(face: ResultFace, sought: Sought) -> bool:
    return (
        (sought.least_score is None or face.score >= sought.least_score)
        and (sought.youngest is None or (face.age is not None and face.age >= sought.youngest))
        and (sought.oldest is None or (face.age is not None and face.age <= sought.oldest))
        and sought.gender in {"", face.gender}
        and sought.emotion in {"", face.emotion}
        and (sought.smile is None or face.smile is sought.smile)
    )


def test_what_is_found_is_what_a_plain_filter_finds(store: Store) -> None:
    with store.work() as work:
        other = work.tenants.add("other", NOW).id
        for number in range(3):
            work.results.add(other, named(number), NEW, NOW)

    @settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])
    @given(STORED, st.lists(SOUGHT, min_size=1, max_size=5))
    def agrees(drawn: list[Any], asked: list[Sought]) -> None:
        kept = {}
        with store.work() as work:
            tenant = work.tenants.add("mine", NOW).id
            for number, (faces, job, batch, minutes) in enumerate(drawn):
                told = tuple(ResultFace(at, *face) for at, face in enumerate(faces))
                new = replace(NEW, faces=told, job_id=job, batch_id=batch)
                at = NOW + timedelta(minutes=minutes)
                work.results.add(tenant, named(number), new, at)
                kept[named(number)] = new, at
            for sought in asked:
                wanted = {name for name, (new, at) in kept.items() if matches(new, at, sought)}
                found = work.results.page(tenant, sought, 200).items
                assert {each.sha256 for each in found} == wanted
                assert work.results.count(tenant, sought) == len(wanted)

    agrees()
