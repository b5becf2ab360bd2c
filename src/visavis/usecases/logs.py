"""The log, searched: admins see what concerns their organisation, the host sees everything."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from visavis.core.log_lines import LogLine
from visavis.credentials.roles import Permission
from visavis.jobs.log_stream_files import LogFiles
from visavis.store.errors import AlreadyThere
from visavis.store.log_lines import Wanted
from visavis.store.page import DEFAULT, Page
from visavis.usecases.actor import Actor
from visavis.usecases.ground import Ground

FORGOTTEN_AT_ONCE = 5_000
"""Lines that one unit removes: others who write wait for so long."""


class Logs:
    """Keeps lines and finds them.

    Args:
        ground: Of the deployment.
        files: Where the same lines are kept as files.
    """

    def __init__(self, ground: Ground, files: LogFiles) -> None:
        self._ground = ground
        self.files = files

    def page(
        self, actor: Actor, wanted: Wanted, limit: int = DEFAULT, cursor: str | None = None
    ) -> Page[LogLine]:
        """Return lines, newest first.

        Args:
            actor: Who reads; who does not run the deployment sees lines about their own
                organisation, without the names of machines.
            wanted: Which lines.
            limit: Most lines, 1..200.
            cursor: Where the page before ended; None = begin.

        Raises:
            NotAllowed: the actor may not.
            InvalidInput: the limit is not 1..200, or the cursor none of ours.
        """
        actor.require(Permission.LOGS_READ)
        if actor.is_host:
            return self.page_of_machine(wanted, limit, cursor)
        with self._ground.store.reading() as work:
            found = work.log_lines.page(actor.tenant_id, wanted, limit, cursor)
        return Page(tuple(replace(line, process="") for line in found.items), found.next)

    def page_of_machine(
        self, wanted: Wanted, limit: int = DEFAULT, cursor: str | None = None
    ) -> Page[LogLine]:
        """Return lines about everybody, for programs of the machine itself; raises as `page`."""
        with self._ground.store.reading() as work:
            return work.log_lines.page_of_all(wanted, limit, cursor)

    def keep(self, lines: Sequence[LogLine], doubtful: Collection[str] = ()) -> None:
        """Put lines into the table.

        Args:
            lines: As they came.
            doubtful: Ids of those that may be there already.

        Raises:
            StoreUnavailable: the database does not answer.
        """
        store = self._ground.store
        try:
            store.run(lambda work: work.log_lines.add(lines, doubtful))
        except AlreadyThere:  # another collector was taken for dead, and was not
            everything = {line.id for line in lines}
            store.run(lambda work: work.log_lines.add(lines, everything))

    def sweep(self, now: datetime) -> int:
        """Remove lines and files that have been kept for long enough; return how many lines."""
        until = now - timedelta(days=self._ground.settings.logs.days)
        self.files.forget_before(until)
        removed = 0
        while count := self._forgotten(until):
            removed += count
        return removed

    def _forgotten(self, until: datetime) -> int:
        return self._ground.store.run(
            lambda work: work.log_lines.forget_before(until, FORGOTTEN_AT_ONCE)
        )
