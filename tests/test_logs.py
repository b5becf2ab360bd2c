"""The last test of all: no picture, vector, secret or address stands in what the others logged."""

import base64
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import jwt
import pytest

from tests.captured_logs import MOST_BYTES, KeptLogs
from tests.conftest import REPO
from visavis.credentials.passwords import hash_password
from visavis.credentials.tokens import API_KEY, LINK, REFRESH, new_secret
from visavis.usecases.callers import COOKIE

NUMBER = r"-?\d+\.\d+(?:[eE][-+]?\d+)?"
FORBIDDEN: Mapping[str, str] = {
    "secret": r"\bvv[a-z]?_[A-Za-z0-9_-]{16,}",
    "token": r"\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*",
    "password hash": r"\$argon2",
    "address": r"[\w.+-]+@[\w-]+\.\w[\w.-]*\w",
    "second factor": r"otpauth:",
    "key": r"-----BEGIN [A-Z ]+-----",
    "picture": r"/9j/[\w+/]{12,}|iVBORw0KGgo|\\xff\\xd8\\xff|\\x89PNG|UklGR[\w+/]{8,}",
    "vector": rf"{NUMBER}(?:[\s,;\[\]]+{NUMBER}){{7,}}",
    "bytes": r"[A-Za-z0-9+/]{400,}={0,2}|[0-9a-fA-F]{400,}",
}
"""What must stand in no line, each with what it looks like."""


def passwords() -> list[str]:
    """Return the passwords that the tests use, out of their own text."""
    said = re.compile(r"^\w*PASSWORD\w*(?:: \w+)? = \"(.{8,})\"$", re.MULTILINE)
    texts = (path.read_text(encoding="utf-8") for path in (REPO / "tests").rglob("*.py"))
    return sorted({found for text in texts for found in said.findall(text)})


def leaks(lines: Iterable[str], used: Iterable[str]) -> Iterator[str]:
    """Say what stands in which line, of what must not.

    Args:
        lines: Of the log.
        used: Passwords.
    """
    rules = {kind: re.compile(look) for kind, look in FORBIDDEN.items()}
    rules["password"] = re.compile("|".join(map(re.escape, used)))
    for number, line in enumerate(lines, 1):
        for kind, rule in rules.items():
            if found := rule.search(line):
                before = line[max(0, found.start() - 200) : found.start()]
                yield f"line {number} holds a {kind}: {before}>>>{found[0][:120]}"


def test_no_line_of_any_test_holds_a_picture_a_vector_a_secret_or_an_address(kept_logs: KeptLogs):
    assert kept_logs.bytes < MOST_BYTES
    with kept_logs.path.open(encoding="utf-8") as lines:
        found = list(leaks(lines, passwords()))
    assert not found, "\n".join(found)


VECTOR = [0.123456 * i - 0.4 for i in range(8)]
LEAKED = {
    "API key": new_secret(API_KEY),
    "refresh token": new_secret(REFRESH),
    "cookie": new_secret(COOKIE),
    "link": new_secret(LINK),
    "access token": jwt.encode({"sub": "somebody"}, "k" * 32, "HS256"),
    "password hash": hash_password("only to be hashed"),
    "address": "ann.lee+faces@mail.example.org",
    "second factor": "otpauth://totp/Visavis:x?secret=ABCDEFGH",
    "key": "-----BEGIN PRIVATE KEY-----",
    "JPEG": base64.b64encode(b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01" + bytes(30)).decode(),
    "PNG": base64.b64encode(b"\x89PNG\r\n\x1a\n" + bytes(30)).decode(),
    "bytes of a JPEG": repr(b"\xff\xd8\xff\xe0\x00"),
    "vector": str(VECTOR),
    "array": " ".join(f"{value:.3e}" for value in VECTOR),
    "hexadecimal": "5f" * 300,
    "base64": base64.b64encode(bytes(range(256)) * 2).decode(),
    "password": "five plain words are enough",
}


@pytest.mark.parametrize("text", LEAKED.values(), ids=LEAKED)
def test_each_of_them_is_found_wherever_it_stands(text: str):
    assert "five plain words are enough" in passwords()
    for line in (text, f'{{"event": "x {text}", "n": 1}}'):
        assert list(leaks(["harmless", line], passwords())) != []


def test_what_the_server_is_to_log_is_no_leak():
    lines = [
        '{"event": "pulled", "weight": "dlib", "took_ms": 41.27, "sha256": "' + "0f" * 32 + '"}',
        '{"event": "job_done", "id": "01890a5d-ac96-774b-bcce-b302099a8057", "level": "info"}',
        '{"event": "x", "timestamp": "2026-11-21T12:00:00.123456Z", "a": 1.5, "b": 2.5, "c": 3.5}',
        '  File "/srv/visavis/usecases/profile.py", line 12, in read',
    ]
    assert list(leaks(lines, passwords())) == []


CONFTEST = """
from tests.captured_logs import _logs_are_kept, kept_logs, put_last

def pytest_collection_modifyitems(items):
    put_last(items, "test_a_last_look.py")
"""
LAST = """
from tests import test_logs

def test_the_last(kept_logs):
    test_logs.test_no_line_of_any_test_holds_a_picture_a_vector_a_secret_or_an_address(kept_logs)
"""
WAYS = """
import logging, structlog
from visavis.core import log

own, library = structlog.get_logger("visavis.x"), logging.getLogger("library")

def test_an_event():
    own.debug("made", hint={0!r})

def test_a_library():
    library.info("got %s", {1!r})

def test_an_error():
    own.exception("failed", exc_info=ValueError({2!r}))

def test_a_set_up_of_its_own():
    log.configure("warning")
    own.warning({3!r})

def test_the_one_after_it():
    own.debug({4!r})
"""


@pytest.mark.parametrize("leaking", [False, True])
def test_a_secret_that_is_logged_on_purpose_makes_the_last_test_fail(tmp_path: Path, leaking: bool):
    # A password: what looks like a secret is taken out before it is logged.
    texts = 5 * [passwords()[0]] if leaking else [f"word {number}" for number in range(5)]
    (tmp_path / "conftest.py").write_text(CONFTEST)
    (tmp_path / "test_a_last_look.py").write_text(LAST)
    (tmp_path / "test_ways.py").write_text(WAYS.format(*texts))
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tmp_path)],
        capture_output=True,
        text=True,
        cwd=REPO,
    )
    assert ("1 failed, 5 passed" if leaking else "6 passed") in done.stdout, done.stdout
    assert len(set(re.findall(r"line (\d+) holds a password", done.stdout))) == 5 * leaking
