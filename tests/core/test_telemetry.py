"""Spans reach the operator's own collector, belong together, and tell nothing of anybody."""

import socket
import sys

import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import Status

from tests.core.collector import attributes, collecting
from visavis.core.errors import InvalidSettings
from visavis.core.telemetry import annotate, exporting, span
from visavis.core.trace import Trace, bound, current_parent, current_trace

ID, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
MARK = "Zq7-private-mark"


def test_spans_of_a_request_belong_to_the_trace_of_whoever_asked():
    with collecting() as collector:
        with exporting(collector.url, "api"), bound(trace=f"00-{ID}-{SPAN}-01"):
            with span("request", kind="server", method="POST"):
                annotate(status=202)
                with span("job", job_id="ab" * 16, faces=3):
                    inner = current_parent()
            assert current_parent() == Trace(ID, SPAN)
        spans = collector.spans()
    request, job = spans["request"], spans["job"]
    assert {request.trace_id.hex(), job.trace_id.hex()} == {ID}
    assert request.parent_span_id.hex() == SPAN
    assert job.parent_span_id == request.span_id
    assert inner == Trace(ID, job.span_id.hex())
    assert attributes(request) == {"method": "POST", "status": 202}
    assert attributes(job) == {"job_id": "ab" * 16, "faces": 3}
    assert collector.service()["service.name"] == "visavis-api"


def test_a_job_in_another_process_goes_on_with_the_trace_it_kept():
    with collecting() as collector:
        with exporting(f"{collector.url}/v1/traces", "worker"):
            with bound(trace=ID), span("known by its id"):
                pass
            with span("of this process"), bound(trace=ID), span("of another trace"):
                pass
            with span("of nobody"):
                alone = current_trace()
        spans = collector.spans()
    assert spans["known by its id"].trace_id.hex() == ID
    assert spans["known by its id"].parent_span_id == b""
    assert spans["of another trace"].trace_id.hex() == ID
    assert spans["of another trace"].parent_span_id == b""
    assert spans["of nobody"].trace_id.hex() == alone


def fail() -> None:
    with span("job", full_name=MARK):
        annotate(token=MARK, reason=f"password={MARK}")
        raise ValueError(MARK)


def test_errors_and_attributes_tell_no_more_than_the_log():
    with collecting() as collector:
        with exporting(collector.url, "api"), pytest.raises(ValueError, match=MARK):
            fail()
        assert MARK.encode() not in b"".join(collector.bodies)
        job = collector.spans()["job"]
    assert job.status.code == Status.STATUS_CODE_ERROR
    assert job.status.message == "ValueError"
    assert not job.events


def test_without_an_address_nothing_is_made(monkeypatch):
    monkeypatch.setitem(sys.modules, "visavis.core.telemetry_otlp", None)
    with exporting("", "api"), span("job", faces=3):
        annotate(faces=4)
        assert current_parent() is None


def test_a_collector_that_is_away_breaks_nothing():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        with exporting(f"http://127.0.0.1:{taken.getsockname()[1]}", "api"), span("job"):
            pass


def test_what_cannot_work_is_said_in_a_sentence(monkeypatch):
    with pytest.raises(InvalidSettings, match="VISAVIS_TELEMETRY__OTLP_URL"), exporting("x", "api"):
        pass
    monkeypatch.setitem(sys.modules, "visavis.core.telemetry_otlp", None)
    with pytest.raises(InvalidSettings, match="pip install"), exporting("http://x:4318", "api"):
        pass
