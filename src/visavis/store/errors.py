"""What can go wrong with rows.

    Unavailable
    └── StoreUnavailable      the database does not answer, or refuses
        └── StoreBusy         … because of what others did meanwhile; the same again may work
    InvalidInput
    ├── AlreadyThere          a row with that name, address or number exists
    ├── NotThere              a row names another that is absent, or is still named by others
    └── NotStorable           a value does not fit its column

None of them carries what the driver said about a row: drivers quote the values in it.
"""

from sqlalchemy.exc import DontWrapMixin

from visavis.core.errors import InvalidInput, Unavailable


class StoreUnavailable(Unavailable):
    """The database does not answer, or it refuses what was asked."""


class StoreBusy(StoreUnavailable):
    """Units got in each other's way; the database undid this one, and a repeat may succeed."""


class AlreadyThere(InvalidInput):
    """There is a row already where only one may be."""


class NotThere(InvalidInput):
    """A row names another that is absent, or that others still name was to be removed."""


class NotStorable(InvalidInput, DontWrapMixin):
    """A value does not fit its column: too long, or characters that no database takes."""
