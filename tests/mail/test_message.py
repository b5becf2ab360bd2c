"""One mail: nothing in it can become a header, and what is in it stays out of logs."""

from dataclasses import FrozenInstanceError, replace
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP

import pytest
from hypothesis import given
from hypothesis import strategies as st

from visavis.core.errors import InvalidInput
from visavis.mail.errors import InvalidMail
from visavis.mail.message import Message, as_email

SENT = datetime(2026, 11, 21, 12, 25, 42, tzinfo=UTC)
GOOD = Message("Ann@FIRM.com", "Your code", "Hello\n\n    123456\n", "<p>123456</p>")
HEADERS = ["From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "MIME-Version"]


def read(message):
    """Return a mail as whoever gets it reads it."""
    content = as_email(message, "visavis@firm.com", SENT).as_bytes()
    mail = message_from_bytes(content, policy=SMTP)
    assert isinstance(mail, EmailMessage)
    return content, mail


def test_a_mail_is_what_was_asked_for():
    content, mail = read(GOOD)

    assert sorted(mail.keys()) == sorted([*HEADERS, "Content-Type"])
    assert (mail["From"], mail["To"]) == ("Visavis <visavis@firm.com>", "Ann@firm.com")
    assert (mail["Subject"], mail["Auto-Submitted"]) == ("Your code", "auto-generated")
    assert mail["Date"].datetime == SENT
    assert mail["Message-ID"].endswith("@firm.com>")
    text, html = mail.iter_parts()
    assert (text.get_content_type(), html.get_content_type()) == ("text/plain", "text/html")
    assert text.get_content() == GOOD.text.replace("\n", "\r\n") or text.get_content() == GOOD.text
    assert "<p>123456</p>" in html.get_content()
    assert content.isascii()


def test_its_content_is_in_no_log_and_it_never_changes():
    assert repr(GOOD) == "Message(subject='Your code')"
    with pytest.raises(FrozenInstanceError):
        GOOD.to = "bob@firm.com"  # type: ignore[misc]


INJECTIONS = [
    *("\r\nBcc: eve@evil.com", "\nBcc: eve@evil.com", "\rBcc: eve@evil.com", "\r\n\r\n<p>evil"),
    *("\x0bBcc: x", "\x0cBcc: x", "\x1cBcc: x", "\x85Bcc: x", "\u2028Bcc: x", "\u2029Bcc: x"),
    *("\0", "\x1b[31m", "\x7f", "\ud800"),
]


@pytest.mark.parametrize("evil", INJECTIONS, ids=ascii)
@pytest.mark.parametrize("place", ["to", "subject"])
def test_no_line_is_added_to_the_headers(place, evil):
    with pytest.raises(InvalidMail):
        replace(GOOD, **{place: getattr(GOOD, place) + evil})
    with pytest.raises(InvalidMail):
        replace(GOOD, **{place: evil + getattr(GOOD, place)})


@pytest.mark.parametrize("evil", ["\0", "\r", "\x1b[2J", "\u2028", "\ud800"], ids=ascii)
@pytest.mark.parametrize("place", ["text", "html"])
def test_no_control_characters_in_the_text(place, evil):
    with pytest.raises(InvalidMail, match=f"the {place} of a mail"):
        replace(GOOD, **{place: f"Hello{evil}"})


@pytest.mark.parametrize(
    "odd", [{"subject": ""}, {"subject": "  "}, {"subject": "x" * 201}, {"text": "x" * 100_001}]
)
def test_sizes_are_bounded(odd):
    with pytest.raises(InvalidInput, match="of a mail has"):
        replace(GOOD, **odd)


@given(st.text(max_size=220), st.text(max_size=400), st.text(max_size=400))
def test_whatever_is_taken_has_the_same_headers_and_parts(subject, text, html):
    try:
        message = Message("ann@firm.com", subject, text, html)
    except InvalidMail:
        return
    _, mail = read(message)
    assert sorted(mail.keys()) == sorted([*HEADERS, "Content-Type"])
    assert mail["To"] == "ann@firm.com"
    assert "".join(mail["Subject"].split()) == "".join(subject.split())
    parts = [part.get_content().replace("\r\n", "\n").rstrip("\n") for part in mail.iter_parts()]
    assert parts == [text.rstrip("\n"), html.rstrip("\n")]


@given(
    st.sampled_from(["to", "subject"]),
    st.sampled_from([*"\r\n\v\f\0\x1c\x1d\x1e\x85\u2028\u2029", "\r\n"]),
    st.text(max_size=30),
    st.text(max_size=30),
)
def test_a_line_end_is_never_taken(place, end, before, after):
    around = f"{before}x{end}x{after}"
    with pytest.raises(InvalidMail):
        replace(GOOD, **{place: around + ("@firm.com" if place == "to" else "")})
