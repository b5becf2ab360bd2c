"""Whatever anybody logs, no private value leaves: not under any key, nor in any text."""

import base64
import json

import numpy as np
import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from visavis.core import log
from visavis.core.redaction import (
    LONGEST,
    MOST_CHARACTERS,
    MOST_ITEMS,
    PRIVATE,
    REMOVED,
    redact,
    scrub,
)

MARK = "Zq7-private-mark"
FLOATS = [0.1234567, -0.7654321, 0.5, 0.25, 0.125]

harmless = st.one_of(
    st.integers(-(10**9), 10**9), st.booleans(), st.none(), st.text("ab c", max_size=9)
)
words = st.sampled_from(["faces", "took_ms", "kind", "reason", "ids", "told"])
private_keys = st.sampled_from(sorted(PRIVATE)).flatmap(
    lambda key: st.sampled_from([key, key.upper(), f"full_{key}", f"new_{key}"])
)
carriers = st.sampled_from(
    [
        MARK.encode(),
        bytearray(MARK.encode()),
        memoryview(MARK.encode()),
        np.frombuffer(MARK.encode(), np.uint8),
        np.array(FLOATS),
        np.float32(FLOATS[0]),
        FLOATS,
        tuple(FLOATS),
        {"0": FLOATS},
        dict(enumerate(FLOATS * 4)),
        list(MARK.encode()),
        [[1, 2, 3]] * 3 + [list(MARK.encode())],
        int.from_bytes(MARK.encode() * 8, "big"),
        object(),
        complex(FLOATS[0]),
        ValueError(f"cannot read {MARK.encode()!r}"),
        ValueError(f"bad vector {FLOATS}"),
        ValueError(f"bad vector {np.array(FLOATS)}"),
        ValueError(f"bad vector {[np.float32(each) for each in FLOATS]}"),
        "x" * 100_000 + MARK,
        f"password={MARK}",
        f"see https://ann:{MARK}@host.example/path",
        f"name='{MARK}'",
        f"Authorization: Bearer {MARK}",
        base64.b64encode(MARK.encode() * 40).decode(),
    ]
)


@st.composite
def leaking(draw: st.DrawFn) -> object:
    """Draw a value that holds something private, at any depth."""
    if draw(st.booleans()):
        value: object = {draw(private_keys): draw(st.sampled_from([MARK, [MARK], {"a": MARK}]))}
    else:
        value = draw(carriers)
    for _ in range(draw(st.integers(0, 7))):
        more = draw(harmless)
        value = draw(st.sampled_from([[value, more], {draw(words): value, "n": more}, (value,)]))
    return value


def leaks(line: str) -> list[str]:
    found = [MARK, "0.12345", "0.76543", MARK.encode().hex()]
    found += [", ".join(map(str, MARK.encode())), base64.b64encode(MARK.encode() * 2).decode()[:20]]
    found += [str(int.from_bytes(MARK.encode() * 8, "big"))[:20], "0x"]
    return [each for each in found if each in line]


def rendered(event: dict[str, object]) -> str:
    redacted = redact(None, "info", dict(event))
    return json.dumps(redacted, allow_nan=False, default=repr)


@given(st.dictionaries(words, st.one_of(leaking(), harmless), min_size=1, max_size=4))
def test_no_private_value_stays_whatever_is_logged(fields):
    line = rendered({"event": "happened"} | fields)
    assert leaks(line) == []
    assert len(line) < 4 * MOST_CHARACTERS


@given(private_keys, st.text(min_size=4, max_size=60).filter(lambda text: len(text.strip()) > 3))
def test_what_a_private_field_holds_stands_nowhere_else_in_the_line(key, text):
    told = {key: text, "event": f"no {text} here", "exception": f"ValueError: {text!r}"}
    told |= {"reason": ValueError(text), "told": {"a": [text]}}
    shown = redact(None, "info", dict(told))
    assert shown[key] == REMOVED
    rest = [shown["event"], shown["exception"], shown["reason"], *shown["told"]["a"]]
    assert not [each for each in rest if text in each and text not in REMOVED]


@pytest.mark.parametrize(
    "value",
    [float("nan"), float("inf"), 10**5000, "\ud800\0\x1b[2J", b""],
    ids=["nan", "inf", "endless", "controls", "bytes"],
)
def test_every_line_can_be_written_as_json(value):
    line = rendered({"event": value, "a": [value], "b": {"c": value}})
    assert "\\ud800" not in line
    assert "\\u001b" not in line


@pytest.mark.parametrize("value", ["abc", 123456, ["Al"], {"a": 1}, None, True])
def test_under_a_private_name_nothing_stays_however_short(value):
    shown = redact(None, "info", {"event": "e", "full_name": value, "told": [{"key": value}]})
    assert (shown["full_name"], shown["told"]) == (REMOVED, [{"key": REMOVED}])


@pytest.mark.parametrize(
    "text",
    [
        "cannot read 12 of 40 pictures in 3.5 s",
        "disk 1.5, memory 2.5, swap 3.5",
        "weight dlib@1 has sha256 " + "0f" * 32,
        "/srv/visavis/data/blobs/ab/cd.bin is missing",
        "postgresql at db.example:5432 does not answer",
        "2026-11-21T12:00:00.123456Z",
        "image: cannot be decoded",
    ],
)
def test_what_an_operator_needs_stays(text):
    assert scrub(text) == text


def test_long_lists_and_deep_ones_are_cut():
    deep: object = "end"
    for _ in range(40):
        deep = [deep]
    shown = redact(None, "info", {"event": "e", "ids": ["a"] * 500, "deep": deep})
    assert len(shown["ids"]) == MOST_ITEMS + 1
    assert shown["ids"][-1] == "[450 more]"
    assert "end" not in json.dumps(shown)


def test_a_line_has_a_limit_and_keeps_what_happened():
    fields = {f"f{n}": "x" * LONGEST for n in range(50)}
    shown = redact(None, "info", {**fields, "event": "happened", "trace_id": "ab" * 16})
    assert (shown["event"], shown["trace_id"]) == ("happened", "ab" * 16)
    assert len(json.dumps(shown)) < 2 * MOST_CHARACTERS


class Rude(Exception):
    def __str__(self) -> str:
        raise RuntimeError(MARK)


def test_an_error_that_cannot_be_shown_breaks_nothing(capsys):
    with structlog.testing.capture_logs():
        pass  # leaves structlog as it was
    log.configure("INFO", json=True)
    error = Rude()
    structlog.get_logger("test").error("failed", reason=error, name=MARK, exc_info=error)
    line = capsys.readouterr().err
    assert MARK not in line
    assert "Rude" in line
