"""Results as one table, one row a face: the columns that `visavis analyze --csv` writes.

Two things differ: a last column says which picture it was, and a name that a spreadsheet would take
for a formula has an apostrophe before it, as names come from whoever sends pictures.
"""

import csv
import io
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from visavis.core.types import POINT_NAMES, Feature
from visavis.store.page import MOST
from visavis.store.results import EVERYTHING, Result, Sought
from visavis.usecases import analysis_columns, results_json
from visavis.usecases.actor import Actor
from visavis.usecases.errors import NotFound
from visavis.usecases.results import Results
from visavis.usecases.results_sealing import Part

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def table(results: Results, actor: Actor, sought: Sought = EVERYTHING) -> Iterator[bytes]:
    """Return the faces of all results that match, newest result first, as UTF-8 text in pieces.

    Args:
        results: Knows them.
        actor: Who asks; what they may not see raises NotAllowed here, not at the first piece.
        sought: Which.
    """
    features = results.features(actor, sought)
    return _pieces(results, actor, sought, features)


def _pieces(
    results: Results, actor: Actor, sought: Sought, features: Collection[Feature]
) -> Iterator[bytes]:
    sheet = Sheet(features)
    yield sheet.head()
    cursor = None
    while True:
        page = results.page(actor, sought, MOST, cursor)
        for result in page.items:
            try:
                found = results.open(actor, result.sha256, Part.DOCUMENT)[1]
            except NotFound:  # removed meanwhile
                continue
            yield sheet.rows(result, results_json.unpack(found))
        if (cursor := page.next) is None:
            return


class Sheet:
    """Writes the rows of a table.

    Args:
        features: Each adds its columns; meshes do not fit a table.
    """

    def __init__(self, features: Collection[Feature]) -> None:
        self._points = Feature.POINTS in features
        self._paths = analysis_columns.of(features)

    def head(self) -> bytes:
        """Return the line with the names of the columns."""
        spots = [f"{name}_{axis}" for name in POINT_NAMES for axis in "xy"] if self._points else []
        names = ["_".join(path) for path in self._paths]
        start = ["file", "face_index", "x1", "y1", "x2", "y2", "score"]
        return _lines([[*start, *spots, *names, "sha256"]])

    def rows(self, result: Result, told: Mapping[str, Any]) -> bytes:
        """Return the lines of the faces of one picture."""
        name = harmless(told["name"])
        return _lines([[name, *self._cells(face), result.sha256] for face in told["faces"]])

    def _cells(self, face: Mapping[str, Any]) -> list[str]:
        box = [f"{place:.2f}" for place in face["box"].values()]
        spots = face.get("points") or dict.fromkeys(POINT_NAMES)
        places = [_place(spots[name], axis) for name in POINT_NAMES for axis in "xy"]
        return [
            str(face["face_index"]),
            *box,
            f"{face['score']:.4f}",
            *(places if self._points else ()),
            *analysis_columns.cells(face, self._paths),
        ]


def harmless(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula."""
    return f"'{text}" if text.lstrip(" ").startswith(_FORMULA) else text


def _place(spot: Mapping[str, float] | None, axis: str) -> str:
    return "" if spot is None else f"{spot[axis]:.2f}"


def _lines(rows: list[list[str]]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue().encode()
