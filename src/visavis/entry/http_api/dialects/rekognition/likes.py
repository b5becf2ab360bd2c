"""Who is like a face: all who are alike enough, where clients ask for so many.

Some are asked for at first; the search is done again for more as long as the last one found is
alike enough.
"""

from collections.abc import Callable, Sequence
from typing import TypeAlias

import numpy as np

from visavis.core.purposes import Comparison, Purpose
from visavis.entry.http_api.dialects.rekognition.desk import Desk, Scale
from visavis.usecases.faces import Face
from visavis.usecases.galleries import MOST_FOUND
from visavis.usecases.recognised import Match
from visavis.usecases.subject_profiles import Known
from visavis.usecases.templates import Kept

Search: TypeAlias = Callable[[int], Sequence[Match]]
"""Returns that many who are the most alike, the nearest first."""

Alike: TypeAlias = list[tuple[Match, float]]
"""Who is alike enough, and how much, percent."""

FIRST = 50
"""Who is asked for at first; seldom are there more who are alike enough."""

_WIDER = 4


def like_picture(
    desk: Desk, collection: str, face: Face, least: float, *, every: bool = False
) -> Search:
    """Return a search for who is like a face of a picture.

    Args:
        desk: Who asks.
        collection: Id of the one that is searched.
        face: Which.
        least: From how alike on somebody is told, percent.
        every: Whether each template is a match by itself, not each subject by the best of theirs.
    """
    target = desk.target(collection, least)

    def search(top: int) -> Sequence[Match]:
        found = desk.people.recognition.identified(
            desk.actor, (face,), top=top, target_fpir=target, collection=collection, every=every
        )
        return found.faces[0].candidates

    return search


def like_face(
    desk: Desk, collection: str, face: Kept, least: float, *, every: bool = False
) -> Search:
    """Return a search for who is like a face that is enrolled; it never finds that one.

    Args:
        desk: Who asks.
        collection: Id of the one that is searched.
        face: Which; it is in that collection.
        least: From how alike on somebody is told, percent.
        every: Whether each template is a match by itself, not each subject by the best of theirs.
    """
    target = desk.target(collection, least, face.embedder)

    def search(top: int) -> Sequence[Match]:
        found = desk.people.recognition.identify_template(
            desk.actor, face.id, top=top, target_fpir=target, every=every, own=True
        )
        return found.probes[0].candidates

    return search


def like_user(desk: Desk, collection: str, user: Known, least: float) -> Search:
    """Return a search for who is like any face of a user, each by the most alike of theirs."""
    theirs = desk.records.templates.unseal(
        desk.actor, user.id, purpose=Purpose.RECOGNITION, comparison=Comparison.ONE_TO_MANY
    )
    vectors = [each.vector for each in theirs if each.embedder == desk.model]
    target = desk.target(collection, least)

    def search(top: int) -> Sequence[Match]:
        if not vectors:
            return ()
        found = desk.people.recognition.recognize_vectors(
            desk.actor, np.stack(vectors), top=top, target_fpir=target, collection=collection
        )
        matches = [match for probe in found.probes for match in probe.candidates]
        matches.sort(key=lambda match: match.similarity)
        best = {match.subject_id: match for match in matches}
        return sorted(best.values(), key=lambda match: -match.similarity)

    def without_them(top: int) -> Sequence[Match]:
        found = search(min(top + 1, MOST_FOUND))  # they are most like themselves
        return [match for match in found if match.subject_id != user.id]

    return without_them


def alike_enough(search: Search, scale: Scale, least: float, most: int = MOST_FOUND) -> Alike:
    """Return who is alike enough: so many, where there are that many."""
    top = min(most, FIRST)
    while True:
        found = search(top)
        told = [(match, scale.percent(match.similarity)) for match in found]
        alike = [(match, percent) for match, percent in told if percent >= least]
        if len(alike) < top or top >= min(most, MOST_FOUND):
            return alike
        top = min(_WIDER * top, most, MOST_FOUND)
