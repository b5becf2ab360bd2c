"""What may be asked of the lab's record, and the record that keeps nothing."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self


class Run(Protocol):
    """One training run; leaving its block without `finish` marks it as failed or killed.

    Once a run has begun nothing here raises because the record cannot be written: training is
    worth more than its record.
    """

    @property
    def unrecorded(self) -> Sequence[str]:
        """Return what could not be written down, for the person who trained; most often empty."""
        ...

    def step(self, step: int, values: Mapping[str, float]) -> None:
        """Note figures of one step; they are sent many at a time."""
        ...

    def finish(self, metrics: Mapping[str, float], files: Sequence[Path]) -> None:
        """Note the final figures, keep the files, and register the head files among them."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...


class Tracking(Protocol):
    """The lab's record."""

    def run(self, name: str, config: Mapping[str, Any], data: Mapping[str, Any]) -> Run:
        """Begin a run.

        Args:
            name: What is trained, such as `portrait`.
            config: Flat parameters of the run.
            data: The data set: `name`, `sha256` (hex) and what else is known, such as `pictures`.

        Raises:
            Unavailable: the record cannot be written; nothing was trained yet.
        """
        ...


class NoRun:
    """A run of which nothing is kept."""

    unrecorded: Sequence[str] = ()

    def step(self, step: int, values: Mapping[str, float]) -> None:
        """Forget the step."""

    def finish(self, metrics: Mapping[str, float], files: Sequence[Path]) -> None:
        """Forget the figures; the files stay where they are."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        pass


class NoTracking:
    """The record where tracking is off."""

    def run(
        self,
        name: str,  # noqa: ARG002
        config: Mapping[str, Any],  # noqa: ARG002
        data: Mapping[str, Any],  # noqa: ARG002
    ) -> NoRun:
        """Begin a run of which nothing is kept."""
        return NoRun()
