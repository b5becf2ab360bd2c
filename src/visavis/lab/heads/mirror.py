"""Another place that repeats what happens to head files, such as a registry of models."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from visavis.core.errors import Unavailable, VisavisError
from visavis.lab.heads.catalogue import HeadVersion
from visavis.lab.heads.history import Action, Event


class Mirror(Protocol):
    """Another place that repeats what happens here; it hears of it first.

    When it raises, nothing happens here. What happened there is set right by the next event.
    """

    def added(self, version: HeadVersion) -> None:
        """Repeat that a file is added; it lies at `path` already."""
        ...

    def promoted(self, event: Event) -> None:
        """Repeat that one version answers the heads of the event."""
        ...

    def rolled_back(self, event: Event) -> None:
        """Repeat that one version, or nobody, answers the heads of the event again."""
        ...


def tell_added(mirror: Mirror | None, version: HeadVersion) -> None:
    """Have an addition repeated.

    Raises:
        Unavailable: it cannot be.
    """
    if mirror is not None:
        with _translated():
            mirror.added(version)


def tell_event(mirror: Mirror | None, event: Event) -> None:
    """Have a promotion or rollback repeated, one version at a time.

    Raises:
        Unavailable: it cannot be.
    """
    if mirror is None:
        return
    act = mirror.promoted if event.action is Action.PROMOTE else mirror.rolled_back
    for part in event.parts():
        with _translated():
            act(part)


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except VisavisError as exc:
        raise Unavailable(f"nothing was changed: {exc}") from exc
    except Exception as exc:
        raise Unavailable(
            f"nothing was changed, because the record of heads cannot be written ({exc}); mend it, "
            "or switch it off with VISAVIS_TRACKING__ENABLED=false"
        ) from exc
