"""E-mail addresses: which are taken, and when two are the same."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from visavis.core.errors import InvalidInput
from visavis.mail.addresses import address, comparable
from visavis.mail.errors import InvalidMail


@pytest.mark.parametrize(
    ("typed", "wire", "compared"),
    [
        ("ann@firm.com", "ann@firm.com", "ann@firm.com"),
        ("  Ann.Lee+vv@FIRM.com\n", "Ann.Lee+vv@firm.com", "ann.lee+vv@firm.com"),
        ("ann@BÜCHER.example", "ann@xn--bcher-kva.example", "ann@xn--bcher-kva.example"),
        ("ann@xn--bcher-kva.example", "ann@xn--bcher-kva.example", "ann@xn--bcher-kva.example"),
        ("ann@ｆｉｒｍ．ｃｏｍ", "ann@firm.com", "ann@firm.com"),
        ("Visavis@localhost", "Visavis@localhost", "visavis@localhost"),
        ("ann@Firm.LOCAL", "ann@firm.local", "ann@firm.local"),
        ("ann@dev.test", "ann@dev.test", "ann@dev.test"),
        ("ann@intranet", "ann@intranet", "ann@intranet"),
        ("o'brien@firm.com", "o'brien@firm.com", "o'brien@firm.com"),
    ],
)
def test_addresses_are_taken_and_brought_to_one_spelling(typed, wire, compared):
    assert address(typed) == wire
    assert comparable(typed) == compared


@pytest.mark.parametrize(
    "typed",
    [
        *("", " ", "@", "ann", "ann@", "@firm.com", "ann@@firm.com", "ann@firm@com"),
        *("ann lee@firm.com", "ann@fi rm.com", "ann@firm..com", ".ann@firm.com", "ann@-firm.com"),
        *("Ann <ann@firm.com>", "<ann@firm.com>", "ann@firm.com,bob@firm.com", "ann@firm.com;"),
        *("ann@firm.com\r\nBcc: bob@firm.com", "ann\n@firm.com", "ann@firm\x00.com", "ann@\ud800"),
        *('"ann lee"@firm.com', "ann@[127.0.0.1]", "ann(x)@firm.com", "änn@firm.com", "аnn@x.com"),
        *("x" * 65 + "@firm.com", "ann@" + "x" * 64 + ".com", "ann@" + "x." * 200 + "com"),
        *("a@b.invalid", "ann@firm.com%0aBcc:bob@x.com\n", "ann@firm.com\u2028x", "a" * 10**6),
    ],
)
def test_what_is_no_address_is_refused_and_not_repeated(typed):
    with pytest.raises(InvalidMail, match="e-mail address") as raised:
        address(typed)
    assert isinstance(raised.value, InvalidInput)
    assert raised.value.__suppress_context__ or raised.value.__context__ is None
    if len(typed) > 4:
        assert typed not in str(raised.value)


@given(st.emails())
def test_the_spelling_is_stable(typed):
    try:
        wire = address(typed)
    except InvalidMail:
        return
    assert address(wire) == wire
    assert wire.isascii()
    assert comparable(typed) == comparable(wire) == comparable(comparable(typed))
    assert comparable(wire.swapcase()) == comparable(wire)


@given(st.text(max_size=60))
def test_no_other_text_gets_through_with_a_control_character(text):
    try:
        wire = address(text)
    except InvalidMail:
        return
    assert wire.isascii()
    assert wire.isprintable()
    assert " " not in wire
