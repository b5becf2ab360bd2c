"""Lists of picture pairs for 1:1 verification: LFW's pairs.txt, or csv `a,b,same`."""

import csv
import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from visavis.core.errors import InvalidInput

FOLDS = 10
LFW_HEADER = re.compile(r"\s*(\d+)(?:\s+(\d+))?\s*")
TRUTHS = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}


@dataclass(frozen=True, slots=True)
class Pairs:
    """Pairs of pictures as parallel sequences.

    Attributes:
        first: Name of the first picture of each pair, below the root.
        second: Name of the second.
        same: (n,) bool, whether both show the same person.
        folds: (n,) int64, the fold each pair is tested in, 0-based; at least two folds.
    """

    first: tuple[str, ...]
    second: tuple[str, ...]
    same: NDArray[np.bool_]
    folds: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.first)

    def spread(self, limit: int | None) -> "Pairs":
        """Return at most `limit` pairs, taken evenly from the whole list."""
        if limit is None or limit >= len(self):
            return self
        kept = np.linspace(0, len(self) - 1, limit).round().astype(int)
        first, second = ([names[i] for i in kept] for names in (self.first, self.second))
        return Pairs(tuple(first), tuple(second), self.same[kept], self.folds[kept])


def read_pairs(text: str) -> Pairs:
    """Read a list of pairs; the first line tells the format.

    LFW: header `folds n` (or `n`, no folds), then for each fold n lines `name i j` and n lines
    `name i other j`; a picture is `name/name_%04d.jpg`. Csv: header `a,b,same`, `same` 1 or 0.
    A list without folds of its own is dealt into ten by `deal`.

    Raises:
        InvalidInput: the list is malformed, or lacks pairs of one kind; the message names the line.
    """
    lines = text.removeprefix("\N{BYTE ORDER MARK}").splitlines()
    if not lines:
        raise InvalidInput("the list of pairs is empty; give LFW's pairs.txt or a csv a,b,same")
    header = LFW_HEADER.fullmatch(lines[0])
    pairs = _read_lfw(lines, header) if header else _read_csv(lines)
    if pairs.same.all() or not pairs.same.any():
        raise InvalidInput("the list needs pairs of the same person and pairs of different people")
    return pairs


def deal(first: Sequence[str], second: Sequence[str], same: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Deal pairs into folds so that all pairs of a person (as `first`) share one.

    Where all first pictures show one person, the second picture's person counts instead.
    Pictures joined by pairs of the same person are one person. People are taken in the order of a
    hash of their first picture's name, so that the split never depends on the order of the list;
    each goes to the fold with the fewest pairs so far. Ten folds, or one a person if fewer.

    Returns:
        (n,) int64, the fold of each pair.

    Raises:
        InvalidInput: all pictures hang together as one person.
    """
    people = _people(zip(first, second, same.tolist(), strict=True))
    owners = [people[name] for name in first]
    if len(set(owners)) == 1:
        owners = [people[name] for name in second]
    load = Counter(owners)
    order = sorted(load, key=lambda person: hashlib.sha256(person.encode()).digest())
    if len(order) < 2:
        raise InvalidInput(
            "all pictures of the list hang together as one person; check its column `same`"
        )
    sizes = [0] * min(FOLDS, len(order))
    fold_of = {}
    for person in order:
        fold_of[person] = min(range(len(sizes)), key=sizes.__getitem__)
        sizes[fold_of[person]] += load[person]
    return np.array([fold_of[owner] for owner in owners], np.int64)


def _people(pairs: Iterable[tuple[str, str, bool]]) -> dict[str, str]:
    """Name each picture's person: the alphabetically first picture it is joined to."""
    parent: dict[str, str] = {}

    def find(name: str) -> str:
        while parent.setdefault(name, name) != name:
            parent[name] = parent[parent[name]]
            name = parent[name]
        return name

    for a, b, same in pairs:
        low, high = sorted((find(a), find(b)))
        if same:
            parent[high] = low
    return {name: find(name) for name in parent}


def _read_csv(lines: Sequence[str]) -> Pairs:
    rows = csv.DictReader(lines, skipinitialspace=True)
    if not {"a", "b", "same"} <= set(rows.fieldnames or ()):
        raise InvalidInput(
            "the first line is neither LFW's `folds n` nor the csv header `a,b,same`"
        )
    first, second, same = [], [], []
    for row in rows:
        truth = TRUTHS.get((row["same"] or "").strip().lower())
        if truth is None or not row["a"] or not row["b"]:
            raise InvalidInput(f"line {rows.line_num} is not `a,b,same` with same 1 or 0")
        first.append(row["a"])
        second.append(row["b"])
        same.append(truth)
    truths = np.array(same, bool)
    folds = deal(first, second, truths) if 0 < truths.sum() < len(truths) else np.zeros(len(first))
    return Pairs(tuple(first), tuple(second), truths, folds.astype(np.int64))


def _read_lfw(lines: Sequence[str], header: re.Match[str]) -> Pairs:
    first, second, same = [], [], []
    for number, line in enumerate(lines[1:], 2):
        if line.strip():
            a, b, truth = _lfw_pair(line, number)
            first.append(a)
            second.append(b)
            same.append(truth)
    folds, size = int(header[1]), int(header[2] or 0)
    if header[2] is None:
        folds, size = 1, folds
    if len(first) != 2 * folds * size:
        wanted = f"{folds} × {size} pairs of each kind"
        raise InvalidInput(f"the header promises {wanted}, the list holds {len(first)} pairs")
    truths = np.array(same, bool)
    if folds > 1:
        return Pairs(tuple(first), tuple(second), truths, np.arange(folds).repeat(2 * size))
    return Pairs(tuple(first), tuple(second), truths, deal(first, second, truths))


def _lfw_pair(line: str, number: int) -> tuple[str, str, bool]:
    match line.split():
        case [name, i, j] if i.isdecimal() and j.isdecimal():
            return _lfw_path(name, i), _lfw_path(name, j), True
        case [name, i, other, j] if i.isdecimal() and j.isdecimal():
            return _lfw_path(name, i), _lfw_path(other, j), False
    raise InvalidInput(f"line {number} is neither `name i j` nor `name i other j`")


def _lfw_path(name: str, index: str) -> str:
    return f"{name}/{name}_{int(index):04d}.jpg"
