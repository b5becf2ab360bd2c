"""Embeddings that programs hold and send as lists of numbers."""

from collections.abc import Sequence
from typing import Annotated, Any

import numpy as np
from anyio import to_thread
from fastapi import Depends, Request

from visavis.core.types import Floats
from visavis.entry.http_api.dialects.bodies import members, read_json
from visavis.entry.http_api.dialects.compreface.errors import WrongEmbeddings
from visavis.entry.http_api.dialects.compreface.scale import Scale
from visavis.usecases.comparing import MOST_COMPARED

MOST_NUMBERS = 4096
"""Numbers of an embedding; no embedder makes as many."""


def vectors(rows: object) -> Floats:
    """Return lists of numbers as vectors (n, d), n at least 1.

    Raises:
        WrongEmbeddings: they are none, there are too many, or they differ in length.
    """
    if not isinstance(rows, list) or not 1 <= len(rows) <= MOST_COMPARED:
        raise WrongEmbeddings(f"send 1 to {MOST_COMPARED} embeddings, as lists of numbers")
    if any(isinstance(row, list) and len(row) > MOST_NUMBERS for row in rows):
        raise WrongEmbeddings(f"an embedding has {MOST_NUMBERS} numbers at most")
    try:
        with np.errstate(over="ignore"):  # what is too large is refused as not finite
            found = np.array(rows, np.float32)
    except (TypeError, ValueError) as exc:
        raise WrongEmbeddings("embeddings are lists of numbers of one length") from exc
    if found.ndim != 2 or not found.shape[1]:  # a list of lists
        raise WrongEmbeddings("embeddings are lists of numbers of one length")
    return found


def ranked(vectors: Floats, cosines: Sequence[float], scale: Scale) -> dict[str, Any]:
    """Return how alike vectors are to one, the most alike first."""
    told = [
        {"embedding": vector, "similarity": scale(float(cosine))}
        for vector, cosine in zip(vectors, cosines, strict=True)
    ]
    return {"result": sorted(told, key=lambda each: -float(each["similarity"]))}


async def _embeddings(request: Request) -> Floats:
    sent = members(await read_json(request))
    return await to_thread.run_sync(vectors, sent.get("embeddings"))


async def _source_and_targets(request: Request) -> tuple[Floats, Floats]:
    sent = members(await read_json(request))
    targets = await to_thread.run_sync(vectors, sent.get("targets"))
    return await to_thread.run_sync(vectors, [sent.get("source")]), targets


Embeddings = Annotated[Floats, Depends(_embeddings)]
"""The vectors that were sent, as a parameter of an endpoint."""

SourceAndTargets = Annotated[tuple[Floats, Floats], Depends(_source_and_targets)]
"""A vector, and those it is compared with, as a parameter of an endpoint."""
