"""One mail: checked when it is made, so that nothing in it can become a header."""

import unicodedata
from dataclasses import dataclass, field
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, make_msgid

from visavis.mail.addresses import address
from visavis.mail.errors import InvalidMail

LONGEST_SUBJECT = 200
LONGEST_TEXT = 100_000
NAME = "Visavis"

_ENDS_A_LINE = frozenset({"Cc", "Cs", "Zl", "Zp"})
"""Categories of characters that end a line or cannot be written: control characters, halves of
surrogate pairs, line and paragraph separators."""


@dataclass(frozen=True, slots=True)
class Message:
    """One mail to one person; what is in it stays out of logs.

    Attributes:
        to: Address, brought to the form it has on the wire.
        subject: One line, at most 200 characters.
        text: The mail as plain text.
        html: The same as HTML.

    Raises:
        InvalidMail: one of them cannot be sent.
    """

    to: str = field(repr=False)
    subject: str
    text: str = field(repr=False)
    html: str = field(repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "to", address(self.to))
        if not self.subject.strip() or len(self.subject) > LONGEST_SUBJECT:
            raise InvalidMail(f"the subject of a mail has 1 to {LONGEST_SUBJECT} characters")
        _refuse_control("subject", self.subject)
        for name, body in (("text", self.text), ("html", self.html)):
            if len(body) > LONGEST_TEXT:
                raise InvalidMail(f"the {name} of a mail has at most {LONGEST_TEXT} characters")
            _refuse_control(name, body.replace("\n", "").replace("\t", ""))


def as_email(message: Message, sender: str, sent: datetime) -> EmailMessage:
    """Return a mail as it leaves: plain text and HTML, quoted-printable, 7 bits wide.

    Args:
        message: What to send.
        sender: Address it comes from, as `address` gives it.
        sent: The time, aware.
    """
    mail = EmailMessage(policy=SMTP)
    mail["From"] = Address(NAME, addr_spec=sender)
    mail["To"] = Address(addr_spec=message.to)
    mail["Subject"] = message.subject
    mail["Date"] = format_datetime(sent)
    mail["Message-ID"] = make_msgid(domain=sender.rpartition("@")[2])
    mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: no answers from those on holiday
    mail.set_content(message.text, cte="quoted-printable")
    mail.add_alternative(message.html, subtype="html", cte="quoted-printable")
    return mail


def _refuse_control(name: str, text: str) -> None:
    if any(unicodedata.category(letter) in _ENDS_A_LINE for letter in text):
        raise InvalidMail(f"the {name} of a mail has a control character in it; take it out")
