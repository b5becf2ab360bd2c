"""Lists come in parts; what every list takes, and how rows are named in paths."""

from typing import Annotated

from fastapi import Path, Query

from visavis.store.page import MOST

Limit = Annotated[int, Query(ge=1, le=MOST, description="most items")]
"""How many items of a list are asked for."""

Cursor = Annotated[
    str | None, Query(max_length=100, description="`next` of the part before; empty = begin")
]
"""Where a list goes on."""

RowId = Annotated[str, Path(pattern="^[0-9a-f]{32}$", description="32 lower-case hex characters")]
"""Names one thing in a path."""

UNFIT = (422, "The input does not fit; `detail` says what is wrong.")
"""Answer to what is out of range or does not go together, for the OpenAPI document."""
