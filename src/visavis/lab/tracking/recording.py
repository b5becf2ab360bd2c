"""A training run written down in MLflow while it goes on."""

import json
import re
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import structlog

from visavis.core.errors import Unavailable, VisavisError
from visavis.lab.tracking.registering import register
from visavis.lab.tracking.store import NoAnswer, Store

if TYPE_CHECKING:
    from mlflow.entities import Metric

log = structlog.get_logger(__name__)

SEND_EVERY_S = 10.0
SEND_AT = 500
"""Figures that wait before they are sent, even if it is not yet time."""

LONGEST_WAIT_S = 600.0
"""Between two tries to reach a store that is down; the wait doubles up to this."""

_BATCH = {"metrics": 1000, "params": 100}
"""Most entries MLflow takes in one call (`mlflow.utils.validation`, 3.17)."""

_LONGEST_KEY = 250
"""Most characters MLflow takes as a name (same place)."""

_DIGEST = 36
"""Most characters MLflow keeps of a data set's digest; the full one stands in its source."""


def begin(
    store: Store, name: str, config: Mapping[str, Any], data: Mapping[str, Any]
) -> "MlflowRun":
    """Make a run with its parameters and its data set.

    Raises:
        Unavailable: the store cannot be used.
    """
    experiment = store.experiment_id
    from mlflow.entities import Dataset, DatasetInput, InputTag, Param

    sha256 = str(data["sha256"])
    facts = json.dumps({k: v for k, v in data.items() if k != "name"}, sort_keys=True, default=str)
    used = Dataset(str(data["name"]), sha256[:_DIGEST], "local", facts, profile=facts)
    with store.translated():
        run_id = store.client.create_run(experiment, run_name=name).info.run_id
        for some in _chunks(sorted(config.items()), _BATCH["params"]):
            params = [Param(key_for(key), str(value)) for key, value in some]
            store.client.log_batch(run_id, params=params, synchronous=True)
        context = [InputTag("mlflow.data.context", "training")]
        store.client.log_inputs(run_id, [DatasetInput(used, context)])
    return MlflowRun(store, run_id)


class MlflowRun:
    """One run in an MLflow store; safe to use from one thread.

    Args:
        store: Where it is written down.
        run_id: MLflow's id of it.
        clock: Seconds that only ever grow.
    """

    def __init__(
        self, store: Store, run_id: str, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.run_id = run_id
        self.unrecorded: list[str] = []
        self._store = store
        self._clock = clock
        self._waiting: list[Metric] = []
        self._wait_s = SEND_EVERY_S
        self._sent_at = clock()
        self._silent = False
        self._ended = False

    def step(self, step: int, values: Mapping[str, float]) -> None:
        """Note figures of one step; a store that is down is asked again later."""
        self._note(step, values)
        waited = self._clock() - self._sent_at
        tried_in_vain = self._wait_s > SEND_EVERY_S
        if waited >= self._wait_s or (len(self._waiting) >= SEND_AT and not tried_in_vain):
            self._send_or_wait_longer()

    def finish(self, metrics: Mapping[str, float], files: Sequence[Path]) -> None:
        """Note the final figures, keep the files, register the head files, end the run."""
        steps = len(self._waiting)
        self._try(f"the last {steps} figures of steps", self._send)
        self._note(0, metrics)
        self._try("the final figures", self._send)
        for file in files:
            self._try(f"the file {file.name}", partial(self._keep, file))
        self._end("FINISHED")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._ended:
            return
        if self._waiting:
            self._try(f"the last {len(self._waiting)} figures of steps", self._send)
        failed = kind is None or issubclass(kind, Exception)
        self._end("FAILED" if failed else "KILLED")

    def _note(self, step: int, values: Mapping[str, float]) -> None:
        from mlflow.entities import Metric

        now_ms = int(time.time() * 1000)
        self._waiting += [Metric(key_for(k), float(v), now_ms, step) for k, v in values.items()]

    def _send_or_wait_longer(self) -> None:
        """Send what waits; a failure is logged and doubles the time to the next try."""
        try:
            self._send()
        except Unavailable as exc:
            self._wait_s = min(2 * self._wait_s, LONGEST_WAIT_S)
            log.warning("steps_not_recorded_yet", reason=str(exc), waiting=len(self._waiting))
        else:
            self._wait_s = SEND_EVERY_S
        self._sent_at = self._clock()

    def _send(self) -> None:
        with self._store.translated():
            while some := self._waiting[: _BATCH["metrics"]]:
                self._store.client.log_batch(self.run_id, metrics=some, synchronous=True)
                del self._waiting[: len(some)]

    def _keep(self, file: Path) -> None:
        with self._store.translated():
            if file.suffix == ".onnx":
                register(self._store, file, self.run_id)
            else:
                self._store.client.log_artifact(self.run_id, str(file))

    def _end(self, status: str) -> None:
        self._try("how the run ended", partial(self._terminate, status))
        self._ended = True
        if self.unrecorded:
            log.warning("run_not_fully_recorded", run=self.run_id, missing=self.unrecorded)

    def _terminate(self, status: str) -> None:
        with self._store.translated():
            self._store.client.set_terminated(self.run_id, status)

    def _try(self, what: str, act: Callable[[], None]) -> None:
        """Do `act`, or note that `what` is missing; a store once silent is not asked again."""
        if not self._silent:
            try:
                act()
            except VisavisError as exc:
                self._silent = isinstance(exc, NoAnswer)
                log.warning("not_recorded", what=what, reason=str(exc))
            else:
                return
        self.unrecorded.append(what)


def key_for(text: str) -> str:
    """Return `text` as MLflow allows a name: letters, digits, `_-. /`, at most 250 of them."""
    parts = (part.strip(" .") for part in re.sub(r"[^\w\-. /]", "_", text).split("/"))
    return "/".join(filter(None, parts))[:_LONGEST_KEY].rstrip("/ .") or "_"


def _chunks(items: Sequence[tuple[str, Any]], size: int) -> list[Sequence[tuple[str, Any]]]:
    return [items[i : i + size] for i in range(0, len(items), size)]
