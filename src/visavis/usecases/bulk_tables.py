"""The tables of bulk work: Parquet, one row a face and one row a picture.

Columns of a face are those of `--csv`, with what does not fit there: lists of points, mesh and
embedding, and the probabilities of all classes. Values are those of the JSON.
"""

import io
from collections.abc import Collection, Iterator, Mapping
from functools import reduce
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from visavis.core.attributes import CLASSES, Head
from visavis.core.types import Feature
from visavis.usecases import analysis_columns
from visavis.usecases.bulk import FACES, PICTURES
from visavis.usecases.bulk_part import Entry

FLOATS = pa.list_(pa.float32())

_PICTURE = [("name", pa.string()), ("sha256", pa.string())]
_PICTURE += [("width", pa.int32()), ("height", pa.int32()), ("pack", pa.string())]
_BOX = [(side, pa.float64()) for side in ("x1", "y1", "x2", "y2")]
_LISTS = (Feature.POINTS, Feature.MESH, Feature.EMBEDDING)
_PICTURES = pa.schema(
    [
        *_PICTURE,
        ("status", pa.string()),
        ("num_faces", pa.int32()),
        ("took_ms", pa.float64()),
        ("error_category", pa.string()),
        ("error_reason", pa.string()),
    ]
)


class Tables:
    """Makes the tables of one part.

    Args:
        features: What was asked for; each adds its columns.
    """

    def __init__(self, features: Collection[Feature]) -> None:
        self._paths = analysis_columns.of(features)
        self._heads = [head for head in Head if Feature(head) in features]
        fields = [*_PICTURE, ("face_index", pa.int32()), *_BOX, ("score", pa.float64())]
        fields += [(feature.value, FLOATS) for feature in _LISTS if feature in features]
        fields += [("mesh_score", pa.float64())] if Feature.MESH in features else []
        fields += [("_".join(path), _type(path)) for path in self._paths]
        fields += [(f"{head}_probabilities", _shares(head)) for head in self._heads]
        self._faces = pa.schema(fields)

    def encode(self, entries: list[Entry]) -> Mapping[str, bytes]:
        """Return the two files of a part, by our folder."""
        faces = [face for entry in entries for face in self._face_rows(entry.told)]
        pictures = [_picture_row(entry) for entry in entries]
        return {FACES: _parquet(faces, self._faces), PICTURES: _parquet(pictures, _PICTURES)}

    def _face_rows(self, told: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        """Yield a row for each face of a picture; none for a picture that failed."""
        about = {name: told.get(name) for name, _ in _PICTURE}
        for face in told.get("faces", ()):
            known = {"_".join(path): _at(face, path) for path in self._paths}
            shares = {f"{h}_probabilities": _at(face, (h, "probabilities")) for h in self._heads}
            yield about | face["box"] | _numbers(face) | known | shares


def _numbers(face: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is a number or a list of numbers."""
    row = {name: face.get(name) for name in ("face_index", "score", "mesh_score")}
    points = [spot[axis] for spot in face.get("points", {}).values() for axis in "xy"]
    row["points"] = points
    for name in ("mesh", "embedding"):
        values = face.get(name)
        row[name] = None if values is None else np.asarray(values, np.float32).ravel()
    return row


def _picture_row(entry: Entry) -> dict[str, Any]:
    error = entry.told.get("error", {})
    row = {name: entry.told.get(name) for name in _PICTURES.names}
    row |= {"status": entry.status, "error_category": error.get("category")}
    return row | {"error_reason": error.get("reason")}


def _at(told: Any, path: tuple[str, ...]) -> Any:  # noqa: ANN401  # JSON
    """Return what lies at `path`, or None where a part of the way is missing."""
    return reduce(lambda found, key: None if found is None else found.get(key), path, told)


def _type(path: tuple[str, ...]) -> pa.DataType:
    """Return the type of an attribute's column."""
    feature, *_, last = path
    if last == "reasons":
        return pa.list_(pa.string())
    if last == "value" and feature == Feature.EXPRESSION and "gaze" not in path:
        return pa.bool_()
    return pa.string() if last in {"value", "version"} else pa.float64()


def _shares(head: Head) -> pa.DataType:
    """Return the type of the probabilities of a head: a field a class."""
    return pa.struct([(name, pa.float64()) for name in CLASSES[head]])


def _parquet(rows: list[dict[str, Any]], schema: pa.Schema) -> bytes:
    """Return a whole Parquet file; a row's values beyond the schema are left out."""
    file = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows, schema=schema), file, compression="zstd")
    return file.getvalue()
