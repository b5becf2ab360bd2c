"""What use cases refuse beside bad input.

VisavisError
├── NotAllowed
│   └── LogInNeeded               nobody is logged in, or not any more
│       ├── LogInRefused          … address or password are wrong, or the account is locked
│       │   └── FaceRefused       … it was tried with a face
│       └── SecondFactorNeeded    … the password is right, and a code of the second factor missing
├── NotFound                      there is nothing of that id, or it is another tenant's
└── ConsentMissing                a face may not be processed: mode, purpose, consent or age
"""

from visavis.core.errors import NotAllowed, VisavisError


class LogInNeeded(NotAllowed):
    """Nobody is logged in, or not any more."""


class LogInRefused(LogInNeeded):
    """One answer to all that can be wrong, so that it tells nobody who has an account."""

    def __init__(self) -> None:
        super().__init__(
            "the e-mail address or the password is wrong, or there were too many tries; check "
            "both, or wait a while"
        )


class FaceRefused(LogInRefused):
    """The same answer where somebody wants to log in by their face."""

    def __init__(self) -> None:
        LogInNeeded.__init__(
            self,
            "this face does not open that account now; try again in better light, or log in with "
            "the password",
        )


class SecondFactorNeeded(LogInNeeded):
    """The password is right; a code of the second factor is missing or wrong."""

    def __init__(self) -> None:
        super().__init__("give the 6 digits that your authenticator app shows, or a recovery code")


class NotFound(VisavisError):
    """There is nothing of that id for whoever asked.

    Args:
        what: What was asked for, such as `subject`.
    """

    def __init__(self, what: str) -> None:
        super().__init__(f"there is no such {what} here; it may have been removed")


class ConsentMissing(NotAllowed):
    """A face may not be processed: the mode, the purpose, the consent or the age forbids it."""
