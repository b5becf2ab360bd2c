"""Bulk work: what was asked for, which parts it has, which of them are done, what came of it.

All of it lies beside the results, so that the same command goes on where an earlier one died:

    manifest.json               what was asked for; another question is refused
    plan/part-00000.json        the pictures of a part; parts are added, never changed
    faces/part-00000.parquet    results, see `bulk_part`
    pictures/part-00000.parquet
    json/part-00000.jsonl
    done/part-00000.json        written last: the part is whole
    tries/part-00000.json       while a part is worked on, see `bulk_tries`
    failures.jsonl              written at the end: the pictures that gave no result, and why
    summary.json                written at the end
"""

import json
import re
import secrets
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import astuple, dataclass
from typing import Any

import orjson

from visavis.core.errors import InvalidInput
from visavis.usecases.bulk_places import Place

SCHEMA = "visavis.bulk/1"
MANIFEST, FAILURES, SUMMARY = "manifest.json", "failures.jsonl", "summary.json"
PLAN, TRIES, DONE = "plan", "tries", "done"
FACES, PICTURES, JSON = "faces", "pictures", "json"
SUFFIXES = {PLAN: ".json", TRIES: ".json", DONE: ".json"}
SUFFIXES |= {FACES: ".parquet", PICTURES: ".parquet", JSON: ".jsonl"}

LARGEST_PART = 256
"""Pictures of a part: what a crash costs at most, for each worker."""
SMALLEST_PART = 4
FEWEST_PARTS = 64
"""Parts that a large run has at least, so that many workers end at about the same time."""

_PART = re.compile(r"part-(\d{5,9})(\.\w+)")


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture that is to be analysed.

    Attributes:
        origin: What holds it: empty for a file, the path of a .zip, or `s3://bucket`.
        key: Where it is in there: an absolute path, a member, or a key.
        name: What it is called in results.
        chosen: Named by the person, not come upon in a folder: it has to be a picture.
    """

    origin: str
    key: str
    name: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class PartDone:
    """What came of one part.

    Attributes:
        part: Its number.
        pictures: How many were analysed.
        faces: How many were found on them.
        failed: How many gave no result.
        skipped: How many were no pictures, and nobody said they were.
    """

    part: int
    pictures: int
    faces: int
    failed: int
    skipped: int

    @property
    def seen(self) -> int:
        """How many pictures of the plan that is."""
        return self.pictures + self.failed + self.skipped


class Bulk:
    """The bulk work that lies at one place.

    Args:
        place: Where plan and results are.
        run_id: Of this work; another one at the same place would have another.
    """

    def __init__(self, place: Place, run_id: str) -> None:
        self.place = place
        self.run_id = run_id
        self._sizes: dict[int, int] = {}
        self._known: set[tuple[str, str]] = set()
        for part in sorted(_parts(place, PLAN)):
            self._remember(part, read_plan(place, part))

    @staticmethod
    def open(place: Place, asked: Mapping[str, Any], *, restart: bool = False) -> "Bulk":
        """Go on with the work at `place`, or begin it.

        Args:
            place: Where plan and results are to be.
            asked: What decides the results, as JSON; compared with what it was at the beginning.
            restart: Remove what is there and begin anew.

        Raises:
            InvalidInput: what is there was asked for in another way, or is not ours.
        """
        found = read_manifest(place)
        if found and not restart:
            _refuse_changes(place, found["asked"], asked)
            return Bulk(place, found["id"])
        if found:
            _clear(place)
        run_id = secrets.token_hex(8)
        manifest = {"schema": SCHEMA, "id": run_id, "asked": asked}
        place.put(MANIFEST, _ascii(manifest))
        return Bulk(place, run_id)

    def add(self, pictures: Iterable[Picture]) -> int:
        """Plan the pictures that are not planned yet and return how many those are."""
        fresh = [p for p in pictures if (p.origin, p.key) not in self._known]
        size = min(LARGEST_PART, max(SMALLEST_PART, len(fresh) // FEWEST_PARTS))
        first = max(self._sizes, default=-1) + 1
        for part, start in enumerate(range(0, len(fresh), size), first):
            content = fresh[start : start + size]
            self.place.put(file_of(PLAN, part), _ascii([astuple(picture) for picture in content]))
            self._remember(part, content)
        return len(fresh)

    def left(self) -> list[int]:
        """Return the parts that are not done; one counts only when all its files are there."""
        whole = set.intersection(*(_parts(self.place, f) for f in (DONE, FACES, PICTURES, JSON)))
        return sorted(set(self._sizes) - whole)

    def size(self, parts: Iterable[int] | None = None) -> int:
        """Return how many pictures some parts have, or all of them."""
        return sum(self._sizes[part] for part in (self._sizes if parts is None else parts))

    def finish(self) -> tuple[PartDone, list[dict[str, Any]]]:
        """Write down all failures and return the sum of all parts and their failures.

        Call it when nothing is left. The number of the sum's part is that of the parts.
        """
        marks = [read_mark(self.place, part) for part in sorted(self._sizes)]
        failures = [failure for mark in marks for failure in mark["failures"]]
        self.place.put(FAILURES, b"".join(orjson.dumps(f) + b"\n" for f in failures))
        skipped = sum(len(mark["skipped"]) for mark in marks)
        pictures, faces = (sum(mark[key] for mark in marks) for key in ("pictures", "faces"))
        return PartDone(len(marks), pictures, faces, len(failures), skipped), failures

    def _remember(self, part: int, pictures: list[Picture]) -> None:
        self._sizes[part] = len(pictures)
        self._known.update((picture.origin, picture.key) for picture in pictures)


def file_of(folder: str, part: int) -> str:
    """Return the name of a part's file in one of our folders."""
    return f"{folder}/part-{part:05d}{SUFFIXES[folder]}"


def read_manifest(place: Place) -> dict[str, Any] | None:
    """Return what was asked for at `place`, or None where no bulk work is.

    Raises:
        InvalidInput: the file of that name is not ours.
    """
    data = place.get(MANIFEST)
    if data is None:
        return None
    try:
        found = json.loads(data)
    except ValueError:
        found = None
    if not isinstance(found, dict) or found.get("schema") != SCHEMA:
        raise InvalidInput(f"{MANIFEST} in {place.url} is not ours; give another --out")
    return found


def read_plan(place: Place, part: int) -> list[Picture]:
    """Return the pictures of a part.

    Raises:
        InvalidInput: it has no such part.
    """
    data = place.get(file_of(PLAN, part))
    if data is None:
        raise InvalidInput(f"{file_of(PLAN, part)} is not in {place.url}; start with --restart")
    return [Picture(*entry) for entry in json.loads(data)]


def read_mark(place: Place, part: int) -> dict[str, Any]:
    """Return what was written down when a part was done.

    Raises:
        InvalidInput: it is not done.
    """
    data = place.get(file_of(DONE, part))
    if data is None:
        raise InvalidInput(f"{file_of(DONE, part)} is gone; start the same command again")
    mark: dict[str, Any] = orjson.loads(data)
    return mark


def _ascii(content: object) -> bytes:
    """Return JSON in ASCII: the name of a file need not be valid text, and comes back as it was."""
    return json.dumps(content, indent=1).encode()


def _parts(place: Place, folder: str) -> set[int]:
    """Return the numbers of the parts that have a file in one of our folders."""
    found = (_PART.fullmatch(name) for name in place.names(folder))
    return {int(match[1]) for match in found if match and match[2] == SUFFIXES[folder]}


def _refuse_changes(place: Place, was: Mapping[str, Any], asked: Mapping[str, Any]) -> None:
    """Refuse to mix results of two questions."""
    before, now = dict(_flat(was)), dict(_flat(asked))
    changed = [key for key in sorted(before | now) if before.get(key) != now.get(key)]
    if changed:
        said = "; ".join(f"{key} was {before.get(key)}, is {now.get(key)}" for key in changed)
        raise InvalidInput(
            f"{place.url} holds the results of another command ({said}): give another --out, or "
            "start anew with --restart"
        )


def _flat(asked: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, str]]:
    """Yield each value as text, with the keys that lead to it."""
    for key, value in asked.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{above}{key}.")
        else:
            shown = ",".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)
            yield above + key, shown


def _clear(place: Place) -> None:
    """Remove what we wrote, marks first and the manifest last."""
    for folder in (DONE, FACES, PICTURES, JSON, TRIES, PLAN):
        for part in sorted(_parts(place, folder)):
            place.remove(file_of(folder, part))
    for name in (SUMMARY, FAILURES, MANIFEST):
        place.remove(name)
