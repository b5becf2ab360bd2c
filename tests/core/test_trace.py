"""Traces: read as the standard says, carried along, and in every line."""

import json
import threading

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from visavis.core import log
from visavis.core.trace import (
    Trace,
    belongs_to,
    bound,
    current_parent,
    current_trace,
    new_trace,
    read_trace,
)

ID, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


@pytest.mark.parametrize(
    ("text", "read"),
    [
        (f"00-{ID}-{SPAN}-01", Trace(ID, SPAN)),
        (f"00-{ID}-{SPAN}-00", Trace(ID, SPAN)),
        (f"cc-{ID}-{SPAN}-01-what-comes-later", Trace(ID, SPAN)),
        (ID, Trace(ID)),
        (f"00-{ID}-{SPAN}-01-more", None),
        (f"ff-{ID}-{SPAN}-01", None),
        (f"00-{'0' * 32}-{SPAN}-01", None),
        (f"00-{ID}-{'0' * 16}-01", None),
        (f"00-{ID.upper()}-{SPAN}-01", None),
        ("0" * 32, None),
        ("", None),
        (f"00-{ID}-{SPAN}-01\n", None),
    ],
)
def test_headers_are_read_as_the_standard_says(text, read):
    assert read_trace(text) == read


@given(st.text())
def test_any_text_is_a_trace_or_none(text):
    found = read_trace(text)
    again = read_trace(found.header()) if found else None
    assert (again and again.id) == (found and found.id)


def test_each_new_trace_is_another():
    assert new_trace() != new_trace()
    assert read_trace(new_trace().header()) is not None


def test_a_block_belongs_to_what_it_says_and_what_is_around_it_does_not():
    assert current_trace() == ""
    with bound(trace=f"00-{ID}-{SPAN}-01", job_id="j1") as trace:
        assert trace == current_trace() == ID
        assert current_parent() == Trace(ID, SPAN)
        with bound(tenant_id="t1", batch=3):
            assert structlog.contextvars.get_contextvars() == {
                "trace_id": ID,
                "job_id": "j1",
                "tenant_id": "t1",
                "batch": 3,
            }
        with bound(trace="nonsense"):
            assert current_trace() == ID
        belongs_to(tenant_id="t2")
        assert structlog.contextvars.get_contextvars()["tenant_id"] == "t2"
    assert current_trace() == ""
    assert structlog.contextvars.get_contextvars() == {}


def test_a_block_without_a_trace_begins_one_and_other_threads_have_none():
    seen = []
    with bound() as trace:
        assert read_trace(trace) is not None
        thread = threading.Thread(target=lambda: seen.append(current_trace()))
        thread.start()
        thread.join()
    assert seen == [""]


def test_every_line_of_the_block_carries_the_ids(capsys):
    log.configure("INFO", json=True)
    with bound(trace=ID, job_id="ab" * 16, tenant_id="cd" * 16):
        structlog.get_logger("test").info("happened")
    line = json.loads(capsys.readouterr().err)
    assert (line["trace_id"], line["job_id"], line["tenant_id"]) == (ID, "ab" * 16, "cd" * 16)
