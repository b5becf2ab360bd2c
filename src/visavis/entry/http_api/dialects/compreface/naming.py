"""The name that a request gives somebody."""

from typing import Annotated

from fastapi import Depends, Request

from visavis.core.errors import InvalidInput
from visavis.entry.http_api.dialects.bodies import members, read_json


def usable(name: object) -> str:
    """Return a name that somebody may have.

    Raises:
        InvalidInput: it is none.
    """
    if not isinstance(name, str) or not name.strip():
        raise InvalidInput("subject: must not be blank")
    return name.strip()


async def _named(request: Request) -> str:
    return usable(members(await read_json(request)).get("subject"))


Named = Annotated[str, Depends(_named)]
"""The name that a JSON body gives, as a parameter of an endpoint."""
