"""Authenticator apps: the codes of RFC 6238, each of them taken once."""

import base64
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, unquote, urlsplit

import pyotp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from visavis.credentials.totp import STEP_S, check, new_totp_secret, provisioning_uri

RFC_SECRET = base64.b32encode(b"12345678901234567890").decode()
NOW = datetime(2026, 11, 21, 12, 0, 10, tzinfo=UTC)
STEP = int(NOW.timestamp()) // STEP_S
SECRET = new_totp_secret()


def code_at(step):
    """Return the code of a step, by the library's own clock arithmetic."""
    return pyotp.TOTP(SECRET).at(step * STEP_S)


@pytest.mark.parametrize(
    ("seconds", "code"),  # RFC 6238, appendix B, SHA-1; the last six of its eight digits
    [
        (59, "287082"),
        (1111111109, "081804"),
        (1111111111, "050471"),
        (1234567890, "005924"),
        (2000000000, "279037"),
        (20000000000, "353130"),
    ],
)
def test_the_vectors_of_the_standard(seconds, code):
    at = datetime.fromtimestamp(seconds, UTC)
    assert check(RFC_SECRET, code, at, None) == seconds // 30
    assert check(RFC_SECRET, code, at + timedelta(seconds=90), None) is None


@pytest.mark.parametrize(("away", "taken"), [(-2, 0), (-1, 1), (0, 1), (1, 1), (2, 0)])
def test_codes_of_the_neighbouring_steps_are_taken(away, taken):
    assert check(SECRET, code_at(STEP + away), NOW, None) == (STEP + away if taken else None)


def test_a_code_is_taken_once():
    used = check(SECRET, code_at(STEP), NOW, None)
    assert used == STEP
    assert check(SECRET, code_at(STEP), NOW, used) is None
    assert check(SECRET, code_at(STEP - 1), NOW, used) is None
    assert check(SECRET, code_at(STEP + 1), NOW, used) == STEP + 1


@given(st.lists(st.tuples(st.integers(0, 90), st.integers(-3, 3)), max_size=30))
def test_no_code_is_ever_taken_twice(tries):
    now, taken, last = NOW, [], None
    for pause, away in tries:
        now += timedelta(seconds=pause)
        step = int(now.timestamp()) // STEP_S + away
        found = check(SECRET, code_at(step), now, last)
        assert (found == step) == (abs(away) <= 1 and (last is None or step > last))
        if found is not None:
            taken.append(found)
            last = found
    assert taken == sorted(set(taken))


@pytest.mark.parametrize("typed", ["{}", " {} ", "{0:.3} {1}"])
def test_it_may_be_typed_as_apps_show_it(typed):
    code = code_at(STEP)
    assert check(SECRET, typed.format(code, code[3:]), NOW, None) == STEP


@pytest.mark.parametrize("typed", ["", "12345", "1234567", "abcdef", "\ud800" * 6, "9" * 10_000])
def test_what_is_no_code_is_not_taken(typed):
    assert check(SECRET, typed, NOW, None) is None


def test_secrets_have_160_bits():
    assert len(base64.b32decode(SECRET)) == 20
    assert len({new_totp_secret() for _ in range(200)}) == 200


def test_the_address_is_what_apps_read():
    parts = urlsplit(provisioning_uri(SECRET, "ann:x@firm.com", "Visavis: Größe & co"))
    asked = parse_qs(parts.query, strict_parsing=True)

    assert (parts.scheme, parts.netloc) == ("otpauth", "totp")
    assert unquote(parts.path) == "/Visavis  Größe & co:ann x@firm.com"
    assert asked == {"secret": [SECRET], "issuer": ["Visavis  Größe & co"]}
    read = pyotp.parse_uri(parts.geturl())
    assert isinstance(read, pyotp.TOTP)
    assert read.at(NOW) == code_at(STEP)
