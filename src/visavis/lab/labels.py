"""Labels of portraits: a csv with `file` and any of age, gender, race, emotion."""

import csv
import hashlib
import io
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from visavis.core.attributes import CLASSES, UNDISCLOSED, UNKNOWN, Head, class_of
from visavis.core.errors import InvalidInput
from visavis.lab.roots import Root, safe_names

Item = TypeVar("Item")

FILE = "file"

COLUMNS = {"age_bin": Head.AGE} | {head.value: head for head in Head}
"""Which head a column belongs to."""

NO_LABEL = frozenset({"", UNKNOWN, UNDISCLOSED})


@dataclass(frozen=True, slots=True)
class Labelled:
    """What a list says about one picture.

    Attributes:
        file: Its name below the root.
        row: Line of the list that says so; the header is row 1.
        truth: Class index for each head, in the order of `core.attributes.CLASSES`; heads without
            a label are absent.
    """

    file: str
    row: int
    truth: Mapping[Head, int]


@dataclass(frozen=True, slots=True)
class _Header:
    """Where things stand in a row, and how many cells it has."""

    file: int
    heads: Mapping[Head, int]
    width: int


def read_labels(text: str, heads: Collection[Head] | None = None) -> list[Labelled]:
    """Read a csv with the header `file` and any of age (or age_bin), gender, race, emotion.

    Case and order of the columns do not matter, and other columns are ignored. An empty cell,
    `unknown` and `prefer_not_to_say` are no label. A picture listed twice alike counts once.

    Args:
        text: The csv.
        heads: Those that must be labelled; None = any of them is enough.

    Raises:
        InvalidInput: the list cannot be used; the message names the row.
    """
    rows = _rows(text.removeprefix("\N{BYTE ORDER MARK}"))
    header = _header(next(rows, (1, []))[1])
    _check(header.heads, heads, "the labels have no column {}; the first line names the columns")
    found: dict[str, Labelled] = {}
    for number, cells in rows:
        item = _labelled(number, cells, header)
        first = found.setdefault(item.file, item)
        if first.truth != item.truth:
            raise InvalidInput(
                f"row {number} ({item.file}): row {first.row} labels the same picture otherwise; "
                "keep one of them"
            )
    if not found:
        raise InvalidInput("the list of labels has no rows; give a line for each picture")
    labelled = {head for item in found.values() for head in item.truth}
    _check(labelled, heads, "no row of the labels has a label for {}; fill in the column")
    return list(found.values())


def spread(listed: Sequence[Item], limit: int | None) -> list[Item]:
    """Return at most `limit` of them, taken evenly from the whole list."""
    if limit is None or limit >= len(listed):
        return list(listed)
    kept = np.linspace(0, len(listed) - 1, limit).round().astype(int)
    return [listed[i] for i in kept]


def sha256_of_data(labelled: Iterable[Labelled], root: Root) -> str:
    """Return the SHA-256 (hex) of labels and pictures: it makes two reports comparable.

    The order of the list does not matter; a picture that is not there counts as absent.
    """
    whole = hashlib.sha256()
    for item in sorted(labelled, key=lambda item: item.file):
        answers = ",".join(f"{head}={CLASSES[head][item.truth[head]]}" for head in _heads(item))
        whole.update(f"{item.file}\0{answers}\0".encode())
        whole.update(_digest(item.file, root))
    return whole.hexdigest()


def _heads(item: Labelled) -> list[Head]:
    return [head for head in Head if head in item.truth]


def _digest(name: str, root: Root) -> bytes:
    try:
        return hashlib.sha256(root.read(name)).digest()
    except InvalidInput:
        return bytes(hashlib.sha256().digest_size)


def _rows(text: str) -> Iterator[tuple[int, list[str]]]:
    """Yield each line that is not blank with its number."""
    reader = csv.reader(io.StringIO(text, newline=""), skipinitialspace=True, strict=True)
    number = 1
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield number, [cell.strip() for cell in cells]
            number = reader.line_num + 1
    except csv.Error as exc:
        raise InvalidInput(f"row {number} of the labels is no csv: {exc}") from exc


def _header(cells: list[str]) -> _Header:
    names = [_plain(cell) for cell in cells]
    if FILE not in names:
        raise InvalidInput(
            "the labels need a first line with the column names `file` and any of age, gender, "
            "race, emotion, separated by commas"
        )
    heads: dict[Head, int] = {}
    for place, name in enumerate(names):
        head = COLUMNS.get(name)
        if head in heads or (name == FILE and names.index(FILE) != place):
            raise InvalidInput(f"the labels have two columns for {head or FILE}; keep one of them")
        if head is not None:
            heads[head] = place
    return _Header(names.index(FILE), heads, len(names))


def _check(given: Collection[Head], wanted: Collection[Head] | None, complaint: str) -> None:
    """Refuse labels that lack a head that is wanted, or any head where none is named."""
    missing = sorted(set(wanted) - set(given)) if wanted is not None else []
    if missing:
        raise InvalidInput(complaint.format(missing[0]))
    if not given:
        raise InvalidInput(complaint.format("age, gender, race or emotion"))


def _labelled(number: int, cells: list[str], header: _Header) -> Labelled:
    if len(cells) != header.width:
        raise InvalidInput(
            f"row {number} ({cells[0][:50]}): its columns are {len(cells)}, those of the header "
            f"{header.width}; correct the row"
        )
    name = cells[header.file]
    try:
        safe_names([name])
    except InvalidInput as exc:
        raise InvalidInput(f"row {number}: {exc}") from exc
    truth = {head: _class(number, name, head, cells[i]) for head, i in header.heads.items()}
    return Labelled(name, number, {head: i for head, i in truth.items() if i is not None})


def _class(number: int, name: str, head: Head, cell: str) -> int | None:
    if _plain(cell) in NO_LABEL:
        return None
    word = class_of(head, cell)
    if word is None:
        raise InvalidInput(
            f"row {number} ({name}): there is no {head} {cell[:50]!r}; "
            f"use one of {', '.join(CLASSES[head])}"
        )
    return CLASSES[head].index(word)


def _plain(text: str) -> str:
    return "_".join(text.lower().replace("-", " ").replace("_", " ").split())
