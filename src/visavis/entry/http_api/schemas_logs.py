"""The wire, logs: what the processes of the deployment wrote about their work."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from pydantic import Field

from visavis.core.log_lines import Level
from visavis.entry.http_api.schemas_attributes import Schema


class LogLevel(StrEnum):
    """How grave a line is."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"
    CRITICAL = "critical"

    @property
    def level(self) -> Level:
        """Return the same with its place among the others."""
        return Level[self.name]


class LogLine(Schema):
    """Something that a process wrote."""

    id: str = Field(description="32 lower-case hex characters that sort by time")
    at: datetime
    service: str = Field(description="`api`, `worker`, `detect`, `describe`, `store`, `log`")
    level: LogLevel
    event: str = Field(description="what happened")
    tenant_id: str | None = Field(description="whom it is about; null = nobody in particular")
    job_id: str | None = Field(description="in which job")
    trace_id: str | None = Field(description="because of which request")
    process: str | None = Field(description="host and process; only those see it who run them")
    fields: dict[str, Any] = Field(description="ids and counts; no personal data")


class LogPage(Schema):
    """A part of the log, newest first."""

    items: list[LogLine]
    next: str | None = Field(description="`cursor` of the part that follows; null = the last")
