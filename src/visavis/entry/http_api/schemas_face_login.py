"""The wire, logging in by face: a challenge, what comes back, and the own face."""

from datetime import datetime

from pydantic import Field

from visavis.entry.http_api.schemas_attributes import Schema
from visavis.entry.http_api.schemas_auth import Email, TokenPair
from visavis.usecases.recognised import Liveness


class FaceChallengeOrder(Schema):
    """Who wants to log in by face."""

    email: Email


class FaceChallenge(Schema):
    """What is sent along with the picture."""

    challenge: str = Field(description="opaque; good for this account, and once")
    expires_in_s: int = Field(ge=1, description="how long it is good, seconds")


class FaceTokenPair(TokenPair):
    """What opens the API, and what the picture was not looked at for."""

    liveness: Liveness = Field(
        description="whether a living person was looked for; `not_checked`: a photo may pass"
    )


class FaceNotice(Schema):
    """What people are told before they agree to log in by face."""

    id: str
    version: int = Field(ge=1)
    language: str
    text: str


class FaceState(Schema):
    """How somebody stands with logging in by face."""

    enrolled: bool = Field(description="whether something is kept of the face")
    works: bool = Field(description="whether it lets its user in now")
    since: datetime | None = Field(description="null = there is none that any rule allows")
    obstacle: str | None = Field(description="why it cannot be used here; null = it can")
    notice: FaceNotice | None = Field(description="null = the organisation has written none")
