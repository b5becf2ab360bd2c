"""How the pages say times and numbers."""

from datetime import UTC, datetime

from visavis.core.errors import InvalidInput

_MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec"
_UNITS = ("bytes", "kB", "MB", "GB", "TB")
_STEP = 1000


def moment(at: datetime | None, never: str = "never") -> str:
    """Return a time as HTML, such as `21 Nov 2026, 12:00`; all times in the pages are UTC.

    Args:
        at: When, aware.
        never: What is said where there is no time.
    """
    if at is None:
        return never
    utc = at.astimezone(UTC)
    said = f"{day(utc)}, {utc:%H:%M}"
    return f'<time datetime="{utc:%Y-%m-%dT%H:%M:%SZ}" title="{said}:{utc:%S} UTC">{said}</time>'


def day(at: datetime) -> str:
    """Return a date, such as `21 Nov 2026`, in UTC and independent of the server's language."""
    utc = at.astimezone(UTC)
    return f"{utc.day} {_MONTHS.split()[utc.month - 1]} {utc.year}"


def date_of(text: str) -> datetime | None:
    """Return the beginning of a day that was filled in as `2026-11-21`; None where nothing was.

    Raises:
        InvalidInput: it is no date.
    """
    if not text:
        return None
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        raise InvalidInput("give the date as year-month-day, such as 2026-11-21") from None


def count(number: int, one: str, many: str = "") -> str:
    """Return `1 key`, `2 keys`, `no keys`.

    Args:
        number: How many.
        one: The word for one.
        many: The word for several; `one` with an s unless given.
    """
    word = one if number == 1 else many or f"{one}s"
    return f"{number or 'no'} {word}"


def size(octets: float) -> str:
    """Return a number of bytes, such as `12.5 MB`."""
    for unit in _UNITS:
        if octets < _STEP or unit == _UNITS[-1]:
            return f"{octets:.0f} {unit}" if unit == _UNITS[0] else f"{octets:.1f} {unit}"
        octets /= _STEP
    raise AssertionError
