"""The log over HTTP: searched by those who may, each request found by its trace."""

import logging
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from threading import Event
from typing import Any

import httpx
import pytest
import structlog

from tests.core.collector import attributes, collecting
from tests.entry.http_house import House, serving_house
from tests.jobs.log_sinks import LONGEST_S
from visavis.core import log
from visavis.core.log_lines import Level, LineIds, LogLine
from visavis.core.settings import LogOptions
from visavis.core.telemetry import exporting
from visavis.core.trace import Trace, read_trace
from visavis.store.log_lines import Wanted
from visavis.usecases.log_keeping import keeping

TRACE, SPAN, JOB = "0c" * 16, "0d" * 8, "0b" * 16


@pytest.fixture(scope="module")
def house(tmp_path_factory) -> Iterator[House]:
    with serving_house(tmp_path_factory.mktemp("house")) as served:
        host, guest = served.host.id, served.guest.id
        ids, now = LineIds(), datetime.now(UTC)
        about = [
            LogLine("", ids.new(), now, "api", Level.INFO, "started", process="machine:7"),
            LogLine(host, ids.new(), now, "worker", Level.WARNING, "late", JOB, TRACE),
            LogLine(guest, ids.new(), now, "worker", Level.ERROR, "failed", JOB, fields={"n": 1}),
        ]
        served.records.logs.keep(about)
        yield served


def events(house: House, token: str, **params: str) -> list[str]:
    answer = house.ask("GET", "/api/v1/logs", token, params=params)
    assert answer.status_code == 200, answer.text
    return [line["event"] for line in answer.json()["items"]]


def test_the_host_finds_everything_by_what_it_asks_for(house: House):
    token = house.owners_token(house.host)
    soon = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    assert events(house, token) == ["failed", "late", "started"]
    assert events(house, token, level="warning") == ["failed", "late"]
    assert events(house, token, service="api") == ["started"]
    assert events(house, token, job_id=JOB, trace_id=TRACE) == ["late"]
    assert events(house, token, text='"n":1') == ["failed"]
    assert events(house, token, since=soon) == []
    assert events(house, token, until="2020-01-01T00:00:00") == []


def test_pages_follow_each_other(house: House):
    token, seen, cursor = house.owners_token(house.host), [], ""
    while True:
        params = {"limit": "1"} | ({"cursor": cursor} if cursor else {})
        part = house.ask("GET", "/api/v1/logs", token, params=params).json()
        seen += [line["event"] for line in part["items"]]
        cursor = part["next"]
        if cursor is None:
            break
    assert seen == ["failed", "late", "started"]


def test_another_organisation_sees_its_own_lines_without_machines(house: House):
    (line,) = house.ask("GET", "/api/v1/logs", house.owners_token(house.guest)).json()["items"]
    assert (line["event"], line["level"], line["process"]) == ("failed", "error", None)
    assert line["tenant_id"] == house.guest.id
    assert line["at"].endswith("Z")


@pytest.mark.parametrize(
    "params",
    [{"limit": "0"}, {"level": "loud"}, {"job_id": "x"}, {"since": "soon"}, {"cursor": "x"}],
)
def test_what_does_not_fit_is_refused(house: House, params):
    token = house.owners_token(house.host)
    assert house.ask("GET", "/api/v1/logs", token, params=params).status_code == 422


# ---- traces ----


def until(found: Callable[[], Any]) -> Any:
    """Return what is found as soon as it is: the answer leaves before it is noted."""
    for _ in range(20 * LONGEST_S):
        if there := found():
            return there
        Event().wait(0.05)
    raise AssertionError("it never came")


def trace_of(answer: httpx.Response) -> Trace:
    """Return the trace that an answer names."""
    trace = read_trace(answer.headers["traceresponse"])
    assert trace is not None
    return trace


def line_of(house: House, answer: httpx.Response) -> LogLine:
    """Return the line about a request."""
    wanted = Wanted(trace_id=trace_of(answer).id, text="request_answered")
    (line,) = until(lambda: house.records.logs.page_of_machine(wanted).items)
    assert isinstance(line, LogLine)
    return line


@pytest.fixture
def kept(house: House) -> Iterator[House]:
    """Keep what the server logs, as a process of its own would."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    log.configure("ERROR", json=True)
    yield house
    root.handlers, root.level = handlers, level
    structlog.reset_defaults()


def test_lines_of_a_request_are_found_by_the_trace_that_its_answer_names(kept: House):
    token = kept.owners_token(kept.host)
    with keeping(LogOptions(), kept.records.logs, "api"):
        answer = kept.ask("POST", "/api/v1/collections", token, json={"name": "traced"})
        assert re.fullmatch("00-[0-9a-f]{32}-[0-9a-f]{16}-01", answer.headers["traceresponse"])
        line = line_of(kept, answer)
    assert line.tenant_id == kept.host.id
    assert line.fields["route"] == "/api/v1/collections"
    assert line.fields["status"] == 201


def test_a_trace_that_somebody_began_goes_on(house: House):
    for asked, begun in ((f"00-{TRACE}-{SPAN}-01", True), (f"00-{TRACE}-{SPAN}", False)):
        answer = house.ask("GET", "/healthz", headers={"traceparent": asked})
        here = trace_of(answer)
        assert (here.id == TRACE) == begun
        assert here.span != SPAN


def test_each_request_has_a_trace_of_its_own_also_on_one_connection(house: House):
    answers = [house.ask("GET", path) for path in ("/healthz", "/healthz", "/nowhere")]
    assert len({trace_of(each).id for each in answers}) == 3


def test_unknown_paths_are_not_written_down(kept: House):
    with keeping(LogOptions(level="debug"), kept.records.logs, "api"):
        line = line_of(kept, kept.ask("POST", "/api/v1/ann-lee"))
    assert (line.fields["route"], line.fields["status"]) == ("other", 404)


def test_a_collector_gets_a_span_of_each_request(house: House, monkeypatch):
    monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "50")
    with collecting() as collector, exporting(collector.url, "api"):
        asked = {"traceparent": f"00-{TRACE}-{SPAN}-01"}
        answer = house.ask("GET", "/api/v1/logs", "wrong", headers=asked)
        span = until(lambda: collector.spans().get("request"))
    assert trace_of(answer) == Trace(TRACE, span.span_id.hex())
    assert (span.trace_id.hex(), span.parent_span_id.hex()) == (TRACE, SPAN)
    assert attributes(span) == {"method": "GET", "route": "/api/v1/logs", "status": 401}
