"""The cookies of the pages: the secret of a session, and an address between two forms."""

from datetime import timedelta
from http.cookies import SimpleCookie
from urllib.parse import quote, unquote

from starlette.requests import HTTPConnection

from visavis.entry.services import COOKIE, Records

_ADDRESS = "visavis-address"
_ADDRESS_LIFE = timedelta(hours=1)
_LONGEST_ADDRESS = 254


def session(records: Records, secret: str) -> str:
    """Return the header that puts a secret into the browser, for as long as a session lasts."""
    days = records.ground.settings.accounts.session_days
    return _header(records, COOKIE, secret, timedelta(days=days))


def no_session(records: Records) -> str:
    """Return the header that takes it out of the browser."""
    return _header(records, COOKIE, "", timedelta(0))


def address(records: Records, email: str) -> str:
    """Return the header that keeps an e-mail address from one form to the next.

    In the address of a page it would be written down by browsers and proxies.
    """
    return _header(records, _ADDRESS, quote(email[:_LONGEST_ADDRESS]), _ADDRESS_LIFE)


def address_of(asked: HTTPConnection) -> str:
    """Return the e-mail address that the form before was about; empty where there was none."""
    return unquote(asked.cookies.get(_ADDRESS, ""))[:_LONGEST_ADDRESS]


def _header(records: Records, name: str, value: str, life: timedelta) -> str:
    cookie: SimpleCookie = SimpleCookie({name: value})
    cookie[name]["path"] = "/"
    cookie[name]["max-age"] = str(int(life.total_seconds()))
    cookie[name]["samesite"] = "Lax"
    cookie[name]["httponly"] = True
    if records.ground.site.startswith("https://"):
        cookie[name]["secure"] = True
    return cookie[name].OutputString()
