"""Broken, truncated, hostile and odd files: each ends as a result or a clear error.

    python -m scripts.bench.hostile ZIP

runs the sweep in a process of its own and prints one JSON object, so that a crash is seen.
"""

import json
import subprocess
import sys
import tempfile
import time
import zipfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from scripts.bench.figures import Figure
from scripts.bench.ground import REPO, Ground
from scripts.bench.server import tree_rss_mib
from visavis.core import log
from visavis.core.settings import load_settings
from visavis.core.types import Source
from visavis.usecases.analysis import Failure

SAMPLE_S = 0.02
MOST_S = 10.0
MOST_MIB = 1024.0


def measure(ground: Ground) -> Iterator[Figure]:
    """Sweep over all files while watching the memory of the process and its children."""
    archive = ground.path("robust", "images.zip")
    command = [sys.executable, "-m", "scripts.bench.hostile", str(archive)]
    peak = 0.0
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.DEVNULL, cwd=REPO)
        while process.poll() is None:
            peak = max(peak, tree_rss_mib(process.pid))
            time.sleep(SAMPLE_S)
        output.seek(0)
        swept: dict[str, Any] = json.loads(output.read()) if process.returncode == 0 else {}
    slowest, unclear = swept.get("slowest_s", float("inf")), swept.get("unclear", [])
    met = not (process.returncode or unclear) and slowest <= MOST_S and peak <= MOST_MIB
    kinds = ", ".join(f"{count} {kind}" for kind, count in swept.get("kinds", {}).items())
    yield Figure(
        f"{swept.get('files', 0):,} hostile files: a result or a clear error",
        f"0 crashes, 0 hangs > {MOST_S:g} s, peak memory ≤ 1 GiB",
        f"exit code {process.returncode}; {kinds}; slowest {slowest:.2f} s "
        f"({swept.get('slowest', '')}); peak {peak:.0f} MiB; {len(unclear)} unclear",
        met,
        swept | {"peak_mib": peak, "exit_code": process.returncode},
    )


def sweep(archive: Path) -> dict[str, Any]:
    """Analyse each file alone and say what became of it."""
    ground = Ground(load_settings())
    kinds: Counter[str] = Counter()
    slowest, unclear = (0.0, ""), []
    with zipfile.ZipFile(archive) as opened:
        for name in opened.namelist():
            data = opened.read(name)
            started = time.perf_counter()
            (outcome,) = ground.analyses.analyze([Source(name, data)])
            slowest = max(slowest, (time.perf_counter() - started, name))
            kind = outcome.category if isinstance(outcome, Failure) else "analysed"
            kinds[kind] += 1
            if kind in ("internal", "deadline"):
                unclear.append(name)
    problems = ground.analyses.problems()
    ground.close()
    return {
        "files": sum(kinds.values()),
        "kinds": dict(kinds),
        "slowest_s": slowest[0],
        "slowest": slowest[1],
        "unclear": unclear + problems,
    }


if __name__ == "__main__":
    log.configure("error")
    print(json.dumps(sweep(Path(sys.argv[1]))))
