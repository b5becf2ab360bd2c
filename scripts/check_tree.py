"""Check what no linter checks: file lengths, pinned versions, paths of somebody's machine.

Run as `python -m scripts.check_tree`; prints each fault and exits with 1 when there is one.
"""

import re
import sys
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
LONGEST = 400
CODE = ("src", "tests", "scripts")
GENERATED = "generated"
"""Folders whose files a program made: nobody reads them."""
TEXT = {".py", ".md", ".toml", ".txt", ".cfg", ".ini", ".yml", ".yaml", ".js", ".css", ".html", ""}
PRIVATE_PATH = re.compile(r"(?<![\w.])/(?:home|Users|root|work|tmp/x|opt/(?:wheels|pypi))/[\w.-]+")
OUTSIDE = re.compile(r"://|^-|\s@\s|^[./]")
LOCKED_EXTRAS = ("demo", "mlflow-server", "mlops", "mysql", "postgres", "s3", "train")
LOCKED_GROUPS = ("dev", "bench")


def too_long(root: Path = ROOT) -> Iterator[str]:
    """Yield source files of more than `LONGEST` lines."""
    for folder in CODE:
        for path in sorted((root / folder).rglob("*.py")):
            if GENERATED in path.parts:
                continue
            lines = len(path.read_text(encoding="utf-8").splitlines())
            if lines > LONGEST:
                yield f"{path.relative_to(root)} has {lines} lines; move its second idea elsewhere"


def private_paths(root: Path = ROOT) -> Iterator[str]:
    """Yield lines that name a folder which exists on one machine only."""
    for path in _texts(root):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if found := PRIVATE_PATH.search(line):
                yield f"{path.relative_to(root)}:{number} names {found[0]}"


def bad_constraints(root: Path = ROOT) -> Iterator[str]:
    """Yield lines of constraints.txt that are no plain pins, and dependencies without a pin."""
    lines = (root / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pinned = set()
    for line in filter(None, (line.partition("#")[0].strip() for line in lines)):
        if OUTSIDE.search(line) or "==" not in line.partition(";")[0]:
            yield f"constraints.txt: {line!r} is not a plain name==version; run `make lock`"
        else:
            pinned.add(canonicalize_name(Requirement(line).name))
    for wanted in sorted(set(_declared(root)) - pinned):
        yield f"constraints.txt does not pin {wanted}; run `make lock`"


def _declared(root: Path) -> Iterator[str]:
    """Yield the names that pyproject.toml asks for and constraints.txt covers."""
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    lists: list[list[str]] = [project["project"]["dependencies"]]
    lists += [project["project"]["optional-dependencies"][name] for name in LOCKED_EXTRAS]
    lists += [project["dependency-groups"][name] for name in LOCKED_GROUPS]
    for requirement in (text for texts in lists for text in texts):
        yield canonicalize_name(Requirement(requirement).name)


def _texts(root: Path) -> Iterator[Path]:
    """Yield the text files of the project, without what tools and tests leave behind."""
    for top in sorted(root.iterdir()):
        if top.name in {"src", "tests", "scripts", "docs", ".ci"}:
            found: Iterable[Path] = sorted(top.rglob("*"))
        else:
            found = [top]
        yield from (p for p in found if p.is_file() and p.suffix in TEXT)


def main() -> int:
    """Print every fault.

    Returns:
        The exit code: 1 when there is a fault.
    """
    faults = [*too_long(), *private_paths(), *bad_constraints()]
    for fault in faults:
        print(fault)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
