"""Liveness: whether a living person stands before the camera, or a photo of them.

Nothing is checked until a check is plugged in here, and every answer says so.
"""

from typing import Protocol

from visavis.core.types import Source
from visavis.usecases.faces import Face
from visavis.usecases.recognised import Liveness


class LivenessCheck(Protocol):
    """Looks whether a face is that of a living person; safe to use from several threads."""

    def check(self, source: Source, face: Face) -> Liveness:
        """Return what is known of a face.

        Args:
            source: The picture.
            face: Which face of it.
        """
        ...


class NotChecked:
    """Looks at nothing, and says so."""

    def check(self, source: Source, face: Face) -> Liveness:  # noqa: ARG002  # see above
        """Return that it was not checked."""
        return Liveness.NOT_CHECKED
