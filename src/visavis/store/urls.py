"""The URL of a database: which driver it leads to, and how it is shown without its secrets."""

from pathlib import Path

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from visavis.core.errors import InvalidSettings

DATABASE_FILE = "visavis.db"

_SETTING = "VISAVIS_STORE__URL"
_DRIVERS = {
    "sqlite": "sqlite+pysqlite",
    "postgresql": "postgresql+psycopg",
    "postgres": "postgresql+psycopg",
    "mysql": "mysql+pymysql",
    "mariadb": "mysql+pymysql",
}


def read_url(text: str, folder: Path) -> URL:
    """Return the URL with the driver that serves it.

    Args:
        text: As in the settings; empty = a SQLite file in `folder`.
        folder: The data folder.

    Raises:
        InvalidSettings: it is no URL, or of a database that is not supported. The message never
            quotes it.
    """
    if not text:
        return URL.create(_DRIVERS["sqlite"], database=str((folder / DATABASE_FILE).absolute()))
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        raise InvalidSettings(
            f"{_SETTING} cannot be read; write `postgresql://USER:PASSWORD@HOST/DATABASE`, with "
            "@ : / and ? in the password as %40 %3A %2F and %3F"
        ) from None
    driver = _DRIVERS.get(url.drivername.partition("+")[0])
    if driver is None:
        raise InvalidSettings(f"{_SETTING} begins with none of sqlite:, postgresql: and mysql:")
    return _checked(url.set(drivername=driver))


def shown(url: URL) -> str:
    """Return where a URL leads, without user, password and options."""
    kind = url.get_backend_name()
    if kind == "sqlite":
        return f"{kind} {url.database}"
    port = f":{url.port}" if url.port else ""
    return f"{kind} at {url.host or 'this machine'}{port}, database {url.database}"


def _checked(url: URL) -> URL:
    if url.get_backend_name() == "sqlite":
        if not url.database or url.database.startswith((":memory:", "file:")):
            raise InvalidSettings(
                f"{_SETTING} names no file; write `sqlite:///visavis.db` or leave it empty"
            )
        return url.set(database=str(Path(url.database).absolute()))
    if "@" in f"{url.host}{url.database}":  # a piece of the password, which drivers would quote
        raise InvalidSettings(f"{_SETTING} has an @ too many; write @ in a password as %40")
    return url
