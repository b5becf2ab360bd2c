"""A gallery of people who agreed, and the answers that it should give."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from sqlalchemy import event

from tests.usecases.conftest import House
from tests.usecases.people import EMBEDDER, add_adult, add_notice, agree
from visavis.core.purposes import Purpose
from visavis.core.types import Floats
from visavis.index.exact import ExactIndex
from visavis.store.notices import Notice
from visavis.usecases.galleries import Candidate, Galleries
from visavis.usecases.ground import Ground
from visavis.usecases.templates import Templates

RECOGNITION = {"purpose": Purpose.RECOGNITION, "embedder": EMBEDDER}


def galleries(ground: Ground, **given: object) -> Galleries:
    """Return the galleries of a process that has just started."""
    return Galleries(ground, ExactIndex(), **given)  # type: ignore[arg-type]


def near(vector: Floats, seed: int, by: float = 0.1) -> Floats:
    """Return another vector that points nearly the same way."""
    drawn = np.random.default_rng([7, seed]).normal(size=vector.shape).astype(np.float32)
    moved: Floats = vector + np.float32(by) * drawn / np.float32(np.linalg.norm(drawn))
    return moved


class People:
    """People of a house, each with templates; made as doors do it."""

    def __init__(self, ground: Ground, house: House) -> None:
        self.ground, self.house = ground, house
        self.notice: Notice = add_notice(ground, house)
        self.templates = Templates(ground)

    def add(self, *vectors: Floats, embedder: str = EMBEDDER, collection: str = "") -> str:
        """Make somebody of age who agreed, with templates; return their id."""
        subject = add_adult(self.ground, self.house, collection=collection).id
        agree(self.ground, self.house, subject, self.notice)
        for each in vectors:
            self.seal(subject, each, embedder)
        return subject

    def seal(self, subject: str, vector: Floats, embedder: str = EMBEDDER) -> str:
        """Seal a template and return its id."""
        told = {"purpose": Purpose.RECOGNITION, "embedder": embedder}
        return self.templates.seal(self.house.operator, subject, vector, **told)  # type: ignore[arg-type]

    def find(
        self,
        where: Galleries,
        probe: Floats,
        k: int = 5,
        embedder: str = EMBEDDER,
        collection: str = "",
    ) -> tuple[Candidate, ...]:
        """Search for one probe."""
        told = self.house.operator, probe[None], embedder, Purpose.RECOGNITION, k
        return where.search(*told, collection=collection)[0]

    def found(
        self, where: Galleries, probe: Floats, k: int = 5, *, collection: str = ""
    ) -> list[str]:
        """Return the ids of the people whom a search finds."""
        return [one.subject_id for one in self.find(where, probe, k, collection=collection)]


@contextmanager
def statements(ground: Ground) -> Iterator[list[str]]:
    """Give what is asked of the database meanwhile."""
    seen: list[str] = []

    def ask(*given: Any) -> None:
        seen.append(given[2])

    engine = ground.store._engine
    event.listen(engine, "before_cursor_execute", ask)
    try:
        yield seen
    finally:
        event.remove(engine, "before_cursor_execute", ask)
