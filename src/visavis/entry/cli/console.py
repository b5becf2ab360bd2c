"""What all commands share: the bundle from the roof, messages on stderr, errors as exit codes."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import typer
from rich.console import Console
from rich.text import Text
from typer.core import TyperGroup

from visavis.core.errors import InvalidInput, NotAllowed, UnknownWeights, VisavisError

if TYPE_CHECKING:  # `visavis --help` answers without loading the settings or the use cases
    from contextlib import AbstractContextManager

    from visavis.core.settings import Settings
    from visavis.entry.services import People, Records, Services

DONE, FAILED, BAD_INPUT = 0, 1, 2
"""Exit codes of every command."""


@dataclass(frozen=True, slots=True)
class Roof:
    """What `entry.main` hands to the commands, each loaded when it is first called.

    Attributes:
        build: Makes the use cases of one deployment.
        serve: Serves HTTP and pages until stopped; calls back with the address once it listens.
        records: Opens what is kept: accounts, people, privacy; whoever calls it closes it.
        people: Joins both to what recognises people.
        work: Does the jobs of some queues until stopped; calls back once it has begun.
        doing: Does jobs in this process meanwhile.
        serve_grpc: Serves gRPC until stopped; calls back with the address once it listens.
    """

    build: "Callable[[Settings], Services]"
    serve: "Callable[[Settings, Callable[[str], None]], None]"
    records: "Callable[[Settings], Records]"
    people: "Callable[[Services, Records], People]"
    work: "Callable[[Settings, Sequence[str], Callable[[], None]], None]"
    doing: "Callable[[Settings, Records], AbstractContextManager[None]]"
    serve_grpc: "Callable[[Settings, Callable[[str], None]], None]"


class Commands(TyperGroup):
    """A group whose expected errors end as one sentence on stderr and an exit code."""

    def invoke(self, ctx: Any) -> Any:  # noqa: ANN401  # typer exports no type for either
        """Run the command; turn an expected error into a sentence and a code."""
        try:
            return super().invoke(ctx)
        except VisavisError as exc:
            complain(str(exc))
            wrong = isinstance(exc, (InvalidInput, NotAllowed, UnknownWeights))
            raise typer.Exit(BAD_INPUT if wrong else FAILED) from exc
        except BrokenPipeError:
            raise
        except OSError as exc:
            complain(f"{exc.strerror or exc}: {exc.filename}" if exc.filename else str(exc))
            raise typer.Exit(FAILED) from exc


def stderr() -> Console:
    """Return a console on standard error, where everything but results goes."""
    return Console(stderr=True, highlight=False, soft_wrap=True)


def say(message: str, style: str = "") -> None:
    """Write one line to standard error."""
    stderr().print(Text(printable(message), style=style))


def complain(message: str) -> None:
    """Write one error line to standard error."""
    say(f"error: {message}", style="red")


def printable(text: str) -> str:
    """Return `text` without control characters: file names may hold terminal commands."""
    return "".join(c if c.isprintable() or c == "\n" else "\N{REPLACEMENT CHARACTER}" for c in text)
