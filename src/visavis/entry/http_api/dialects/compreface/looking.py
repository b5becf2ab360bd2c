"""Looking at a picture as CompreFace does: the largest faces first, and only sure ones."""

from typing import NamedTuple

from visavis.core.types import Feature, Source
from visavis.entry.http_api.dialects.compreface.options import Options
from visavis.entry.services import Records, Services
from visavis.usecases.actor import Actor
from visavis.usecases.analysis import Analysis
from visavis.usecases.faces import Face, FaceMissing, seen


class Looked(NamedTuple):
    """What is on a picture.

    Attributes:
        found: All of it.
        faces: Those that are wanted, the largest first; at least one.
    """

    found: Analysis
    faces: tuple[Face, ...]


def allowed(records: Records, actor: Actor, options: Options) -> frozenset[Feature]:
    """Return what is asked of a picture, as far as it may be.

    Raises:
        NotAllowed: deployment or organisation do not allow one of the plugins.
    """
    wanted = options.features
    return records.privacy.features(actor, sorted(wanted)) if wanted else wanted


def detect(
    services: Services, source: Source, features: frozenset[Feature], options: Options
) -> tuple[Analysis, tuple[int, ...]]:
    """Return what is on a picture and which of its faces are wanted, the largest first.

    Raises:
        FaceMissing: there is none.
        InvalidImage: it cannot be decoded.
        Overloaded: too many pictures are waiting.
        DeadlineExceeded: it took too long.
    """
    found = services.analyses.result(services.analyses.submit(source, features))
    return found, wanted(found, options)


def look(
    services: Services, source: Source, features: frozenset[Feature], options: Options
) -> Looked:
    """Return what is on a picture, with vectors to compare; raises as `detect`."""
    found, faces = seen(services.analyses, source, features)
    return Looked(found, tuple(faces[i] for i in wanted(found, options)))


def wanted(found: Analysis, options: Options) -> tuple[int, ...]:
    """Return which faces are wanted, the largest first.

    Raises:
        FaceMissing: none is.
    """
    boxes, scores, least = found.faces.boxes, found.faces.scores, options.least_score or 0.0
    sizes = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    order = [int(i) for i in (-sizes).argsort(kind="stable") if scores[i] >= least]
    if not order:
        raise FaceMissing
    return tuple(order[: options.limit or None])
