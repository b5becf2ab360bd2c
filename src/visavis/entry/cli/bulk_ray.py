"""Bulk work on a Ray cluster: a pool of actors, each with an analyzer of its own.

The driver sends numbers of parts and gets counts back; pictures and results never pass through it.
Ray is loaded late: it reads the environment when it is.
"""

import ipaddress
import logging
import os
import secrets
import shutil
import socket
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeAlias
from urllib.parse import urlsplit

import numpy as np

from visavis.core import log
from visavis.core.errors import InvalidSettings, Unavailable, VisavisError
from visavis.core.settings import RuntimeOptions
from visavis.entry.cli.bulk_worker import Job, Worker
from visavis.usecases.bulk import PartDone
from visavis.vision.engines.onnx_engine import worker_count

LOCAL = "local"
"""Address that starts a cluster of this machine alone, which ends with the command."""

QUEUED = 2
"""Parts an actor has at once: it works on one, the next waits beside it."""

DEATHS = 5
"""Workers that die one after another before they have begun: then the work stops."""

_STORE_BYTES = 128 * 1024 * 1024
"""Ray's shared memory on this machine: counts need nearly none, and Ray refuses less than 75 MB."""

_LONGEST_FOLDER = 24
"""Letters of a folder below which Ray's sockets find room."""

_QUIET = {
    "RAY_USAGE_STATS_ENABLED": "0",  # nobody is told
    "RAY_USAGE_STATS_PROMPT_ENABLED": "0",
    "RAY_BACKEND_LOG_LEVEL": "fatal",  # what matters comes as an exception, too
}
_LOOPBACK = {"RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0"}
"""Keeps every port on loopback, on Linux as on those."""

_CONNECT_S = 10

_Row: TypeAlias = dict[str, Any]


class Actor:
    """One process of the pool: a worker that answers with rows.

    An error is answered as a row, not raised: Ray would start the actor again and again.

    Args:
        job: What the worker has to know.
    """

    def __init__(self, job: Job) -> None:
        log.configure("warning", json=True)  # it removes what no log may hold
        self._error = ""
        try:
            self._worker = Worker(job)
        except (VisavisError, OSError) as exc:
            self._error = str(exc)

    def __call__(self, rows: _Row) -> _Row:
        """Do the part that the batch's only row names."""
        (part,) = rows["part"].tolist()
        done, error = PartDone(part, 0, 0, 0, 0), self._error
        if not error:
            try:
                done = self._worker.do(part)
            except (VisavisError, OSError) as exc:
                error = str(exc)
        return {
            name: np.array([value]) for name, value in (asdict(done) | {"error": error}).items()
        }


@contextmanager
def cluster(address: str, runtime: RuntimeOptions) -> Iterator[int]:
    """Join a cluster, or start one, and give the number of workers it has room for.

    Args:
        address: `local`, or that of a cluster's head, `HOST:PORT`.
        runtime: How many workers are wanted; 0 = one a core.

    Raises:
        InvalidSettings: Ray is not installed.
        Unavailable: no cluster answers, or none can be started.
    """
    os.environ.update(_QUIET)
    if address == LOCAL:  # others may have accounts on this machine
        os.environ.update(_LOOPBACK, RAY_AUTH_MODE="token", RAY_AUTH_TOKEN=secrets.token_hex(32))
    elif ":" in address:
        _reach(address)
    ray = _load()
    folder = tempfile.mkdtemp(prefix="visavis-ray-", dir=_short_folder())
    try:
        _join(ray, address, runtime, folder)
        cpus = int(ray.cluster_resources().get("CPU", 1))
        yield max(1, min(runtime.workers or cpus, cpus))
    finally:
        ray.shutdown()
        shutil.rmtree(folder, ignore_errors=True)


def _reach(address: str) -> None:
    """Find out whether somebody listens: Ray itself asks for minutes."""
    try:
        place = urlsplit(f"//{address.removeprefix('ray://')}")
        socket.create_connection((place.hostname, place.port), _CONNECT_S).close()
        if ipaddress.ip_address(socket.gethostbyname(str(place.hostname))).is_loopback:
            os.environ.update(_LOOPBACK)
    except (OSError, ValueError) as exc:
        raise Unavailable(
            f"no Ray cluster at {address} ({exc}); check --ray-address and that the cluster runs"
        ) from exc


def _short_folder() -> str | None:
    """Return where Ray may put its sockets: the system allows about a hundred letters for a path.

    None is the usual folder for such things.
    """
    usual = tempfile.gettempdir()
    return "/tmp" if len(usual) > _LONGEST_FOLDER and Path("/tmp").is_dir() else None  # noqa: S108


@contextmanager
def _stderr_shut() -> Iterator[None]:
    """Let nothing through: Ray's native part says there that it was told to say nothing."""
    kept, nothing = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nothing)


def _load() -> Any:  # noqa: ANN401  # a module without types
    try:
        import ray
        import ray.data
    except ImportError as exc:
        raise InvalidSettings(
            "--engine ray needs one more library: pip install 'visavis[ray]', or leave it out"
        ) from exc
    logging.getLogger("ray.data").setLevel(logging.CRITICAL)  # it tells of itself on the terminal
    return ray


def _join(ray: Any, address: str, runtime: RuntimeOptions, folder: str) -> None:  # noqa: ANN401
    """Connect this process; a cluster of its own keeps what it writes in `folder`."""
    quiet: dict[str, Any] = {"logging_level": logging.CRITICAL, "log_to_driver": False}
    alone: dict[str, Any] = {
        "num_cpus": worker_count(runtime),
        "object_store_memory": _STORE_BYTES,
        "include_dashboard": False,
        "_temp_dir": folder,
    }
    try:
        with _stderr_shut():
            ray.init(address, **quiet, **(alone if address == LOCAL else {}))
    except (OSError, RuntimeError, ValueError, ray.exceptions.RayError) as exc:
        reason = (str(exc).strip().splitlines() or [type(exc).__name__])[0][:200]
        raise Unavailable(
            f"no Ray cluster at {address} ({reason}); check --ray-address, that it runs Ray "
            f"{ray.__version__} and this version of Python, and its token in RAY_AUTH_TOKEN"
        ) from exc


def work(job: Job, parts: Sequence[int], workers: int) -> Iterator[PartDone]:
    """Yield what came of each part, as they end; those that Ray gave up are not among them.

    Raises:
        Unavailable: a worker cannot do its work, for a reason that holds for all parts.
    """
    ray = _load()
    context = ray.data.DataContext.get_current()
    context.enable_progress_bars = False
    context.print_on_execution_start = False
    context.max_errored_blocks = -1  # a part that fails takes no other with it
    context.max_consecutive_actor_init_deaths = DEATHS
    pool = ray.data.ActorPoolStrategy(
        size=min(workers, len(parts)), max_tasks_in_flight_per_actor=QUEUED
    )
    told = ray.data.from_items([{"part": part} for part in parts], override_num_blocks=len(parts))
    answers = told.map_batches(
        Actor,
        batch_size=1,
        batch_format="numpy",
        compute=pool,
        fn_constructor_args=(job,),
        num_cpus=1,
    )
    try:
        for row in answers.iter_rows():
            if error := row.pop("error"):
                raise Unavailable(str(error))
            yield PartDone(**{name: int(value) for name, value in row.items()})
    except ray.exceptions.RayError as exc:
        raise Unavailable(
            f"the Ray cluster gave up ({type(exc).__name__}); start the same command again"
        ) from exc
