"""What is noted of the picture behind a template: checked, sealed, and told as it was given."""

import pytest

from tests.usecases.gallery import RECOGNITION, People
from tests.usecases.people import vector
from visavis.core.errors import InvalidInput
from visavis.usecases.seen import LONGEST, Seen


@pytest.fixture
def people(ground, house):
    return People(ground, house)


WRONG = {
    "a long id": {"image_id": "x" * (LONGEST + 1)},
    "a long label": {"label": "x" * (LONGEST + 1)},
    "no number in the box": {"box": (0.1, float("nan"), 0.2, 0.3)},
    "no number as score": {"score": float("inf")},
}


@pytest.mark.parametrize("given", WRONG.values(), ids=WRONG)
def test_what_cannot_be_noted_is_refused(given):
    with pytest.raises(InvalidInput):
        Seen(**given)


@pytest.mark.parametrize(
    "seen",
    [None, Seen(), Seen("7.jpg"), Seen(box=(-0.1, 0, 1.2, 1)), Seen("й" * LONGEST, label="Ада")],
)
def test_it_comes_back_as_it_was_given_and_lies_nowhere_in_the_open(ground, house, people, seen):
    ann = people.add()
    seal = people.templates.seal
    made = seal(house.operator, ann, vector(1), seen=seen, **RECOGNITION)
    assert people.templates.some(house.viewer, [made])[made].seen == seen
    ground.store.scrub()
    kept = b"".join(path.read_bytes() for path in ground.settings.data.glob("*.db*"))
    assert not [word for word in ("7.jpg", "Ада", "ййй") if word.encode() in kept]
