"""Words that rows are made of, where only a few are possible."""

from enum import StrEnum


class Mode(StrEnum):
    """What a tenant may do with faces."""

    ANONYMOUS = "anonymous"
    VERIFY = "verify"
    IDENTIFY = "identify"


class UserState(StrEnum):
    """Whether a user may log in."""

    UNVERIFIED = "unverified"
    ACTIVE = "active"
    DISABLED = "disabled"


class CodePurpose(StrEnum):
    """What a code, or the secret of a link, that came by mail is good for.

    Of logging in by face the challenge that was used last is kept as if it were one.
    """

    VERIFY_EMAIL = "verify_email"
    RESET_PASSWORD = "reset_password"  # noqa: S105  # no password
    CHANGE_EMAIL = "change_email"
    INVITATION = "invitation"
    FACE_LOGIN = "face_login"


class ConsentMethod(StrEnum):
    """How somebody consented."""

    WRITTEN = "written"
    ELECTRONIC = "electronic"
    SPOKEN = "spoken"
    GUARDIAN = "guardian"


class Rotated(StrEnum):
    """What came of exchanging a refresh token."""

    ROTATED = "rotated"
    REUSED = "reused"
    UNKNOWN = "unknown"
    EXPIRED = "expired"


class JobState(StrEnum):
    """How far a job is."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    PARKED = "parked"
    CANCELLED = "cancelled"


ENDED = frozenset({JobState.DONE, JobState.PARKED, JobState.CANCELLED})
"""States in which nothing happens to a job by itself."""
