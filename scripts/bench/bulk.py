"""Bulk work on Ray against this process: the same results, and how much throughput is left."""

import importlib.util
import itertools
import json
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scripts.bench.figures import Figure, Missing
from scripts.bench.ground import Ground

PICTURES = 1000
WORKERS = 2
LEAST = 0.8
PROGRAM = (sys.executable, "-c", "from visavis.entry.main import main; main()")


@dataclass(frozen=True, slots=True)
class Run:
    """What one command came to.

    Attributes:
        seconds: From its start to its end, Ray's own start and end included.
        found: What was found on each picture, by name, without the time it took.
        failed: Names of pictures that failed, with the reason.
    """

    seconds: float
    found: dict[str, Any]
    failed: dict[str, Any]

    @property
    def rate(self) -> float:
        """Pictures a second."""
        return (len(self.found) + len(self.failed)) / self.seconds


def measure(ground: Ground, count: int = PICTURES) -> Iterator[Figure]:
    """Analyse the same pictures by both engines, each as a command of its own."""
    if importlib.util.find_spec("ray") is None:
        raise Missing("there is no Ray here; pip install 'visavis[ray]'")
    with tempfile.TemporaryDirectory() as folder:
        pictures = _pictures(ground, count, Path(folder, "pictures.zip"))
        local = _run(pictures, "local", Path(folder, "local"))
        ray = _run(pictures, "ray", Path(folder, "ray"))
    same = local.found == ray.found and local.failed == ray.failed
    share = ray.rate / local.rate
    yield Figure(
        f"Ray with {WORKERS} workers against this process with as many, {count:,} pictures (half "
        "portraits, half crowds), all features",
        f"identical results; ≥ {LEAST} × the throughput, starting included",
        f"{'identical' if same else 'DIFFERENT'}; {share:.2f} ×: {ray.rate:.1f} against "
        f"{local.rate:.1f} pictures a second ({ray.seconds:.0f} s, {local.seconds:.0f} s)",
        same and share >= LEAST,
        {"ray_s": ray.seconds, "local_s": local.seconds, "same": same, "pictures": count},
    )


def _pictures(ground: Ground, count: int, path: Path) -> Path:
    """Put so many pictures into a .zip: portraits and crowds in turn, some of them again."""
    members: list[Iterator[bytes]] = []
    for name in ("lfw_dev", "wider_dev"):
        archive = zipfile.ZipFile(ground.path(name, "images.zip"))
        jpegs = [member for member in archive.namelist() if member.endswith(".jpg")]
        members.append(map(archive.read, itertools.cycle(jpegs)))
    with zipfile.ZipFile(path, "w") as made:
        for i in range(count):
            made.writestr(f"{i:05d}.jpg", next(members[i % 2]))
    return path


def _run(pictures: Path, engine: str, out: Path) -> Run:
    """Run the command and read what it wrote."""
    command = (*PROGRAM, "analyze", str(pictures), "--engine", engine, "--format", "parquet")
    options = ("--out", str(out), "--jobs", str(WORKERS), "--quiet")
    started = time.perf_counter()
    subprocess.run([*command, *options], check=True)
    seconds = time.perf_counter() - started
    lines = [line for file in (out / "json").iterdir() for line in file.read_text().splitlines()]
    failures = (out / "failures.jsonl").read_text().splitlines()
    return Run(seconds, _by_name(lines), _by_name(failures))


def _by_name(lines: list[str]) -> dict[str, Any]:
    documents = [json.loads(line) for line in lines]
    return {told["name"]: {k: told[k] for k in told.keys() - {"took_ms"}} for told in documents}
