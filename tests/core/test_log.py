"""Log lines carry ids and counts, never a person: no pictures, vectors, secrets or names."""

import json
import logging

import numpy as np
import pytest
import structlog

from visavis.core import log
from visavis.core.log import REMOVED, redact
from visavis.core.types import Faces

SECRET = "s3cret-marker"


@pytest.fixture(autouse=True)
def _restore_logging():
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers, root.level = handlers, level
    structlog.reset_defaults()


def written(capsys, **fields):
    log.configure("INFO", json=True)
    structlog.get_logger("test").info("happened", **fields)
    line = capsys.readouterr().err
    return line, json.loads(line)


@pytest.mark.parametrize("key", [*sorted(log.PRIVATE), "Password", "IMAGE"])
def test_private_fields_are_removed_at_any_depth(capsys, key):
    line, fields = written(capsys, **{key: SECRET, "request": {"parts": [{key: SECRET}]}})
    assert SECRET not in line
    assert fields[key] == REMOVED


@pytest.mark.parametrize(
    "value",
    [
        SECRET.encode(),
        bytearray(SECRET.encode()),
        memoryview(SECRET.encode()),
        np.full(4, 0.123456),
        np.float32(0.123456),
        [0.123456, 0.5],
        ((0.123456,),),
        {"inner": [0.123456]},
        Faces.none(),
        object(),
    ],
    ids=lambda value: type(value).__name__,
)
def test_values_that_could_hold_a_person_are_removed_whatever_their_name(capsys, value):
    line, _ = written(capsys, harmless=value)
    assert SECRET not in line
    assert "0.123456" not in line
    assert "0x" not in line
    assert "removed]" in line


def test_ids_and_counts_are_kept(capsys):
    given = {"faces": 3, "took_ms": 41.5, "pack": "default", "ids": ["a", "b"], "ok": True}
    _, fields = written(capsys, **given)
    assert fields.items() >= given.items()
    assert (fields["event"], fields["level"]) == ("happened", "info")


def test_long_text_is_cut():
    event = redact(None, "info", {"event": "e", "note": "x" * 100_000})
    assert len(event["note"]) <= log.LONGEST + 1


def fail_with(picture):
    raise ValueError(f"a picture of {len(picture)} letters")


def test_a_traceback_shows_no_local_variables(capsys):
    for as_json in (True, False):
        log.configure("INFO", json=as_json)
        try:
            fail_with(SECRET)
        except ValueError:
            structlog.get_logger("test").exception("failed")
    shown = capsys.readouterr().err
    assert shown.count("ValueError: a picture of 13 letters") == 2
    assert SECRET not in shown


def test_records_of_libraries_take_the_same_way_and_once(capsys):
    log.configure("WARNING", json=True)
    log.configure("INFO", json=True)
    logging.getLogger("some.library").info("opened %s", "port 1", extra={"token": SECRET})
    lines = capsys.readouterr().err.splitlines()
    assert [json.loads(line)["event"] for line in lines] == ["opened port 1"]
    assert SECRET not in lines[0]


def test_a_terminal_gets_readable_lines(capsys):
    log.configure("INFO", json=False)
    structlog.get_logger("test").info("happened", faces=3, image=SECRET)
    line = capsys.readouterr().err
    assert "happened" in line
    assert "faces=3" in line
    assert SECRET not in line
