"""What can be wrong with a credential.

VisavisError
├── InvalidInput
│   └── WeakPassword    … a new password would be guessed soon
└── NotAllowed
    └── TokenInvalid    … an access token is not valid; nobody is logged in
"""

from visavis.core.errors import InvalidInput, NotAllowed


class WeakPassword(InvalidInput):
    """A new password would be guessed soon; the message says why and never repeats it."""


class TokenInvalid(NotAllowed):
    """An access token is not valid. It never says why: a forger would learn from it."""

    def __init__(self) -> None:
        super().__init__("the access token is not valid; log in again")
