"""`grpc.health.v1.Health`: whether pictures are looked at, for whoever watches over the service.

`Check` is open to everybody, as `/readyz` is. `Watch` lasts, and so is for those who are known.
"""

import threading
from collections.abc import Iterable, Iterator, Mapping

from grpc_health.v1.health import HealthServicer
from grpc_health.v1.health_pb2 import (
    HealthCheckRequest,
    HealthCheckResponse,
    HealthListRequest,
    HealthListResponse,
)

from visavis.entry.grpc_api.access import ANYBODY_KNOWN, EVERYBODY
from visavis.entry.grpc_api.calls import Call, Method
from visavis.entry.services import Records, Services
from visavis.store.errors import StoreUnavailable

LOOK_EVERY_S = 2.0
"""Time between looks, for those who watch."""


class Health:
    """Serves `Health`; start it and stop it.

    Args:
        services: Looks at pictures, or not.
        records: Behind it.
        names: Of the services that are served.
    """

    def __init__(self, services: Services, records: Records, names: Iterable[str]) -> None:
        self._services, self._records = services, records
        self._names = ("", *names)
        self._servicer = HealthServicer()
        self._status: int | None = None
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="health", daemon=True)

    def methods(self) -> Mapping[str, Method]:
        """Return how each method is served."""
        return {
            "Check": Method(EVERYBODY, self._check),
            "List": Method(ANYBODY_KNOWN, self._list),
            "Watch": Method(ANYBODY_KNOWN, self._watched),
        }

    def start(self) -> None:
        """Begin to look."""
        self._look()
        self._thread.start()

    def stop(self) -> None:
        """Say from now on that nothing is served."""
        self._stopped.set()
        self._servicer.enter_graceful_shutdown()
        self._thread.join()

    def _check(self, call: Call, request: HealthCheckRequest) -> HealthCheckResponse:
        self._look()
        return self._servicer.Check(request, call.context)

    def _list(self, _: Call, __: HealthListRequest) -> HealthListResponse:
        self._look()
        now = HealthCheckResponse(status=self._status)
        return HealthListResponse(statuses=dict.fromkeys(self._names, now))

    def _watched(self, call: Call, request: HealthCheckRequest) -> Iterator[HealthCheckResponse]:
        watched: Iterator[HealthCheckResponse] = self._servicer.Watch(request, call.context)
        return watched

    def _watch(self) -> None:
        while not self._stopped.wait(LOOK_EVERY_S):
            self._look()

    def _look(self) -> None:
        is_served = not self._services.analyses.problems() and self._store_answers()
        status = HealthCheckResponse.SERVING if is_served else HealthCheckResponse.NOT_SERVING
        with self._lock:
            if status != self._status:  # who watches is told of changes only
                for name in self._names:
                    self._servicer.set(name, status)
            self._status = status

    def _store_answers(self) -> bool:
        try:
            self._records.ground.store.check()
        except StoreUnavailable:
            return False
        return True
