"""What does parts of bulk work in one process: an analyzer, a reader, and a place for results.

A worker may run on another machine. It is told what was asked for and no secrets; keys of buckets,
its cache of weights and its heads are those of the machine it runs on.
"""

import platform
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from visavis.core.errors import InvalidInput
from visavis.core.memory import keep_flat
from visavis.core.settings import Settings, load_settings
from visavis.core.types import Feature
from visavis.entry.cli.bulk_inputs import Reader
from visavis.entry.wiring import build_analyzer, build_heads
from visavis.usecases.analysis import Analyses
from visavis.usecases.bulk import PartDone, read_manifest
from visavis.usecases.bulk_part import PartWork
from visavis.usecases.bulk_places import Place, open_place
from visavis.usecases.bulk_tables import Tables
from visavis.usecases.policy import Policy
from visavis.vision.engines.onnx_engine import worker_count
from visavis.vision.weights.shelf import WeightShelf

if TYPE_CHECKING:
    from visavis.vision.heads.shelf import HeadShelf

DECIDING = ("pack", "images", "detect", "embed", "quality")
"""Settings that decide what is found."""

SENT = (*DECIDING, "runtime", "batch", "policy")
"""Settings that workers are told."""

OF_THE_MACHINE = ("cache", "data")
"""Settings that workers on this machine are told as well."""


@dataclass(frozen=True, slots=True)
class Job:
    """What a worker has to know.

    Attributes:
        place: Address of plan and results.
        run_id: What is written in the manifest there.
        roots: Folders and .zip files that it has to see.
        settings: What `load_settings` takes.
        features: What to find beside boxes and scores.
        heads: Version of the file that has to answer each head.
    """

    place: str
    run_id: str
    roots: tuple[str, ...]
    settings: Mapping[str, Any]
    features: tuple[str, ...]
    heads: Mapping[str, str]


def sent(settings: Settings, *, same_machine: bool) -> dict[str, Any]:
    """Return what a worker is told of the settings, as JSON: no secrets."""
    names = {*SENT, *(OF_THE_MACHINE if same_machine else ())}
    s3 = settings.blobs.model_dump(include={"endpoint_url", "region"})
    told = settings.model_dump(mode="json", include=names) | {"blobs": s3}
    told["batch"]["max_items"] = 1  # what else shares a run moves last digits
    return told


def head_versions(shelf: "HeadShelf", features: frozenset[Feature]) -> dict[str, str]:
    """Return which file answers each head that is asked for."""
    versions = shelf.current().versions
    names = sorted(feature.value for feature in features)
    return {name: versions[name] for name in names if name in versions}


def versions_here(settings: Settings, features: frozenset[Feature]) -> dict[str, str]:
    """Return which file answers each head that is asked for in this deployment."""
    return head_versions(build_heads(settings), features)


class Worker:
    """Does parts of one job; close it at the end.

    Args:
        job: What it has to know.

    Raises:
        VisavisError: weights cannot be had, or this machine does not see what it needs.
    """

    def __init__(self, job: Job) -> None:
        keep_flat()
        settings = load_settings(**job.settings)
        place = open_place(job.place, settings.blobs)
        _check_sight(job, place)
        self._job = job
        self._features = Feature.parse(job.features)
        analyzer = build_analyzer(settings, WeightShelf(settings.cache))
        self._heads = analyzer.attributes.shelf
        workers = worker_count(settings.runtime)
        about = settings.images, settings.batch, workers, Policy.of(settings.policy)
        self._analyses = Analyses(analyzer, *about, quality=settings.quality)
        reader = Reader(settings.blobs, settings.images.max_bytes)
        encode = Tables(self._features).encode
        work = self._analyses, workers, reader, encode, place
        self._work = PartWork(*work, self._features)

    def do(self, part: int) -> PartDone:
        """Do one part.

        Raises:
            InvalidInput: other heads answer here than where the work began.
            Unavailable: pictures cannot be read at all, or nothing can be written.
        """
        here = head_versions(self._heads, self._features)
        if here != dict(self._job.heads):
            raise InvalidInput(
                f"the heads on {platform.node()} are {here}, this work began with "
                f"{dict(self._job.heads)}: promote the same ones there, or start with --restart"
            )
        return self._work.do(part)

    def close(self) -> None:
        """Stop."""
        self._analyses.close()


def _check_sight(job: Job, place: Place) -> None:
    """Refuse to work where every picture would be missing, or results go where nobody looks."""
    manifest = read_manifest(place)
    unseen = [root for root in job.roots if not Path(root).exists()]
    if manifest is None or manifest["id"] != job.run_id:
        unseen.append(job.place)
    if unseen:
        raise InvalidInput(
            f"{platform.node()} does not see {unseen[0]}: give folders that all machines of the "
            "cluster share under one path, or s3:// addresses"
        )
