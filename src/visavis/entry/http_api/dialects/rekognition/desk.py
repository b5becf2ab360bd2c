"""What every operation works with, and what is the same in many of them."""

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import UUID

from visavis.core.errors import InvalidInput
from visavis.entry.http_api.dialects.likeness import least_similarity, likeness
from visavis.entry.http_api.dialects.rekognition.errors import NOT_FOUND, Refusal
from visavis.entry.services import People, Records
from visavis.index.calibration import Calibration
from visavis.store.page import MOST, Page
from visavis.usecases.actor import Actor
from visavis.usecases.analysis import Analyses
from visavis.usecases.scores import LEAST_RATE, Scores
from visavis.usecases.subject_profiles import Known
from visavis.usecases.templates import Kept

_DECIMALS = 4
_Item = TypeVar("_Item")


@dataclass(frozen=True, slots=True)
class Desk:
    """Who asks, and what answers.

    Attributes:
        actor: Who asks.
        records: The use cases about what is kept.
        people: Those about pictures of people who are known.
        analyses: Looks at pictures.
    """

    actor: Actor
    records: Records
    people: People
    analyses: Analyses

    @property
    def model(self) -> str:
        """What vectors are made by, which Rekognition calls the version of its face model."""
        return self.analyses.embedder

    def collection(self, name: str) -> str:
        """Return the id of a collection.

        Raises:
            NotFound: there is none of this name.
        """
        return self.records.collections.find(self.actor, name).id

    def user(self, collection: str, user_id: str) -> Known:
        """Return a user: who of a collection has this reference.

        Raises:
            NotFound: there is none.
        """
        return self.records.subjects.find_by_reference(self.actor, user_id, collection=collection)

    def scores(self, embedder: str | None = None) -> "Scale":
        """Return what similarities mean here."""
        scores = Scores(self.records.ground)
        return Scale(scores.of(self.actor.tenant_id, embedder or self.model))

    def target(self, collection: str, least: float, embedder: str | None = None) -> float:
        """Return the FPIR at which a search names whoever is told: it is written down who that is.

        Args:
            collection: Id of the one that is searched.
            least: Who is told, percent.
            embedder: Whose templates are searched; None = those of the pack in use.
        """
        scores, model = self.scores(embedder).calibration, embedder or self.model
        gallery = self.records.galleries.size(self.actor, model, collection)
        rate = scores.fpir(least_similarity(least / 100, scores), gallery)
        return min(max(rate, LEAST_RATE), 1.0)

    def held(self, collection: str, face_ids: Collection[str]) -> dict[str, tuple[Kept, Known]]:
        """Return the faces of a collection among some, with whose they are, by their own ids."""
        return self.owned(collection, self.records.templates.some(self.actor, face_ids).values())

    def owned(self, collection: str, faces: Collection[Kept]) -> dict[str, tuple[Kept, Known]]:
        """Return those of some faces that are in a collection, with whose they are."""
        owners = self.records.subjects.some(self.actor, {face.subject_id for face in faces})
        return {
            face.id: (face, owners[face.subject_id])
            for face in faces
            if face.subject_id in owners and owners[face.subject_id].collection == collection
        }

    def face(self, collection: str, face_id: str) -> tuple[Kept, Known]:
        """Return a face of a collection, with whose it is.

        Raises:
            Refusal: there is none.
        """
        found = self.held(collection, {own_id(face_id)})
        if not found:
            raise Refusal(NOT_FOUND, "There is no such face in this collection.")
        return found[own_id(face_id)]


@dataclass(frozen=True, slots=True)
class Scale:
    """What similarities mean, in percent.

    Attributes:
        calibration: Says what a cosine means.
    """

    calibration: Calibration

    def percent(self, similarity: float) -> float:
        """Return how alike two faces are, 0..100."""
        return round(100 * likeness(similarity, self.calibration), _DECIMALS)


def face_id(template_id: str) -> str:
    """Return the id of a template as Rekognition writes it."""
    return str(UUID(hex=template_id))


def own_id(face_id: str) -> str:
    """Return the id of the template that Rekognition's one means."""
    return face_id.replace("-", "")


def listed(
    read: Callable[[int, str | None], Page[_Item]], most: int, token: str | None
) -> tuple[list[_Item], dict[str, Any]]:
    """Return a part of a list and, where more follows, its `NextToken`.

    Args:
        read: Reads a page: most items, where the page before ended.
        most: Items of the part.
        token: Where the part before ended.

    Raises:
        Refusal: the token is none of ours.
    """
    items: list[_Item] = []
    with _refusing(token):
        page = read(min(most, MOST), token)
    items += page.items
    while page.next is not None and len(items) < most:
        page = read(min(most - len(items), MOST), page.next)
        items += page.items
    return items, {"NextToken": page.next} if page.next else {}


@contextmanager
def _refusing(token: str | None) -> Iterator[None]:
    try:
        yield
    except InvalidInput as error:
        if token is None:
            raise
        raise Refusal("InvalidPaginationTokenException", str(error)) from None
