"""Leases of the jobs that this process works on: kept alive by one thread."""

import threading

import structlog

from visavis.core.errors import VisavisError
from visavis.usecases.ground import Ground

log = structlog.get_logger(__name__)

_A_LEASE = 3
"""Times that a lease is renewed before it would end: one may fail."""


class Leases:
    """Says of jobs that somebody works on them; safe to use from several threads.

    Args:
        ground: Of the deployment.
    """

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._held: dict[str, bool] = {}
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._thread: threading.Thread | None = None

    def hold(self, lease: str) -> None:
        """Keep a lease alive from now on."""
        with self._lock:
            self._held[lease] = True
            if self._thread is None:  # most processes never work on a job
                self._thread = threading.Thread(target=self._renew, name="leases", daemon=True)
                self._thread.start()

    def is_wanted(self, lease: str) -> bool:
        """Return whether the job is still ours, and nobody wants it to end."""
        with self._lock:
            return self._held.get(lease, False)

    def let_go(self, lease: str) -> None:
        """Keep a lease no longer."""
        with self._lock:
            self._held.pop(lease, None)

    def close(self) -> None:
        """Renew no more."""
        self._over.set()

    def _renew(self) -> None:
        while not self._over.wait(self._ground.settings.jobs.lease_s / _A_LEASE):
            with self._lock:
                held = list(self._held)
            if not held:
                continue
            try:
                self._note(held)
            except VisavisError as exc:  # the next time may do; until then the lease holds
                log.warning("leases_not_renewed", leases=len(held), reason=type(exc).__name__)

    def _note(self, held: list[str]) -> None:
        """Renew leases, and note which jobs nobody wants any more."""
        ground = self._ground
        until = ground.clock() + ground.settings.jobs.lease
        found = ground.store.run(lambda work: work.job_queues.renew(held, until))
        with self._lock:
            for lease in held:
                if lease in self._held:
                    self._held[lease] = lease in found and not found[lease]
