"""The pictures that CompreFace's programs send: files of a form, or base64 in JSON."""

from collections.abc import Collection, Mapping
from typing import Annotated, Any

from anyio import to_thread
from fastapi import Depends, Request

from visavis.core.types import Source
from visavis.entry.http_api.dialects.bodies import (
    files_of,
    is_form,
    members,
    most_bytes,
    read_json,
    unpacked,
)
from visavis.entry.http_api.dialects.compreface.errors import PartMissing
from visavis.entry.http_api.uploads import Fields, read_fields

FILE, SOURCE, TARGET = "file", "source_image", "target_image"


async def _pictures(request: Request, fields: Collection[str]) -> Mapping[str, Source]:
    """Return the pictures of a request, one for each field.

    Raises:
        PartMissing: one is not there.
        InvalidImage: one is too large.
    """
    if is_form(request):
        found = files_of(await read_fields(request, Fields(fields, (), drops_others=True)))
    else:
        sent, most = members(await read_json(request)), most_bytes(request)
        found = await to_thread.run_sync(_decoded, sent, fields, most)
    for name in fields:
        if name not in found:
            raise PartMissing(name)
    return found


def _decoded(sent: Mapping[str, Any], fields: Collection[str], most: int) -> dict[str, Source]:
    """Return the pictures among the members of a JSON object."""
    texts = {name: sent.get(name) for name in fields}
    return {
        name: unpacked(text, name, most)
        for name, text in texts.items()
        if isinstance(text, str) and text
    }


async def _one(request: Request) -> Source:
    return (await _pictures(request, (FILE,)))[FILE]


async def _pair(request: Request) -> tuple[Source, Source]:
    found = await _pictures(request, (SOURCE, TARGET))
    return found[SOURCE], found[TARGET]


Picture = Annotated[Source, Depends(_one)]
"""The picture that was sent, as a parameter of an endpoint."""

Pair = Annotated[tuple[Source, Source], Depends(_pair)]
"""The two pictures that were sent, as a parameter of an endpoint."""
