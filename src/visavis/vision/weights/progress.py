"""How a pull tells somebody what it is doing; the doors decide how it looks."""

from typing import Protocol


class Progress(Protocol):
    """Hears about a pull. Calls come from the thread that pulls."""

    def say(self, message: str) -> None:
        """Tell one step in one line."""
        ...

    def track(self, what: str, done: int, total: int | None) -> None:
        """Tell how far the download of `what` is, in bytes; `total` is None where unknown."""
        ...


class Silent:
    """Tells nobody; for use as a library."""

    def say(self, message: str) -> None:
        """Drop the message."""

    def track(self, what: str, done: int, total: int | None) -> None:
        """Drop the figure."""
