"""Lines on their way: none comes twice, none holds up the work, none is lost while Redis stands."""

import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from tests.conftest import REPO
from tests.jobs.log_sinks import LONGEST_S, Kept, line, running, some_redis
from tests.mail.smtp_running import free_port
from visavis.core.errors import InvalidSettings, Unavailable
from visavis.jobs.log_stream import MOST_AT_ONCE, Waiting
from visavis.jobs.log_stream_collector import LogCollector
from visavis.jobs.log_stream_redis import (
    GROUP,
    STREAM,
    RedisSender,
    RedisSource,
    open_redis,
)

WAIT = threading.Event().wait


def test_in_one_process_lines_come_in_their_order():
    waiting, kept = Waiting(), Kept()
    collector = LogCollector(waiting, [kept.keep])
    with running(collector.run):
        for number in range(2 * MOST_AT_ONCE + 5):
            waiting.put(line(number))
        assert kept.wait_for(2 * MOST_AT_ONCE + 5) == [*range(2 * MOST_AT_ONCE + 5)]
    assert len({each.id for each in kept.lines}) == len(kept.lines)
    assert [each.id for each in kept.lines] == sorted(each.id for each in kept.lines)


def test_what_waits_is_limited_and_what_was_dropped_is_counted():
    waiting = Waiting(most=3)
    for number in range(10):
        waiting.put(line(number))
    with capture_logs() as told:
        taken = waiting.take(0)
    assert [json.loads(entry.text)["n"] for entry in taken] == [0, 1, 2]
    assert [(each["event"], each["count"]) for each in told] == [("log_lines_dropped", 7)]
    assert waiting.take(0) == []


def test_at_its_end_a_collector_takes_what_is_there():
    waiting, kept, over = Waiting(), Kept(), threading.Event()
    over.set()
    for number in range(3 * MOST_AT_ONCE):
        waiting.put(line(number))
    LogCollector(waiting, [kept.keep]).run(over)
    assert len(kept.lines) == 3 * MOST_AT_ONCE


def test_a_sink_that_is_away_gets_the_same_lines_later_as_doubtful_ones():
    waiting, first, second = Waiting(), Kept(), Kept()
    faults = [Unavailable("the database is away"), OSError("the disk is full")]

    def sometimes(lines, doubtful):
        if faults:
            raise faults.pop()
        second.keep(lines, doubtful)

    waiting.put(line(1))
    with running(LogCollector(waiting, [first.keep, sometimes], pause_s=0.01).run):
        assert second.wait_for(1) == [1]
    assert [each.id for each in first.lines] == [second.lines[0].id] * 3
    assert second.doubtful == first.doubtful == {second.lines[0].id}


def test_a_line_that_no_sink_can_bear_holds_up_no_other():
    waiting, kept = Waiting(), Kept()

    def picky(lines, doubtful):
        if any(each.fields["n"] == 1 for each in lines):
            raise ZeroDivisionError
        kept.keep(lines, doubtful)

    waiting.put(line(1))
    with running(LogCollector(waiting, [picky]).run):
        while waiting.take(0):
            pass
        waiting.put(line(2))
        waiting.put(line(3))
        assert kept.wait_for(2)[-1] == 3


def test_several_processes_and_collectors_share_one_stream(tmp_path: Path):
    kept = Kept()
    senders = [Waiting() for _ in range(3)]
    with some_redis(tmp_path) as (url, client):
        collectors = [
            LogCollector(RedisSource(open_redis(url), f"c{n}"), [kept.keep]) for n in (1, 2)
        ]
        with running(collectors[0].run), running(collectors[1].run):
            for waiting in senders:
                with running(RedisSender(waiting, open_redis(url)).run):
                    for number in range(700):
                        waiting.put(line(number))
            assert sorted(kept.wait_for(2100)) == sorted([*range(700)] * 3)
        assert len({each.id for each in kept.lines}) == 2100
        assert client.xlen(STREAM) == 0
        assert client.xpending(STREAM, GROUP)["pending"] == 0


def test_what_a_dead_collector_had_taken_goes_to_another_one(tmp_path: Path):
    waiting, kept = Waiting(), Kept()
    waiting.put(line(1))
    with some_redis(tmp_path) as (url, _), running(RedisSender(waiting, open_redis(url)).run):
        dead = RedisSource(open_redis(url), "dead")
        taken: list[object] = []
        while not taken:
            taken += dead.take(0.5)
        source = RedisSource(open_redis(url), "alive", dead_after_ms=0)
        with running(LogCollector(source, [kept.keep]).run):
            assert kept.wait_for(1) == [1]
    assert kept.doubtful == {kept.lines[0].id}


def test_while_redis_is_away_lines_wait_and_the_work_goes_on(tmp_path: Path):
    waiting, kept, port = Waiting(), Kept(), free_port()
    url = f"redis://127.0.0.1:{port}"
    source = RedisSource(open_redis(url))
    with (
        running(RedisSender(waiting, open_redis(url), pause_s=0.05).run),
        running(LogCollector(source, [kept.keep], pause_s=0.05).run),
    ):
        waiting.put(line(1))
        with some_redis(tmp_path, port):
            kept.wait_for(1)
        waiting.put(line(2))  # Redis has gone, with its stream and its groups
        with some_redis(tmp_path, port):
            assert kept.wait_for(2) == [1, 2]


def test_what_strangers_put_into_the_stream_is_removed(tmp_path: Path):
    kept, waiting = Kept(), Waiting()
    with some_redis(tmp_path) as (url, client):
        strange: list[dict[Any, Any]] = [{"id": "x", "line": "{}"}, {"a": b"\xff"}]
        for told in [*strange, {"id": "ab" * 16, "line": ""}]:
            client.xadd(STREAM, told)
        client.xadd(STREAM, {"id": "ab" * 16, "line": b"\xff no JSON"})
        waiting.put(line(7))
        with (
            running(RedisSender(waiting, open_redis(url)).run),
            running(LogCollector(RedisSource(open_redis(url)), [kept.keep]).run),
        ):
            for _ in range(20 * LONGEST_S):
                if len(kept.lines) == 2:
                    break
                WAIT(0.05)
        assert client.xlen(STREAM) == 0
    assert sorted(each.event for each in kept.lines) == ["event 7", "line_unreadable"]


@pytest.mark.parametrize("url", ["http://x", "redis:/secret", "", "redis://u:secret@h:port/x"])
def test_an_address_that_is_none_is_refused_without_repeating_it(url):
    with pytest.raises(InvalidSettings, match="VISAVIS_LOGS__URL") as refused:
        open_redis(url)
    assert "secret" not in str(refused.value)


COLLECTING = """
import sys, threading
from pathlib import Path
from visavis.core.settings import load_settings
from visavis.entry.wiring import open_ground, open_logs
from visavis.jobs.log_stream_collector import LogCollector
from visavis.jobs.log_stream_redis import RedisSource, open_redis

url, data = sys.argv[1:]
logs = open_logs(open_ground(load_settings(data=data)))
source = RedisSource(open_redis(url), dead_after_ms=1)
def told(lines, doubtful):
    print(len(lines), flush=True)
LogCollector(source, (logs.keep, told, logs.files.write, told)).run(threading.Event())
"""


def collecting(url: str, data: Path) -> "subprocess.Popen[str]":
    told = [sys.executable, "-c", COLLECTING, url, str(data)]
    return subprocess.Popen(told, stdout=subprocess.PIPE, text=True, cwd=REPO)


def test_collectors_that_are_killed_keep_every_line_once(tmp_path: Path):
    """They die at a point between the table, the file and the word to Redis."""
    count, waiting = 1500, Waiting()
    with some_redis(tmp_path) as (url, client):
        with running(RedisSender(waiting, open_redis(url)).run):
            for number in range(count):
                waiting.put(line(number))
        for turn in range(4):
            process = collecting(url, tmp_path / "data")
            assert process.stdout is not None
            for _ in range(1 + turn):
                assert process.stdout.readline()
            os.kill(process.pid, signal.SIGKILL)
            process.communicate()
        last = collecting(url, tmp_path / "data")
        for _ in range(20 * LONGEST_S):
            if client.xlen(STREAM) == 0:
                break
            WAIT(0.05)
        last.kill()
        last.communicate()
    assert _in_the_table(tmp_path / "data") == [*range(count)]
    assert _in_the_files(tmp_path / "data") == [*range(count)]


def _in_the_table(data: Path) -> list[int]:
    from visavis.core.settings import StoreOptions
    from visavis.store.engine import open_engine
    from visavis.store.log_lines import Wanted
    from visavis.store.work import Store

    store, found, cursor = Store(open_engine(StoreOptions(), data)), [], None
    while True:
        with store.reading() as work:
            page = work.log_lines.page_of_all(Wanted(), 200, cursor)
        found += [int(each.fields["n"]) for each in page.items]
        cursor = page.next
        if cursor is None:
            store.close()
            return sorted(found)


def _in_the_files(data: Path) -> list[int]:
    texts = [path.read_text().splitlines() for path in (data / "logs").glob("*.jsonl")]
    return sorted(json.loads(text)["fields"]["n"] for lines in texts for text in lines)
