"""Runs all tests in two processes at once: the doors in one, everything below them in the other.

    python -m scripts.run_tests

Each searches its own log at the end (`tests/test_logs.py`). What the second says is shown when the
first is done. The exit status is 0 when both passed.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

REPO = Path(__file__).resolve().parents[1]

HALVES = (
    ("tests/entry", "tests/test_logs.py"),
    ("tests", "--ignore=tests/entry", "-p", "no:cacheprovider"),
)


def main() -> int:
    """Return 0 when all tests passed, else 1."""
    ours, theirs = ([sys.executable, "-m", "pytest", *half] for half in HALVES)
    with tempfile.TemporaryFile() as said:
        other = subprocess.Popen(theirs, cwd=REPO, stdout=said, stderr=subprocess.STDOUT)
        try:
            failed = subprocess.run(ours, cwd=REPO, check=False).returncode
            failed = other.wait() or failed
        finally:
            other.kill()
            said.seek(0)
            sys.stdout.write(said.read().decode("utf-8", "replace"))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
