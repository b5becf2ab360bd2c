"""Purposes: what faces may be processed for, and how a face is compared."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


class Purpose(StrEnum):
    """What a face is processed for; people consent to each one apart."""

    RECOGNITION = "recognition"
    FACE_LOGIN = "face_login"
    PHOTOS = "photos"
    AUDIENCE = "audience"
    RECOMMENDATIONS = "recommendations"

    @property
    def meaning(self) -> str:
        """Say in one line what it is, in words for those it is about."""
        return MEANINGS[self]


MEANINGS: Mapping[Purpose, str] = MappingProxyType(
    {
        Purpose.RECOGNITION: "Tell who somebody is, among the people who are enrolled.",
        Purpose.FACE_LOGIN: "Let somebody log in with their face instead of a password.",
        Purpose.PHOTOS: "Group photos by the people on them, so that they can be found.",
        Purpose.AUDIENCE: "Know returning visitors, and count visits and what comes of them.",
        Purpose.RECOMMENDATIONS: "Choose what to show or offer somebody by what they liked before.",
    }
)


class Comparison(StrEnum):
    """With whose templates a face is compared."""

    ONE_TO_ONE = "1:1"
    """Those of the one person that somebody claims to be."""

    ONE_TO_MANY = "1:N"
    """Everybody's, to find out who it is."""


CLAIMED = frozenset({Purpose.RECOGNITION, Purpose.FACE_LOGIN})
"""Purposes that can be served by 1:1 alone, because somebody says who they are."""
