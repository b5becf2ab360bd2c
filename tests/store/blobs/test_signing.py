"""Signed links: what was signed is read back; anything else is refused."""

import re
import string
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from visavis.core.errors import InvalidInput, InvalidSettings
from visavis.store.blobs import signing
from visavis.store.blobs.errors import LinkRefused
from visavis.store.blobs.signing import LONGEST_LIFE, Link, check, sign

KEY = bytes(range(32))
NOW = datetime(2026, 11, 21, 12, 0, 0, tzinfo=UTC)
SOON = NOW + timedelta(hours=1)
TENANT, SHA256 = "ab" * 16, "cd" * 32
SAID = (TENANT, SHA256, "image/jpeg", "Me & you = été 100%.jpg")
QUERY = sign(KEY, *SAID, SOON, now=NOW)
PRINTABLE = st.text(min_size=1, max_size=255).filter(
    lambda text: text.isprintable() and not set("/\\") & set(text)
)
MEDIA_TYPES = st.from_regex(signing._MEDIA_TYPE, fullmatch=True)


@given(
    key=st.binary(min_size=32, max_size=64),
    tenant=st.text("0123456789abcdef", min_size=32, max_size=32),
    sha256=st.text("0123456789abcdef", min_size=64, max_size=64),
    media_type=MEDIA_TYPES,
    name=PRINTABLE,
    life=st.timedeltas(timedelta(seconds=1), LONGEST_LIFE),
)
def test_what_was_signed_is_read_back(key, tenant, sha256, media_type, name, life):
    query = sign(key, tenant, sha256, media_type, name, NOW + life, now=NOW)
    expires = (NOW + life).replace(microsecond=0)
    assert check(key, query, NOW) == Link(tenant, sha256, media_type, name, expires)
    assert set(query) <= set(string.ascii_letters + string.digits + "%&=._-~")
    assert parse_qs(urlsplit(f"https://x.y/files?{query}").query)["name"] == [name]


def refused(query, key=KEY, now=NOW):
    with pytest.raises(LinkRefused, match="ask for a new one"):
        check(key, query, now)
    return True


@given(at=st.integers(0, len(QUERY) - 1), byte=st.integers(0, 255))
def test_any_byte_changed_is_refused(at, byte):
    assume(ord(QUERY[at]) != byte)
    assert refused(QUERY[:at] + chr(byte) + QUERY[at + 1 :])


@given(at=st.integers(0, len(QUERY)), text=st.text(min_size=1, max_size=5))
def test_anything_added_is_refused(at, text):
    assert refused(QUERY[:at] + text + QUERY[at:])


@given(start=st.integers(0, len(QUERY)), length=st.integers(1, len(QUERY)))
def test_anything_left_out_is_refused(start, length):
    assume(start < len(QUERY))
    assert refused(QUERY[:start] + QUERY[start + length :])


@pytest.mark.parametrize("at", [m.start() for m in re.finditer("%[0-9A-F]?[A-F]", QUERY)])
def test_the_same_written_otherwise_is_refused(at):
    assert refused(QUERY[: at + 1] + QUERY[at + 1 : at + 3].lower() + QUERY[at + 3 :])


def test_every_other_way_to_say_the_same_is_refused():
    first, *others = QUERY.split("&")
    assert refused("&".join([*others, first]))
    assert refused(f"{QUERY}&")
    assert refused(f"{QUERY}&mac=")
    assert refused(f"{QUERY}&{first}")
    assert refused(f"?{QUERY}")
    assert refused(QUERY.replace("%20", "+"))
    assert refused(QUERY.replace("expires=", "expires=0"))
    assert refused(QUERY.replace("expires=", "expires=%2B"))
    assert refused(QUERY + "=" * (-len(QUERY) % 4 or 1))


@given(text=st.text(max_size=300) | st.text("&=%v12tenanblobmcx", max_size=300))
def test_what_is_no_link_is_refused(text):
    assert refused(text)


@pytest.mark.parametrize(
    "query",
    [
        "",
        "v=1",
        "v=1&tenant=a&blob=b&type=c&name=d&expires=e&mac=f",
        "v=1&tenant=a&blob=b&type=c&name=d&expires=99999999999999999999&mac=f",
        f"v=1&tenant=a&blob=b&type=c&name=d&expires={'9' * 4000}&mac=f",
        "v=1&tenant=a&blob=b&type=c&name=d&expires=-1&mac=f",
        "v=1&tenant=a&blob=b&type=c&name=%ff%fe&expires=1&mac=f",
        "v=1&tenant=a&blob=b&type=c&name=%ed%a0%80&expires=1&mac=f",
        "x" * 10_000_000,
        "&" * 4000,
    ],
    ids=range(10),
)
def test_a_hostile_query_is_refused(query):
    assert refused(query)


@given(other=st.integers(0, 2), said=st.permutations(["a", "b", "c"]))
def test_no_two_links_share_a_code(other, said):
    """Moving a letter from one field into the next changes the code: lengths are part of it."""
    one = signing._mac(KEY, ("1", "ab", "c", *said))
    assert one != signing._mac(KEY, ("1", "a", "bc", *said))
    assert one != signing._mac(KEY, ("1", "abc", "", *said))


def test_each_field_of_another_link_is_refused():
    other = sign(KEY, "ef" * 16, "01" * 32, "image/png", "x", SOON + timedelta(1), now=NOW)
    mine, theirs = QUERY.split("&"), other.split("&")
    for at in range(1, len(mine)):
        assert refused("&".join([*mine[:at], theirs[at], *mine[at + 1 :]]))


def test_another_key_version_or_purpose_is_refused(monkeypatch):
    assert refused(QUERY, key=KEY[::-1])
    assert refused(QUERY, key=KEY + b"\1")
    with monkeypatch.context() as patched:
        patched.setattr(signing, "_PURPOSE", b"something else")
        assert refused(QUERY)
    with monkeypatch.context() as patched:
        patched.setattr(signing, "_VERSION", 2)
        assert refused(QUERY)
    assert check(KEY, QUERY, NOW).tenant_id == TENANT


def test_a_link_is_refused_from_its_last_second_on():
    assert check(KEY, QUERY, SOON - timedelta(microseconds=1)).expires == SOON
    for late in (SOON, SOON + timedelta(microseconds=1), SOON + timedelta(days=9999)):
        with pytest.raises(LinkRefused, match="time of this link"):
            check(KEY, QUERY, late)


def test_times_of_another_zone_are_the_same_time():
    from datetime import timezone

    zone = timezone(timedelta(hours=5, minutes=30))
    assert sign(KEY, *SAID, SOON.astimezone(zone), now=NOW) == QUERY
    assert check(KEY, QUERY, NOW.astimezone(zone)).expires == SOON


@pytest.mark.parametrize(
    "life", [timedelta(), timedelta(microseconds=5), -timedelta(1), LONGEST_LIFE + timedelta(0, 1)]
)
def test_a_link_that_is_over_or_lives_too_long_is_not_signed(life):
    with pytest.raises(InvalidInput, match="7 days"):
        sign(KEY, *SAID, NOW + life, now=NOW)


@pytest.mark.parametrize("media_type", ["", "image", "IMAGE/JPEG", "a/b;c", "a/b\r\nX: y", "a/b/c"])
def test_a_media_type_that_is_none_is_not_signed(media_type):
    with pytest.raises(InvalidInput, match="media type"):
        sign(KEY, TENANT, SHA256, media_type, "x", SOON, now=NOW)


@pytest.mark.parametrize(
    "name", ["", "a/b", "a\\b", "a\r\nb", "a\0", "\ud800", "x" * 256, "a\u2028b", "\u202egnp.exe"]
)
def test_a_name_that_could_do_harm_is_not_signed(name):
    with pytest.raises(InvalidInput, match="name in a link"):
        sign(KEY, TENANT, SHA256, "image/png", name, SOON, now=NOW)


@pytest.mark.parametrize(("tenant", "sha256"), [("..", SHA256), (TENANT, "../x"), (SHA256, TENANT)])
def test_what_is_no_file_is_not_signed(tenant, sha256):
    with pytest.raises(InvalidInput, match="hex digits"):
        sign(KEY, tenant, sha256, "image/png", "x", SOON, now=NOW)


@pytest.mark.parametrize("key", [b"", b"x" * 31])
def test_a_short_key_is_refused(key):
    with pytest.raises(InvalidSettings, match="32 bytes"):
        sign(key, *SAID, SOON, now=NOW)
    with pytest.raises(InvalidSettings, match="32 bytes"):
        check(key, QUERY, NOW)


def test_the_code_is_the_one_the_standard_gives():
    """Written out once by hand, so that links outlive a rewrite of this file."""
    import hmac
    from base64 import urlsafe_b64encode

    fields = [b"visavis: read one blob", b"\x01", *(text.encode() for text in SAID)]
    fields.append(str(int(SOON.timestamp())).encode())
    message = b"".join(len(field).to_bytes(4, "big") + field for field in fields)
    mac = urlsafe_b64encode(hmac.new(KEY, message, "sha256").digest()).decode().rstrip("=")
    assert QUERY.endswith(f"&mac={mac}")
    assert QUERY.startswith(f"v=1&tenant={TENANT}&blob={SHA256}&type=image%2Fjpeg&name=")
    assert f"&name={quote(SAID[3], safe='')}&expires=" in QUERY
