"""`visavis analyze --format parquet`: many pictures into Parquet and JSON lines, resumable."""

import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias

from visavis import __version__
from visavis.core.errors import ImageFault, InvalidSettings, Unavailable
from visavis.core.settings import Settings
from visavis.core.types import Feature
from visavis.entry.cli.bulk_inputs import absolute, find
from visavis.entry.cli.bulk_progress import shown
from visavis.entry.cli.console import BAD_INPUT, DONE, FAILED, say
from visavis.entry.cli.files import open_target
from visavis.entry.cli.weights_progress import ensure_pack
from visavis.usecases.analysis_json import to_json
from visavis.usecases.bulk import FAILURES, SCHEMA, SUMMARY, Bulk, PartDone
from visavis.usecases.bulk_part import UNREADABLE
from visavis.usecases.bulk_places import S3, Place, open_place
from visavis.usecases.policy import Policy
from visavis.vision.engines.onnx_engine import worker_count

try:
    from visavis.entry.cli.bulk_worker import DECIDING, Job, Worker, sent, versions_here
except ModuleNotFoundError as exc:
    if exc.name is None or not exc.name.startswith("pyarrow"):
        raise
    raise InvalidSettings(
        "--format parquet needs one more library: pip install 'visavis[ray]'"
    ) from exc

Engine: TypeAlias = Literal["local", "ray"]

LISTED = 100
"""Failures in the summary; `failures.jsonl` has them all."""

SHOWN = 20
"""Failures shown on the terminal."""


@dataclass(frozen=True, slots=True)
class Order:
    """What a person asked for.

    Attributes:
        paths: Files, folders, globs, .zip files and `s3://` addresses.
        out: Folder or `s3://` address of the results.
        features: What to find beside boxes and scores.
        engine: Who does it: this process, or a Ray cluster.
        ray_address: Of the cluster.
        json: File for the summary, or `-`.
        restart: Begin anew where an earlier run left something.
        quiet: Say nothing but errors on stderr.
    """

    paths: Sequence[str]
    out: str
    features: frozenset[Feature]
    engine: Engine = "local"
    ray_address: str = "local"
    json: str | None = None
    restart: bool = False
    quiet: bool = False


@dataclass(frozen=True, slots=True)
class _Took:
    """What one start of the command did."""

    pictures: int = 0
    seconds: float = 0.0
    workers: int = 0


def run(settings: Settings, order: Order) -> int:
    """Analyse what is not done yet, write the results, say what happened on stderr.

    Returns:
        The exit code: 0 something was done, 2 nothing could be used.

    Raises:
        InvalidInput: there is nothing to do, or the place holds the results of another question.
        Unavailable: the work stopped; the same command goes on with it.
        WeightsError: a weight cannot be had, or may not be used.
    """
    place = open_place(order.out, settings.blobs)
    pictures = list(find(order.paths, settings.blobs, place.url))
    ensure_pack(settings)
    heads = versions_here(settings, order.features)
    bulk = Bulk.open(place, _asked(settings, order, heads), restart=order.restart)
    bulk.add(pictures)
    took = _work(settings, order, bulk, heads)
    if left := bulk.left():
        raise Unavailable(
            f"{_many(len(left), 'part')} of {_many(bulk.size(left), 'picture')} were not finished, "
            "their workers died (of memory, perhaps: try fewer --jobs); start the same command "
            "again"
        )
    return _finish(order, bulk, settings.pack, took)


def _asked(settings: Settings, order: Order, heads: dict[str, str]) -> dict[str, Any]:
    """Return what decides the results: with another one they are others."""
    features = sorted(feature.value for feature in order.features)
    paths = [absolute(path) for path in order.paths]
    asked = settings.model_dump(mode="json", include=set(DECIDING))
    return asked | {
        "visavis": __version__,
        "paths": paths,
        "features": features,
        "heads": heads,
    }


def _work(settings: Settings, order: Order, bulk: Bulk, heads: dict[str, str]) -> _Took:
    """Do the parts that are left."""
    left = bulk.left()
    if not left:
        return _Took()
    before = bulk.size() - bulk.size(left)
    if before and not order.quiet:
        say(f"going on: {before:,} of {bulk.size():,} pictures were done before")
    started, seen = time.monotonic(), 0
    with _engine(settings, order, bulk, heads, left) as (parts, workers):
        for done in shown(parts, before, bulk.size(), quiet=order.quiet):
            seen += done.seen
    return _Took(seen, time.monotonic() - started, workers)


@contextmanager
def _engine(
    settings: Settings, order: Order, bulk: Bulk, heads: dict[str, str], left: list[int]
) -> Iterator[tuple[Iterator[PartDone], int]]:
    """Give what does the parts that are left, and with how many workers."""
    local = order.engine == "local"
    same_machine = local or order.ray_address == "local"
    told = sent(settings, same_machine=same_machine)
    if not local:
        told["runtime"]["workers"] = 1  # an actor each
    roots = tuple(path for path in map(absolute, order.paths) if _is_root(path))
    names = tuple(sorted(feature.value for feature in order.features))
    job = Job(bulk.place.url, bulk.run_id, roots, told, names, heads)
    if local:
        with closing(Worker(job)) as worker:
            yield map(worker.do, left), worker_count(settings.runtime)
        return
    from visavis.entry.cli import bulk_ray

    with bulk_ray.cluster(order.ray_address, settings.runtime) as workers:
        policy = Policy.of(settings.policy)
        parts = _recorded(bulk_ray.work(job, left, workers), policy, order.features)
        yield parts, min(workers, len(left))


def _is_root(path: str) -> bool:
    """Return whether workers have to see a path: a folder or a .zip that was there just now."""
    return not path.startswith(S3) and Path(path).exists()


def _recorded(
    parts: Iterator[PartDone], policy: Policy, features: frozenset[Feature]
) -> Iterator[PartDone]:
    """Pass `parts` on and record sensitive features here: what actors log stays where they are."""
    for done in parts:
        policy.record(features, done.faces)
        yield done


def _finish(order: Order, bulk: Bulk, pack: str, took: _Took) -> int:
    """Write the summary where it is wanted, say it, and return the exit code."""
    total, failures = bulk.finish()
    summary: dict[str, Any] = {
        "schema": SCHEMA,
        "out": bulk.place.url.encode(errors="replace").decode(),
        "pack": pack,
        "features": sorted(feature.value for feature in order.features),
        "pictures": total.pictures,
        "faces": total.faces,
        "failed": total.failed,
        "skipped": total.skipped,
        "parts": total.part,
        "engine": order.engine,
        "workers": took.workers,
        "done_before": total.seen - took.pictures,
        "took_s": round(took.seconds, 1),
        "pictures_per_s": round(took.pictures / took.seconds, 2) if took.seconds else None,
        "failures": failures[:LISTED],
    }
    bulk.place.put(SUMMARY, to_json(summary, indent=True))
    if order.json:
        with open_target(order.json) as file:
            file.write(to_json(summary) + b"\n")
            file.flush()
    _report(summary, bulk.place, quiet=order.quiet)
    return DONE if total.pictures else _nothing_done(failures)


def _nothing_done(failures: Sequence[dict[str, Any]]) -> int:
    """Return the exit code when no picture was analysed: 2 where it was the pictures' fault."""
    faults = {failure["error"]["category"] for failure in failures}
    return BAD_INPUT if faults <= {*ImageFault, UNREADABLE} else FAILED


def _report(summary: dict[str, Any], place: Place, *, quiet: bool) -> None:
    """Say on stderr what was done and refused."""
    for failure in summary["failures"][:SHOWN]:
        say(f"failed: {failure['name']}: {failure['error']['reason']}", style="red")
    if more := summary["failed"] - len(summary["failures"][:SHOWN]):
        say(f"… and {more:,} more, see {FAILURES} in {place.url}", style="red")
    if quiet:
        return
    rate = f", {summary['pictures_per_s']} a second" if summary["pictures_per_s"] else ""
    say(
        f"{_many(summary['pictures'], 'picture')}, {_many(summary['faces'], 'face')}, "
        f"{summary['failed']:,} failed, {summary['skipped']:,} skipped{rate} → {place.url}"
    )


def _many(number: int, noun: str) -> str:
    """Return `1 face`, `2,000 faces`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
