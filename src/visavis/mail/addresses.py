"""E-mail addresses: checked by their form, never asked of the DNS, and brought to one spelling.

The part before the @ has to be ASCII: hardly any server takes another, and letters that only look
alike would make two accounts look like one. Names that are valid only in one's own network
(`localhost`, `firm.local`, `dev.test`) are fine, as the server may well stand there.
"""

import re

from email_validator import EmailNotValidError, validate_email

from visavis.mail.errors import InvalidMail

LONGEST = 254

_OWN_NETWORK = re.compile(r"[@.](localhost|local|test)$", re.IGNORECASE)
_ELSEWHERE = ".example"
"""Put behind names of the own network while they are checked: the library knows public ones."""


def address(text: str) -> str:
    """Return an address as it goes on the wire: ASCII, the domain in small letters.

    Args:
        text: As typed; blanks around it do not matter.

    Raises:
        InvalidMail: it is no address; the message does not repeat it.
    """
    typed = text.strip()
    if len(typed) > LONGEST:
        raise InvalidMail(f"the e-mail address is too long: at most {LONGEST} characters")
    added = _ELSEWHERE if _OWN_NETWORK.search(typed) else ""
    try:
        found = validate_email(
            typed + added,
            check_deliverability=False,
            allow_smtputf8=False,
            globally_deliverable=False,
            strict=True,
        )
    except EmailNotValidError as exc:
        raise InvalidMail(f"the e-mail address cannot be used: {exc}") from None
    if not found.ascii_email:
        raise InvalidMail("the e-mail address cannot be used: write the part before the @ in ASCII")
    return found.ascii_email.removesuffix(added)


def comparable(text: str) -> str:
    """Return an address in the one spelling by which two are the same; raises as `address` does.

    Mail goes to the address as its owner typed it, found by this spelling: some server may tell
    `Ann@` from `ann@`, and a code that was asked for with one must not go to the other.
    """
    return address(text).lower()
