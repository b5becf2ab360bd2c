"""The letters that Visavis sends, in calm plain words.

Letters to an address that nobody has confirmed hold no words that the sender of a form chose:
somebody else's server is a good place to send advertising from. Names in an invitation are shown
only where they are names.
"""

import re
from datetime import UTC, datetime

from visavis.mail.layout import Code, Foot, Link, letter
from visavis.mail.message import Message

LONGEST_NAME = 80

_ADDRESS = re.compile(r"://|@|www\.|\w\.\w{2}", re.IGNORECASE)
"""What a mail program would turn into a link."""

_MONTHS = "January February March April May June July August September October November December"

_NOT_YOU = "If this was not you, change your password now and end your other sessions."
_IGNORE = "If you did not ask for this, you need not do anything: nobody has got in."


def verification_code(to: str, code: str, minutes: int, foot: Foot) -> Message:
    """Return the letter with the code that confirms an address.

    Args:
        to: Who registered.
        code: 6 digits.
        minutes: How long it works.
        foot: What stands below.
    """
    return letter(
        to,
        "Your code for Visavis",
        foot,
        "Welcome to Visavis. This code confirms that the e-mail address is yours:",
        Code(code),
        f"It works for {_minutes(minutes)}. Nobody from Visavis will ever ask you for it.",
        _IGNORE,
    )


def already_registered(to: str, foot: Foot) -> Message:
    """Return the letter to somebody who registers again; the page answers as if it were new."""
    return letter(
        to,
        "You have an account at Visavis",
        foot,
        "Somebody, most likely you, wanted to register with this e-mail address. You have an "
        "account already: log in with it, or ask for a new password on the log-in page.",
        _IGNORE,
    )


def reset_code(to: str, code: str, minutes: int, foot: Foot) -> Message:
    """Return the letter with the code that allows a new password; as `verification_code`."""
    return letter(
        to,
        "Choose a new password for Visavis",
        foot,
        "With this code you can choose a new password:",
        Code(code),
        f"It works for {_minutes(minutes)}. Nobody from Visavis will ever ask you for it.",
        "If you did not ask for this, you need not do anything: your password stays as it is.",
    )


def password_changed(to: str, when: datetime, foot: Foot) -> Message:
    """Return the letter after the password was changed, at `when` (aware)."""
    return letter(
        to,
        "Your password was changed",
        foot,
        f"The password of your account was changed on {_moment(when)}.",
        "If this was you, all is well. If it was not, ask for a new password on the log-in page "
        "now, and tell the person named below.",
    )


def change_code(to: str, code: str, minutes: int, foot: Foot) -> Message:
    """Return the letter with the code that makes `to` the new address of an account."""
    return letter(
        to,
        "Your code for a new e-mail address at Visavis",
        foot,
        "With this code the e-mail address becomes that of an account at Visavis:",
        Code(code),
        f"It works for {_minutes(minutes)}. Nobody from Visavis will ever ask you for it.",
        _IGNORE,
    )


def email_changed(to: str, when: datetime, foot: Foot) -> Message:
    """Return the letter to the address that an account had until `when` (aware)."""
    return letter(
        to,
        "Your account has another e-mail address now",
        foot,
        f"The e-mail address of your account was changed on {_moment(when)}. From now on letters "
        "go to the new one, and you log in with it.",
        "If this was you, all is well. If it was not, tell the person named below now.",
    )


def new_sign_in_method(to: str, method: str, when: datetime, foot: Foot) -> Message:
    """Return the letter after a way to log in was added.

    Args:
        to: Whose account it is.
        method: What was added, in our words: `an authenticator app`, `an API key`.
        when: When, aware.
        foot: What stands below.
    """
    return letter(
        to,
        "A new way to log in to your account",
        foot,
        f"{method[:1].upper()}{method[1:]} was added to your account on {_moment(when)}.",
        f"If this was you, all is well. {_NOT_YOU}",
    )


def second_factor_removed(to: str, when: datetime, foot: Foot) -> Message:
    """Return the letter after the second factor was removed, at `when` (aware)."""
    return letter(
        to,
        "Your account has no second factor any more",
        foot,
        f"The second factor was removed from your account on {_moment(when)}. Whoever knows your "
        "password can log in now.",
        f"If this was you, all is well; you can add another one in your profile. {_NOT_YOU}",
    )


def role_changed(to: str, *, tenant: str, role: str, foot: Foot) -> Message:
    """Return the letter after an admin gave somebody another role in their organisation."""
    return letter(
        to,
        "You have another role now",
        foot,
        f"Your role in {_name(tenant, 'your organisation')} is {role} now.",
        "Your profile shows what it lets you do. If you do not know why it changed, ask an owner.",
    )


def account_locked(to: str, until: datetime, foot: Foot) -> Message:
    """Return the letter after too many failed log-ins; nobody gets in before `until` (aware)."""
    return letter(
        to,
        "Your account is locked for a while",
        foot,
        "Somebody tried several times to log in to your account with a wrong password. To keep "
        f"it safe, nobody can log in before {_moment(until)}.",
        "If this was you, wait until then, or choose a new password on the log-in page. If it was "
        "not, nobody has got in, and you need not do anything.",
    )


def invitation(
    to: str, *, inviter: str, tenant: str, role: str, url: str, until: datetime, foot: Foot
) -> Message:
    """Return the letter that invites somebody.

    Args:
        to: Who is invited.
        inviter: Name of who invites.
        tenant: Name of what they are invited to.
        role: What they will be there, such as `operator`.
        url: Address to open, with the secret in it.
        until: How long it works, aware.
        foot: What stands below.
    """
    who = _name(inviter, "Somebody")
    where = _name(tenant, "a team")
    return letter(
        to,
        "You are invited to Visavis",
        foot,
        f"{who} invites you to work with {where} in Visavis, as {role}.",
        "To accept, open this address and choose a password:",
        Link(url),
        f"It works once, until {_moment(until)}. Do not pass it on.",
        "If you do not know what this is about, you need not do anything.",
    )


def invitation_elsewhere(to: str, *, inviter: str, tenant: str, role: str, foot: Foot) -> Message:
    """Return the letter that invites somebody whose address has an account already.

    Args:
        to: Who is invited.
        inviter: Name of who invites.
        tenant: Name of what they are invited to.
        role: What they would be there.
        foot: What stands below.
    """
    who = _name(inviter, "Somebody")
    where = _name(tenant, "a team")
    return letter(
        to,
        "You are invited to Visavis",
        foot,
        f"{who} invites you to work with {where} in Visavis, as {role}.",
        "You have an account with this e-mail address already, and an account belongs to one team. "
        "To accept, ask to be invited at another address of yours, or delete your account and ask "
        "for the invitation to be sent again.",
        "If you do not know what this is about, you need not do anything.",
    )


def _name(text: str, instead: str) -> str:
    """Return a name on one line; `instead` where it is too long or would become a link."""
    line = " ".join(text.split())
    plain = line.isprintable() and 0 < len(line) <= LONGEST_NAME
    return line if plain and not _ADDRESS.search(line) else instead


def _minutes(count: int) -> str:
    return "one minute" if count == 1 else f"{count} minutes"


def _moment(when: datetime) -> str:
    """Return a time for people, in UTC and independent of the server's language."""
    utc = when.astimezone(UTC)
    return f"{utc.day} {_MONTHS.split()[utc.month - 1]} {utc.year}, {utc:%H:%M} UTC"
