"""Signatures of requests, made by botocore itself."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from unittest.mock import patch

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from hypothesis import given
from hypothesis import strategies as st

from visavis.credentials.signatures import (
    CLOCKS_APART,
    LONGEST,
    Asked,
    Fault,
    SignatureRefused,
    read_claim,
)

NOW = datetime(2026, 11, 21, 12, 30, 5, tzinfo=UTC)
TARGET = "RekognitionService.ListCollections"
SECRET = "vv_a secret of the key"


def signed(
    body: bytes = b"{}",
    secret: str = SECRET,
    *,
    at: datetime = NOW,
    service: str = "rekognition",
    token: str | None = None,
    more: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """Return the headers of a request that botocore signed."""
    told = {"X-Amz-Target": TARGET, "Content-Type": "application/x-amz-json-1.1", **(more or {})}
    request = AWSRequest("POST", "http://127.0.0.1:8080/", told, body)
    auth = SigV4Auth(Credentials("a-key", secret, token), service, "eu-central-1")
    with patch("botocore.auth.get_current_datetime", return_value=at.replace(tzinfo=None)):
        auth.add_auth(request)
    return {"host": "127.0.0.1:8080"} | {
        name.lower(): text for name, text in request.headers.items()
    }


def check(headers: dict[str, str], body: bytes = b"{}", *, now: datetime = NOW) -> str:
    """Check a request and return whose key signed it."""
    claim = read_claim(Asked("POST", "/", tuple(headers.items())), now)
    claim.check(SECRET, body)
    return claim.key_id


def fault(headers: dict[str, str], body: bytes = b"{}", *, now: datetime = NOW) -> Fault:
    with pytest.raises(SignatureRefused) as refused:
        check(headers, body, now=now)
    return refused.value.fault


@given(
    st.binary(max_size=200),
    st.text("abcXYZ019 \t;:=,/+", max_size=40),
    st.timedeltas(-CLOCKS_APART, CLOCKS_APART),
)
def test_what_botocore_signs_is_genuine(body, said, apart):
    told = {"X-Note": said.strip()} if said.strip() else {}
    assert check(signed(body, more=told), body, now=NOW + apart) == "a-key"


@given(st.data())
def test_any_other_byte_is_refused(data):
    body = b'{"CollectionId": "event"}'
    headers = signed(body, more={"X-Amz-Note": "some words"})
    what = data.draw(st.sampled_from([*sorted(headers), "body"]))
    text = body.decode() if what == "body" else headers[what]
    place = data.draw(st.integers(0, len(text) - 1))
    letter = data.draw(
        st.characters(min_codepoint=33, max_codepoint=126).filter(text[place].__ne__)
    )
    changed = text[:place] + letter + text[place + 1 :]
    if what == "body":
        assert fault(headers, changed.encode()) is Fault.WRONG
    else:
        assert not opens({**headers, what: changed}, body)


def opens(headers: dict[str, str], body: bytes) -> bool:
    """Return whether a request opens what the key opens."""
    try:
        return check(headers, body) == "a-key"  # the secret of another key is another one
    except SignatureRefused:
        return False


def test_another_secret_another_path_and_another_method_are_refused():
    assert fault(signed(secret="vv_another")) is Fault.WRONG
    headers = tuple(signed().items())
    for asked in (Asked("GET", "/", headers), Asked("POST", "/other", headers)):
        with pytest.raises(SignatureRefused):
            read_claim(asked, NOW).check(SECRET, b"{}")


@pytest.mark.parametrize("apart", [timedelta(minutes=5, seconds=1), -timedelta(hours=1)])
def test_a_request_of_another_time_is_refused(apart):
    assert fault(signed(), now=NOW + apart) is Fault.EXPIRED


def test_a_request_for_another_service_or_day_is_refused():
    assert fault(signed(service="s3")) is Fault.WRONG
    headers = signed()
    yesterday = headers["authorization"].replace("20261121", "20261120")
    assert fault({**headers, "authorization": yesterday}) is Fault.WRONG


def test_session_tokens_are_not_known_here():
    assert fault(signed(token="of a session")) is Fault.UNKNOWN_KEY


def test_what_is_not_signed_is_missing_or_broken():
    headers = signed()
    assert fault({name: text for name, text in headers.items() if name != "authorization"}) is (
        Fault.MISSING
    )
    given = headers["authorization"]
    for broken in (
        "Bearer vv_a-key",
        given.replace("AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256"),
        given.replace("Signature=", "Signature=0"),
        given.replace("aws4_request", "aws4"),
        given.replace("SignedHeaders=content-type;", "SignedHeaders="),
        given.replace(";x-amz-target", ""),
        given.replace("host;x-amz-date", "x-amz-date;host"),
        given + "0" * LONGEST,
    ):
        assert fault({**headers, "authorization": broken}) in {Fault.BROKEN, Fault.WRONG}
    for stamp in ("", "20261121", "20261321T123005Z", "2026-11-21T12:30:05Z"):
        assert fault({**headers, "x-amz-date": stamp}) is Fault.BROKEN


@pytest.mark.parametrize("name", ["x-amz-target", "x-amz-date", "host"])
def test_what_has_to_be_signed_is(name):
    headers = signed()
    names = headers["authorization"].split("SignedHeaders=")[1].split(",")[0]
    fewer = ";".join(each for each in names.split(";") if each != name)
    changed = headers["authorization"].replace(names, fewer)
    assert fault({**headers, "authorization": changed}) is Fault.BROKEN


def test_headers_of_amazon_that_came_on_the_way_are_refused():
    assert fault({**signed(), "x-amz-added": "later"}) is Fault.BROKEN
    assert check({**signed(), "x-amz-cf-id": "of a proxy"}) == "a-key"
    assert check({**signed(), "x-forwarded-for": "192.0.2.1"}) == "a-key"


def test_no_secret_is_in_what_is_said():
    with pytest.raises(SignatureRefused) as refused:
        check(signed(secret="vv_another"))
    assert SECRET not in str(refused.value)
