"""A deployment whose people are enrolled from real pictures."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.usecases.conftest import House
from tests.usecases.people import add_adult, add_notice, agree
from visavis.core.types import Source
from visavis.entry.services import Services
from visavis.index.centre import bundled_centres
from visavis.index.exact import ExactIndex
from visavis.store.notices import Notice
from visavis.usecases.enrolment import Enrolment
from visavis.usecases.galleries import Galleries
from visavis.usecases.ground import Ground
from visavis.usecases.recognition import Recognition
from visavis.usecases.scores import Scores
from visavis.usecases.subject_profiles import Known
from visavis.usecases.templates import Templates


def portrait(shared_data: Path, number: int, *, smiling: bool = False) -> Source:
    """Return one of the portraits of a person, 0..29."""
    folder = sorted((shared_data / "london").glob("*/neutral.jpg"))[number].parent
    name = "smiling.jpg" if smiling else "neutral.jpg"
    return Source(name, (folder / name).read_bytes())


@dataclass
class Office:
    """What enrols and recognises in a house.

    Attributes:
        ground: Of the deployment.
        house: Whose people they are.
        notice: What they were told.
        galleries: All templates.
        enrolment: Makes them.
        recognition: Searches them.
    """

    ground: Ground
    house: House
    notice: Notice
    galleries: Galleries
    enrolment: Enrolment
    recognition: Recognition

    def add(self, **profile: str) -> Known:
        """Make somebody who agreed to be recognised."""
        known = add_adult(self.ground, self.house, **profile)
        agree(self.ground, self.house, known.id, self.notice)
        return known

    def enrolled(self, *pictures: Source, **profile: str) -> Known:
        """Make somebody and enrol them from pictures."""
        known = self.add(**profile)
        for picture in pictures:
            self.enrolment.enroll(self.house.operator, known.id, picture)
        return known


def open_office(ground: Ground, house: House, services: Services) -> Iterator[Office]:
    """Give an office; its index is closed afterwards."""
    galleries = Galleries(ground, ExactIndex(), centres=bundled_centres())
    told = ground, services.analyses
    yield Office(
        ground,
        house,
        add_notice(ground, house),
        galleries,
        Enrolment(*told, Templates(ground), galleries, Scores(ground)),
        Recognition(*told, galleries, Scores(ground)),
    )
    galleries.close()
