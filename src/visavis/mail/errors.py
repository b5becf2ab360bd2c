"""What can be wrong with a mail.

VisavisError
├── InvalidInput
│   └── InvalidMail     … an address, a subject or a text that cannot be sent
└── Unavailable
    └── MailNotSent     … the server or the folder did not take it
"""

from visavis.core.errors import InvalidInput, Unavailable


class InvalidMail(InvalidInput):
    """An address, a subject or a text cannot be sent; the message says which."""


class MailNotSent(Unavailable):
    """A mail did not leave; names the server or the folder, never the recipient."""
