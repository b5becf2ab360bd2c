"""Whom a limit counts: networks of IPv6, and nobody by name."""

import ipaddress
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from visavis.throttle.counted import hidden, whole


@pytest.mark.parametrize(
    ("key", "counted"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:0DB8:0001:0002::", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("::1", "::/64"),
        ("ann@firm.com", "ann@firm.com"),
        ("0" * 32, "0" * 32),
        ("12345", "12345"),
        ("", ""),
        ("testclient", "testclient"),
    ],
)
def test_what_a_subscriber_is_known_by(key, counted):
    assert whole(key) == counted


@given(st.ip_addresses(v=6), st.ip_addresses(v=6))
def test_ipv6_addresses_are_one_when_their_networks_are(one, other):
    if one.ipv4_mapped or other.ipv4_mapped:
        return
    same_network = int(one) >> 64 == int(other) >> 64
    assert (whole(str(one)) == whole(str(other))) == same_network
    neighbour = ipaddress.IPv6Address(int(one) ^ 0xFFFF)
    assert neighbour.ipv4_mapped or whole(str(neighbour)) == whole(str(one))


@given(st.text(), st.text())
def test_hidden_keys_say_nothing_and_differ(one, other):
    assert re.fullmatch("[0-9a-f]{64}", hidden(b"", "login", one))
    assert (hidden(b"p", "login", one) == hidden(b"p", "login", other)) == (
        whole(one) == whole(other)
    )


def test_kind_and_pepper_make_another_key():
    keys = {hidden(pepper, kind, "x") for pepper in (b"", b"p") for kind in ("login", "mail")}
    assert len(keys) == 4
