"""Settings of the log and of traces."""

from typing import Literal

from pydantic import Field

from visavis.core.settings_base import MIB, Options


class LogOptions(Options):
    """Where the log goes beside standard error, and for how long it is kept."""

    collect: bool = Field(
        True,
        description="whether the server puts lines into files and the table; false = a worker of "
        "the queue `log` does",
    )
    url: str = Field(
        "",
        description="`redis://…` through which the lines of all processes meet; empty = each "
        "keeps its own",
        repr=False,
    )
    level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="lowest level of lines that are kept"
    )
    days: int = Field(14, ge=1, le=3650, description="days that lines are kept")
    file_bytes: int = Field(
        16 * MIB, ge=64 * 1024, description="size at which a file is closed and the next begun"
    )
    files: int = Field(8, ge=1, le=1000, description="closed files that are kept")


class TelemetryOptions(Options):
    """Spans for a collector of your own; nothing is sent to anybody else."""

    otlp_url: str = Field(
        "",
        description="OpenTelemetry collector, such as `http://localhost:4318`; empty = off",
        repr=False,
    )
