"""Roles: what a user is in a tenant."""

from enum import StrEnum


class Role(StrEnum):
    """From looking to everything; each has all that the ones before it have."""

    VIEWER = "viewer"
    OPERATOR = "operator"
    ADMIN = "admin"
    OWNER = "owner"

    @property
    def rank(self) -> int:
        """Return its place, 0 = viewer; a higher one has all that a lower one has."""
        return list(Role).index(self)
