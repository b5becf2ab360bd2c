"""What can go wrong with files, beside what `visavis.core.errors` names.

InvalidInput
├── BlobNotFound      there is no such file
├── BlobTooLarge      a file exceeds what may be sent
└── QuotaExceeded     the tenant has no room for it
NotAllowed
└── LinkRefused       a signed link is forged, damaged or too old
"""

from visavis.core.errors import InvalidInput, NotAllowed


class BlobNotFound(InvalidInput):
    """The tenant keeps no file with this hash."""

    def __init__(self) -> None:
        super().__init__("there is no such file; it may have been deleted")


class BlobTooLarge(InvalidInput):
    """A file is larger than allowed; nothing of it was kept."""


class QuotaExceeded(InvalidInput):
    """The tenant's files would outgrow its quota; nothing was kept."""


class LinkRefused(NotAllowed):
    """A signed link was not made by this server, was changed, or its time is over."""
