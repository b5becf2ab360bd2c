"""The pictures of a form that holds nothing else, and how OpenAPI describes such a form."""

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import Depends

from visavis.core.errors import ImageFault, InvalidImage, InvalidInput
from visavis.core.types import Source
from visavis.entry.http_api.schemas import answers
from visavis.entry.http_api.uploads import Form, read_form
from visavis.usecases.analysis import Failure

PICTURE_ANSWERS = answers(
    (400, "The form is broken, or a picture is truncated or corrupt."),
    (413, "The request or a picture is too large, or there are too many pictures."),
    (415, "Not a multipart form, or a picture of a kind that we do not read."),
    (422, "Not the pictures that are needed, no face, several faces, or a number out of range."),
    (504, "It took too long."),
)


def form_of(most: int) -> dict[str, Any]:
    """Return how OpenAPI describes a form of so many pictures."""
    file = {"type": "string", "format": "binary", "description": "A picture of any usual kind."}
    several = {"type": "array", "items": file, "minItems": 1, "maxItems": most}
    properties = {"file": file} if most == 1 else {"files": several}
    schema = {"type": "object", "required": [*properties], "properties": properties}
    return {
        "requestBody": {"required": True, "content": {"multipart/form-data": {"schema": schema}}}
    }


async def _pictures(form: Annotated[Form, Depends(read_form)]) -> tuple[Source, ...]:
    if any(values for values in form.texts.values()):
        raise InvalidInput("send pictures only; everything else goes into the address")
    return tuple(map(usable, form.pictures))


def usable(picture: Source | Failure) -> Source:
    """Return a picture that was sent.

    Raises:
        InvalidImage: it is over its cap.
    """
    if isinstance(picture, Failure):
        raise InvalidImage(ImageFault(picture.category), picture.reason)
    return picture


Pictures = Annotated[tuple[Source, ...], Depends(_pictures)]
"""The pictures that were sent, as a parameter of an endpoint."""


def one(pictures: Sequence[Source]) -> Source:
    """Return the only picture.

    Raises:
        InvalidInput: there is none, or more than one.
    """
    if len(pictures) != 1:
        raise InvalidInput(
            f"send one picture, as a file in the field 'file', not {len(pictures) or 'none'}"
        )
    return pictures[0]
