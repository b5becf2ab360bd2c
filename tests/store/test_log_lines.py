"""Lines of the log: found by everything they can be found by, kept once, gone after their time."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from visavis.core.errors import InvalidInput
from visavis.core.log_lines import Level, LogLine, first_id
from visavis.store.errors import AlreadyThere
from visavis.store.log_lines import Wanted

NOW = datetime(2026, 11, 22, 3, 0, 0, 123456, tzinfo=UTC)
ME, YOU = "ab" * 16, "cd" * 16
JOB, TRACE = "0b" * 16, "0c" * 16


def line(number: int, **changed: object) -> LogLine:
    at = NOW + timedelta(seconds=number)
    made = LogLine(ME, first_id(at)[:-4] + f"{number:04x}", at, "worker", Level.INFO, "happened")
    return replace(made, fields={"n": number}, **changed)  # type: ignore[arg-type]


LINES = [
    line(0),
    line(1, service="detect", level=Level.DEBUG),
    line(2, level=Level.WARNING, event="Disk 100%_full"),
    line(3, level=Level.ERROR, job_id=JOB),
    line(4, level=Level.CRITICAL, trace_id=TRACE, job_id=JOB),
    line(5, tenant_id=YOU, job_id=JOB),
    line(6, tenant_id="", event="started"),
]


@pytest.fixture
def filled(store):
    with store.work() as work:
        work.log_lines.add(LINES)
    return store


def numbers(store, wanted: Wanted, tenant: str = ME) -> list[int]:
    with store.reading() as work:
        page = work.log_lines.page(tenant, wanted)
        assert page.next is None
    return [each.fields["n"] for each in page.items]


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (Wanted(), [4, 3, 2, 1, 0]),
        (Wanted(service="detect"), [1]),
        (Wanted(level=Level.INFO), [4, 3, 2, 0]),
        (Wanted(level=Level.ERROR), [4, 3]),
        (Wanted(job_id=JOB), [4, 3]),
        (Wanted(trace_id=TRACE), [4]),
        (Wanted(since=NOW + timedelta(seconds=3)), [4, 3]),
        (Wanted(until=NOW + timedelta(seconds=3)), [2, 1, 0]),
        (Wanted(since=NOW + timedelta(seconds=1), until=NOW + timedelta(seconds=3)), [2, 1]),
        (Wanted(text="disk 100%_F"), [2]),
        (Wanted(text="100_"), []),
        (Wanted(text='"n":3'), [3]),
        (Wanted(level=Level.WARNING, job_id=JOB, text="HAPPENED"), [4, 3]),
        (Wanted(service="nobody"), []),
    ],
)
def test_a_tenant_finds_its_own_lines(filled, wanted, found):
    assert numbers(filled, wanted) == found


def test_lines_come_back_as_they_were_and_the_host_finds_all(filled):
    with filled.reading() as work:
        assert work.log_lines.page_of_all(Wanted()).items == tuple(LINES[::-1])
        assert work.log_lines.page_of_all(Wanted(job_id=JOB)).items == tuple(LINES[5:2:-1])


def test_pages_follow_each_other(filled):
    found, cursor = [], None
    while True:
        with filled.reading() as work:
            page = work.log_lines.page_of_all(Wanted(level=Level.INFO), 2, cursor)
        found += page.items
        cursor = page.next
        if cursor is None:
            break
    assert found == [each for each in LINES[::-1] if each.level >= Level.INFO]
    with filled.reading() as work, pytest.raises(InvalidInput, match="cursor"):
        work.log_lines.page_of_all(Wanted(), cursor="x")


def test_a_line_that_comes_again_is_kept_once(filled):
    new = line(7)
    with filled.work() as work:
        work.log_lines.add([*LINES, new], {each.id for each in LINES})
    assert numbers(filled, Wanted()) == [7, 4, 3, 2, 1, 0]
    with pytest.raises(AlreadyThere), filled.work() as work:
        work.log_lines.add([new])


def test_old_lines_go_some_at_a_time(filled):
    until = NOW + timedelta(seconds=5)
    counts = []
    for _ in range(4):
        with filled.work() as work:
            counts.append(work.log_lines.forget_before(until, most=2))
    assert counts == [2, 2, 1, 0]
    with filled.reading() as work:
        assert work.log_lines.page_of_all(Wanted()).items == tuple(LINES[:4:-1])
