"""The form that both routes take: a picture, and what is known of whoever is on it."""

from typing import Annotated, NamedTuple

from fastapi import Depends, Request

from visavis.core.errors import InvalidInput
from visavis.core.types import Source
from visavis.entry.http_api.dialects.bodies import files_of
from visavis.entry.http_api.uploads import Fields, read_fields
from visavis.usecases.subject_profiles import LONGEST_NOTES

FILE, DESCRIPTION = "file", "description"

_FIELDS = Fields((FILE,), (DESCRIPTION,), text_bytes=4 * LONGEST_NOTES, drops_others=True)


class Sent(NamedTuple):
    """What was sent.

    Attributes:
        picture: Of a customer.
        description: What is known of them; empty = nothing.
    """

    picture: Source
    description: str


async def _sent(request: Request) -> Sent:
    form = await read_fields(request, _FIELDS)
    files, texts = files_of(form), form.texts[DESCRIPTION]
    if FILE not in files:
        raise InvalidInput("send a picture, as a file in the field 'file'")
    return Sent(files[FILE], texts[0].strip() if texts else "")


SentForm = Annotated[Sent, Depends(_sent)]
"""What was sent, as a parameter of an endpoint."""
