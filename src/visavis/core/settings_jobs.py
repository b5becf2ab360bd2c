"""Settings of jobs."""

from datetime import timedelta

from pydantic import Field

from visavis.core.settings_base import Options


class JobOptions(Options):
    """Work that takes time."""

    broker_url: str = Field(
        "",
        description="`redis://…` or `amqp://…` for workers that are processes of their own; empty "
        "= the server does all jobs itself",
        repr=False,
    )
    split: bool = Field(
        False,
        description="whether pictures are looked at by services of their own, `detect`, "
        "`describe` and `store`",
    )
    threads: int = Field(0, ge=0, description="jobs done at the same time; 0 = as cores allow")
    lease_s: float = Field(
        60.0, gt=0, description="a worker that gave no sign for so long is taken for dead"
    )
    sweep_s: float = Field(15.0, gt=0, description="time between looks for jobs nobody works on")
    most_attempts: int = Field(
        5, ge=1, le=100, description="how often a job may fail before it is parked"
    )
    most_waiting: int = Field(
        100_000, ge=1, description="jobs of a queue that may wait; more are refused at the door"
    )
    keep_days: int = Field(30, ge=1, description="days that a job is remembered after its end")

    @property
    def lease(self) -> timedelta:
        """How long a worker may give no sign."""
        return timedelta(seconds=self.lease_s)

    @property
    def sweep(self) -> timedelta:
        """Time between looks for jobs that nobody works on."""
        return timedelta(seconds=self.sweep_s)
