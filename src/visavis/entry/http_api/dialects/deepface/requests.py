"""What DeepFace's programs send: JSON, a form, or a form with files; all by the same names."""

import math
from collections.abc import Mapping
from typing import Annotated, Any, NamedTuple
from urllib.parse import parse_qsl

from anyio import to_thread
from fastapi import Depends, Request

from visavis.core.errors import InvalidInput
from visavis.core.types import Source
from visavis.entry.http_api.dialects.bodies import (
    NotBase64,
    files_of,
    is_form,
    media_type,
    members,
    most_bytes,
    read_json,
    unpacked,
)
from visavis.entry.http_api.dialects.deepface.route import PictureMissing
from visavis.entry.http_api.uploads import Fields, read_fields

PICTURES = ("img", "img1", "img2")
OLDER = {"img": "img_path", "img1": "img1_path", "img2": "img2_path"}
"""What those fields were called once."""

PARAMETERS = (
    "actions",
    "align",
    "anti_spoofing",
    "connection_details",
    "cryptosystem",
    "database_type",
    "detector_backend",
    "distance_metric",
    "enforce_detection",
    "expand_percentage",
    "img_name",
    "k",
    "l2_normalize",
    "max_faces",
    "minmax_normalize",
    "model_name",
    "normalization",
    "return_face",
    "search_method",
    "similarity_search",
    "threshold",
)
_MOST_FIELDS = 100
_YES, _NO = frozenset({"true", "1", "yes"}), frozenset({"false", "0", "no", ""})


class Sent(NamedTuple):
    """What was sent.

    Attributes:
        files: Pictures that came as files, by field.
        values: All else, by name.
        most: Largest size of a picture, bytes.
    """

    files: Mapping[str, Source]
    values: Mapping[str, Any]
    most: int

    def picture(self, field: str) -> Source:
        """Return a picture.

        Raises:
            PictureMissing: it is not there, or it is an address or a path.
            InvalidImage: it is too large.
        """
        if field in self.files:
            return self.files[field]
        text = self.values.get(field) or self.values.get(OLDER[field])
        if not isinstance(text, str) or not text:
            raise PictureMissing(field)
        return _of_uri(field, text, self.most)

    def text(self, name: str, default: str) -> str:
        """Return a text.

        Raises:
            InvalidInput: it is something else.
        """
        value = self.values.get(name)
        if value is None:
            return default
        if not isinstance(value, str):
            raise InvalidInput(f"{name} is to be a text")
        return value

    def flag(self, name: str, *, default: bool) -> bool:
        """Return whether something is wanted.

        Raises:
            InvalidInput: it is neither true nor false.
        """
        value = self.values.get(name)
        if value is None:
            return default
        word = str(value).strip().lower()
        if word not in _YES | _NO:
            raise InvalidInput(f"{name} is to be true or false")
        return word in _YES

    def number(self, name: str) -> float | None:
        """Return a number; None where there is none.

        Raises:
            InvalidInput: it is none.
        """
        value = self.values.get(name)
        if value is None or value == "":
            return None
        try:
            found = float(value)
        except (TypeError, ValueError):
            found = math.nan
        if not math.isfinite(found):
            raise InvalidInput(f"{name} is to be a number")
        return found


async def _sent(request: Request) -> Sent:
    most = most_bytes(request)
    if is_form(request):
        names = (*PICTURES, *OLDER.values())
        fields = Fields(PICTURES, (*names, *PARAMETERS), 2 * most, drops_others=True)
        form = await read_fields(request, fields)
        texts = {name: values[0] for name, values in form.texts.items() if values}
        return Sent(files_of(form), texts, most)
    if media_type(request) == "application/x-www-form-urlencoded":
        return Sent({}, await _of_plain_form(request), most)
    return Sent({}, members(await read_json(request)), most)


async def _of_plain_form(request: Request) -> dict[str, str]:
    return await to_thread.run_sync(_parsed, await request.body())


def _parsed(body: bytes) -> dict[str, str]:
    try:
        return dict(parse_qsl(body.decode(), max_num_fields=_MOST_FIELDS))
    except ValueError as exc:
        raise InvalidInput("the form cannot be read; send it as JSON") from exc


def _of_uri(field: str, text: str, most: int) -> Source:
    """Return the picture that a data URI holds; paths and addresses are never opened."""
    head, _, data = text.partition(",")
    if not (head.startswith("data:image/") and head.endswith(";base64")):
        raise PictureMissing(
            field,
            "is to be a file, or a text that begins with 'data:image/jpeg;base64,'; addresses and "
            "paths on the server are not opened",
        )
    try:
        return unpacked(data, field, most)
    except NotBase64 as exc:
        raise PictureMissing(field, "is not base64") from exc


SentRequest = Annotated[Sent, Depends(_sent)]
"""What was sent, as a parameter of an endpoint."""
