"""The files of the log: whole lines, each once, limited in size and number, for nobody else."""

import json
import os
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from visavis.core.log_lines import Level, LineIds, LogLine, read_line
from visavis.jobs.log_stream_files import NAME, LogFiles

NOW = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
SIZE = 4096


def lines(count: int, about: str = "x") -> list[LogLine]:
    ids = LineIds()
    return [
        LogLine("", ids.new(), NOW, "worker", Level.INFO, "happened", fields={"n": n, "a": about})
        for n in range(count)
    ]


def read(folder: Path) -> list[str]:
    """Return the ids of the lines in all files, the oldest first."""
    texts = [text for path in files(folder)[::-1] for text in path.read_text().splitlines()]
    return [json.loads(text)["id"] for text in texts]


def files(folder: Path) -> list[Path]:
    """Return the files, the newest first."""
    closed = [folder / f"visavis.{number}.jsonl" for number in range(1, 100)]
    return [path for path in [folder / NAME, *closed] if path.exists()]


def test_files_are_begun_anew_at_a_size_and_the_oldest_go(tmp_path: Path):
    folder, given_lines = tmp_path / "logs", lines(200)
    kept = LogFiles(folder, SIZE, files=3)
    for each in given_lines:
        kept.write([each])
    found = files(folder)
    assert [path.name for path in found] == [NAME, *(f"visavis.{n}.jsonl" for n in (1, 2, 3))]
    assert all(path.stat().st_size <= SIZE for path in found)
    ids = [each.id for each in given_lines]
    assert read(folder) == ids[-len(read(folder)) :]
    assert len(read(folder)) > 40


def test_only_the_owner_reads_them(tmp_path: Path):
    folder = tmp_path / "data" / "logs"
    LogFiles(folder, SIZE, 3).write(lines(100))
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}


def test_fewer_files_than_before_removes_the_others(tmp_path: Path):
    LogFiles(tmp_path, SIZE, files=8).write(lines(400))
    LogFiles(tmp_path, SIZE, files=2).write(lines(100))
    assert len(files(tmp_path)) == 3


@settings(max_examples=30, deadline=None)
@example([(0, 1)], 1)  # only the end of the line is gone
@given(
    st.lists(st.tuples(st.integers(0, 30), st.integers(0, 29)), min_size=1, max_size=8),
    st.integers(0, 60),
)
def test_whatever_comes_again_and_wherever_a_crash_cut_the_file(tmp_path_factory, batches, cut):
    folder = tmp_path_factory.mktemp("logs")
    kept, given_lines = LogFiles(folder, SIZE, files=20), lines(30)
    written: list[str] = []
    for start, count in batches:
        batch = given_lines[start : start + count]
        kept.write(batch, {each.id for each in batch})
        written += [each.id for each in batch if each.id not in written]
    whole = read(folder)
    assert whole == written
    path = folder / NAME
    if path.exists() and path.stat().st_size > cut > 0:
        os.truncate(path, path.stat().st_size - cut)
        kept.write(given_lines, {each.id for each in given_lines})
        texts = [text for each in files(folder) for text in each.read_text().splitlines()]
        ids = [told["id"] for told in map(_line, texts) if told]
        assert sorted(ids) == sorted(each.id for each in given_lines)


def _line(text: str) -> dict[str, str]:
    try:
        told: dict[str, str] = json.loads(text)
    except ValueError:
        return {}
    return told


def test_closed_files_go_after_their_time(tmp_path: Path):
    kept = LogFiles(tmp_path, SIZE, files=8)
    kept.write(lines(100))
    closed = files(tmp_path)[1:]
    old = (NOW - timedelta(days=15)).timestamp()
    for path in (closed[-1], files(tmp_path)[0]):
        os.utime(path, (old, old))
    assert kept.forget_before(NOW - timedelta(days=14)) == 1
    assert files(tmp_path) == [tmp_path / NAME, *closed[:-1]]


def test_a_disk_that_takes_nothing_is_told(tmp_path: Path):
    (tmp_path / "logs").write_text("in the way")
    with pytest.raises(OSError, match="File exists"):
        LogFiles(tmp_path / "logs", SIZE, 3).write(lines(1))


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=10,
)
names = st.sampled_from(["event", "level", "service", "tenant_id", "job_id", "trace_id", "process"])


@given(st.one_of(st.text(), json_values, st.dictionaries(names | st.text(), json_values)))
def test_any_text_becomes_a_line_that_every_sink_takes(told):
    text = told if isinstance(told, str) else json.dumps(told)
    found = read_line(LineIds().new(), text)
    assert len(found.event) <= 500
    assert len(json.dumps(dict(found.fields), allow_nan=False)) <= 8_000
    assert "\0" not in found.event
    found.event.encode()
    assert found.tenant_id == "" or len(found.tenant_id) == 32
