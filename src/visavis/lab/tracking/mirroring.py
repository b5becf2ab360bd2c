"""What happens to head files, repeated in MLflow's registered models.

The folder of heads says what serves; this is a copy for people who look at MLflow. A copy that
cannot be written is logged and holds nobody up: `added` may be repeated, and the next promotion
sets the aliases right.
"""

from collections.abc import Callable, Collection
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Protocol

import structlog

from visavis.core.attributes import Head
from visavis.core.errors import VisavisError
from visavis.lab.tracking.registering import crown, register
from visavis.lab.tracking.store import Store

log = structlog.get_logger(__name__)


class Added(Protocol):
    """What this needs to know of a head file that was added."""

    @property
    def version(self) -> str:
        """Return its unique name."""
        ...

    @property
    def path(self) -> Path:
        """Return where it lies."""
        ...


class Change(Protocol):
    """What this needs to know of a promotion or a rollback."""

    @property
    def when(self) -> datetime | str:
        """Return when it happened."""
        ...

    @property
    def by(self) -> str:
        """Return who did it."""
        ...

    @property
    def reason(self) -> str:
        """Return why."""
        ...

    @property
    def heads(self) -> Collection[Head]:
        """Return the heads it is about."""
        ...

    @property
    def to(self) -> str:
        """Return the version that serves them from now on."""
        ...


class MlflowMirror:
    """Repeats additions, promotions and rollbacks in an MLflow store.

    Args:
        store: Where to.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    def added(self, version: Added) -> None:
        """Register a head file as challenger, unless its training run did."""
        self._try(version.version, partial(register, self._store, version.path))

    def promoted(self, event: Change) -> None:
        """Move the alias `champion` and note who promoted, why and when."""
        tags = {
            "promoted_by": event.by,
            "promoted_because": event.reason,
            "promoted_at": str(event.when),
        }
        self._try(event.to, partial(self._crown, event, tags))

    def rolled_back(self, event: Change) -> None:
        """Move the alias `champion` back and note who did it, why and when."""
        tags = {
            "restored_by": event.by,
            "restored_because": event.reason,
            "restored_at": str(event.when),
        }
        self._try(event.to, partial(self._crown, event, tags))

    def _crown(self, event: Change, tags: dict[str, str]) -> None:
        for head in event.heads:
            if not crown(self._store, head, event.to, tags):
                log.warning("champion_not_registered", head=head.value, version=event.to)

    def _try(self, version: str, act: Callable[[], None]) -> None:
        try:
            act()
        except VisavisError as exc:
            log.warning("not_mirrored", version=version, reason=str(exc))
