"""Units of work: all of what was done in one is kept, or nothing."""

import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from sqlalchemy import Connection, Engine, text

from visavis.store.api_keys import ApiKeys
from visavis.store.audit import Audit
from visavis.store.blob_rows import BlobRows
from visavis.store.codes import Codes
from visavis.store.collections import Collections
from visavis.store.consents import Consents
from visavis.store.engine import reader_of
from visavis.store.errors import StoreBusy
from visavis.store.galleries import Galleries
from visavis.store.job_parts import JobParts
from visavis.store.job_queues import JobQueues
from visavis.store.jobs import Jobs
from visavis.store.keys import Keys
from visavis.store.log_lines import LogLines
from visavis.store.notices import Notices
from visavis.store.receipts import Receipts
from visavis.store.recovery_codes import RecoveryCodes
from visavis.store.results import Results
from visavis.store.retention import Retention
from visavis.store.scrubbing import scrub
from visavis.store.sealed import Sealed
from visavis.store.sessions import Sessions
from visavis.store.standings import Standings
from visavis.store.subjects import Subjects
from visavis.store.template_changes import TemplateChanges
from visavis.store.templates import Templates
from visavis.store.tenants import Tenants
from visavis.store.translate import translated
from visavis.store.users import Users

FIRST_PAUSE_S = 0.05
"""Longest pause before the first repeat; each further one may take twice as long."""

_Result = TypeVar("_Result")


class Work:
    """One unit: a repository for each noun, all on the same connection.

    Args:
        connection: In a transaction.
    """

    def __init__(self, connection: Connection) -> None:
        self.tenants = Tenants(connection)
        self.users = Users(connection)
        self.codes = Codes(connection)
        self.recovery_codes = RecoveryCodes(connection)
        self.sessions = Sessions(connection)
        self.api_keys = ApiKeys(connection)
        self.standings = Standings(connection)
        self.collections = Collections(connection)
        self.subjects = Subjects(connection)
        self.keys = Keys(connection)
        self.sealed = Sealed(connection)
        self.template_changes = TemplateChanges(connection)
        self.templates = Templates(connection)
        self.galleries = Galleries(connection)
        self.notices = Notices(connection)
        self.consents = Consents(connection)
        self.retention = Retention(connection)
        self.receipts = Receipts(connection)
        self.audit = Audit(connection)
        self.blob_rows = BlobRows(connection)
        self.jobs = Jobs(connection)
        self.job_queues = JobQueues(connection)
        self.job_parts = JobParts(connection)
        self.log_lines = LogLines(connection)
        self.results = Results(connection)


class Store:
    """All rows of the deployment; threads may share it, but not a unit.

    Args:
        engine: From `open_engine`.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._reader = reader_of(engine)

    @contextmanager
    def work(self) -> Iterator[Work]:
        """Begin a unit that reads and writes; it is committed at the end.

        Whatever is raised undoes all of it, and nothing may be done in it after an error of the
        store. A unit inside a unit is another one, which in SQLite would wait for the first.

        Raises:
            StoreUnavailable: the database does not answer or refuses.
            InvalidInput: it refuses a value; see `visavis.store.errors`.
        """
        with translated(self._engine.url), self._engine.begin() as connection:
            yield Work(connection)

    @contextmanager
    def reading(self) -> Iterator[Work]:
        """Begin a unit that only reads: it sees one state of everything, and waits for nobody.

        Raises:
            StoreUnavailable: the database does not answer or refuses, as it does to a write.
        """
        with translated(self._engine.url), self._reader.begin() as connection:
            yield Work(connection)

    def run(self, function: Callable[[Work], _Result], attempts: int = 3) -> _Result:
        """Return what `function` does in a unit, which is repeated where others got in its way.

        Args:
            function: May be called several times; what it did before is undone each time.
            attempts: How often at most.

        Raises:
            StoreBusy: others got in the way every time.
        """
        for attempt in range(1, attempts):
            try:
                return self._once(function)
            except StoreBusy:  # who paused for the same time would meet again
                time.sleep(random.uniform(0, FIRST_PAUSE_S * 2**attempt))  # noqa: S311
        return self._once(function)

    def check(self) -> None:
        """Ask the database for an answer.

        Raises:
            StoreUnavailable: there is none.
        """
        with translated(self._engine.url), self._reader.begin() as connection:
            connection.execute(text("SELECT 1"))

    def scrub(self) -> bool:
        """Have the database keep no copies of what was erased; return whether it was possible.

        A SQLite file empties its log of changes, unless somebody is reading. PostgreSQL frees the
        rows that were removed, where nobody sees them any more; their bytes are overwritten when
        it uses the place again. MariaDB and MySQL do so by themselves.
        """
        return scrub(self._engine)

    def close(self) -> None:
        """Close all connections that nobody uses."""
        self._engine.dispose()

    def _once(self, function: Callable[[Work], _Result]) -> _Result:
        with self.work() as work:
            return function(work)
