"""From a logger to the table and the files: all that was logged is there, and nothing private."""

import json
import logging
import threading
from pathlib import Path
from typing import Any

import pytest
import structlog
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.core.test_redaction import harmless, leaking, leaks, words
from tests.jobs.log_sinks import some_redis
from visavis.core import log
from visavis.core.errors import InvalidSettings
from visavis.core.settings import LogOptions
from visavis.core.trace import bound
from visavis.entry.wiring import open_logs
from visavis.jobs.log_stream_redis import STREAM
from visavis.store.log_lines import Wanted
from visavis.usecases.log_keeping import SERVER, keeping, open_collector

JOB, TRACE, TENANT = "0b" * 16, "0c" * 16, "0d" * 16


@pytest.fixture(autouse=True)
def _restore_logging():
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers, root.level = handlers, level
    structlog.reset_defaults()


@pytest.fixture
def logs(ground):
    log.configure("ERROR", json=True)
    return open_logs(ground)


def table(logs):
    return logs.page_of_machine(Wanted(), 200).items[::-1]


def files(logs):
    texts = (logs._ground.settings.data / "logs" / "visavis.jsonl").read_text()
    return [json.loads(text) for text in texts.splitlines()]


def test_out_of_the_box_lines_are_in_the_table_and_in_files(logs):
    with keeping(LogOptions(), logs, "api"):
        with bound(trace=TRACE, job_id=JOB, tenant_id=TENANT):
            structlog.get_logger("visavis.x").info("happened", faces=3)
        structlog.get_logger("visavis.x").debug("too fine")
        logging.getLogger("library").info("what libraries tell about their work")
        logging.getLogger("library").warning("this one matters")
    first, second = table(logs)
    assert (first.event, first.trace_id, first.job_id, first.tenant_id) == (
        *("happened", TRACE, JOB),
        TENANT,
    )
    assert first.fields["faces"] == 3
    assert (second.event, second.level.word) == ("this one matters", "warning")
    assert [told["id"] for told in files(logs)] == [first.id, second.id]
    structlog.get_logger("visavis.x").warning("after it")
    assert len(table(logs)) == 2


def test_with_redis_a_worker_sends_and_the_server_or_a_collector_keeps(logs, tmp_path: Path):
    with some_redis(tmp_path) as (url, client):
        options = LogOptions(url=url)
        with keeping(options, logs, "worker"):
            structlog.get_logger("visavis.x").info("from a worker")
        assert client.xlen(STREAM) == 1
        with keeping(options, logs, SERVER):
            structlog.get_logger("visavis.x").info("from the server")
        assert {line.event for line in table(logs)} == {"from a worker", "from the server"}
        alone = LogOptions(url=url, collect=False)
        with keeping(alone, logs, SERVER):
            structlog.get_logger("visavis.x").info("for a collector")
        assert client.xlen(STREAM) == 1
        over = threading.Event()
        over.set()
        open_collector(alone, logs).run(over)
        assert client.xlen(STREAM) == 0
    assert table(logs)[-1].event == "for a collector"


def test_a_collector_of_others_needs_redis(logs):
    with pytest.raises(InvalidSettings, match="VISAVIS_LOGS__URL"):
        open_collector(LogOptions(), logs)


def test_nothing_is_kept_where_nobody_collects(logs):
    with keeping(LogOptions(collect=False), logs, SERVER):
        structlog.get_logger("visavis.x").info("happened")
    assert table(logs) == ()
    assert not (logs._ground.settings.data / "logs").exists()


def test_no_private_value_reaches_stderr_stream_file_or_table(logs, tmp_path: Path, capfd):
    """The rule that must never break, from end to end."""

    @settings(
        max_examples=60,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
    )
    @given(st.dictionaries(words, st.one_of(leaking(), harmless), min_size=1, max_size=3))
    def log_it(fields):
        own, library = structlog.get_logger("visavis.x"), logging.getLogger("library")
        own.error("happened", **fields)
        library.error("told %s", next(iter(fields.values())), extra=fields)
        error = ValueError(fields)
        own.error("failed", error=error, exc_info=error, **fields)
        library.error("failed", exc_info=error)

    log.configure("DEBUG", json=True)
    with some_redis(tmp_path) as (url, client):
        with keeping(LogOptions(url=url, level="debug"), logs, "worker"):
            log_it()
        entries: Any = client.xrange(STREAM)
        streamed = [told[b"line"].decode() for _, told in entries]
        with keeping(LogOptions(url=url), logs, SERVER):
            pass
    assert len(streamed) >= 240
    lines = {"stderr": capfd.readouterr().err.splitlines(), "stream": streamed}
    lines["file"] = [json.dumps(told) for told in files(logs)]
    lines["table"] = [json.dumps(dict(line.fields)) + line.event for line in table(logs)]
    assert len(lines["file"]) == len(streamed)
    found = {
        where: [leaks(each) for each in texts if leaks(each)] for where, texts in lines.items()
    }
    assert found == {where: [] for where in lines}
