"""Which files a command works on: files, folders and globs become one list without doubles."""

import glob
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path

from visavis.core.errors import InvalidInput


@dataclass(frozen=True, slots=True)
class Item:
    """One file to work on.

    Attributes:
        path: Where it is read from.
        name: What it is called in results: the path as the person gave it, as valid text.
        place: Path below an output folder, with suffix, never absolute and never upwards.
        chosen: Named by the person, not come upon in a folder or by a glob.
    """

    path: Path
    name: str
    place: Path
    chosen: bool


def gather(paths: Sequence[str], leave_out: Path | None = None) -> list[Item]:
    """Return the files behind `paths` in a stable order; hidden files in folders are left out.

    Args:
        paths: Files, folders (searched to the bottom), globs (`**` goes through folders).
        leave_out: A folder that is never entered: our own output from an earlier run.

    Raises:
        InvalidInput: a path does not exist, a glob matches nothing, or no file is left.
    """
    found: dict[str, Item] = {}
    for given in paths:
        for item in _expand(given, several=len(paths) > 1, leave_out=leave_out):
            found.setdefault(os.path.abspath(item.path), item)  # noqa: PTH100  # a link stays one
    if not found:
        raise InvalidInput(f"nothing to do: no files in {', '.join(paths)}")
    return list(found.values())


def _expand(given: str, *, several: bool, leave_out: Path | None) -> Iterator[Item]:
    """Yield the files behind one argument."""
    path = Path(given)
    if path.is_file():
        yield _item(path, Path(path.name), chosen=True)
    elif path.is_dir():
        below = Path(path.resolve().name) if several else Path()
        for file in _walk(path, leave_out):
            yield _item(file, below / file.relative_to(path), chosen=False)
    elif path.exists():
        raise InvalidInput(f"{given} is neither a file nor a folder")
    elif glob.has_magic(given):
        yield from _matches(given, leave_out)
    else:
        raise InvalidInput(f"{given} does not exist")


def _walk(folder: Path, leave_out: Path | None) -> Iterator[Path]:
    """Yield the visible files below `folder`, sorted; links to folders are not followed."""
    skip = leave_out.resolve() if leave_out else None
    for top, folders, files in os.walk(folder):
        here = Path(top)
        folders[:] = sorted(
            f for f in folders if not f.startswith(".") and (here / f).resolve() != skip
        )
        for file in sorted(files):
            if not file.startswith(".") and (here / file).is_file():
                yield here / file


def _matches(pattern: str, leave_out: Path | None) -> Iterator[Item]:
    """Yield the files a glob matches, with their place below the part before the first wildcard."""
    found = glob.glob(pattern, recursive=True)  # noqa: PTH207  # pathlib takes no absolute pattern
    matches = sorted(path for path in map(Path, found) if path.is_file())
    if not matches:
        raise InvalidInput(f"no file matches {pattern}")
    root = _fixed_root(pattern)
    skip = leave_out.resolve() if leave_out else None
    if skip and root.resolve().is_relative_to(skip):
        skip = None  # the person asks for what is in there
    for match in matches:
        if skip is None or not match.parent.resolve().is_relative_to(skip):
            place = match.relative_to(root) if match.is_relative_to(root) else Path(match.name)
            safe = Path(match.name) if ".." in place.parts else place
            yield _item(match, safe, chosen=False)


def _fixed_root(pattern: str) -> Path:
    """Return the folders of `pattern` that stand before its first wildcard."""
    return Path(*takewhile(lambda part: not glob.has_magic(part), Path(pattern).parts))


def _item(path: Path, place: Path, *, chosen: bool) -> Item:
    """Return the item; bytes of a file name that are not UTF-8 are replaced in its shown name."""
    name = os.fsencode(path.as_posix()).decode("utf-8", "replace")
    return Item(path=path, name=name, place=place, chosen=chosen)
