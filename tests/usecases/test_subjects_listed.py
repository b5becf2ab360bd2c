"""Who is listed among the people that an organisation knows."""

import pytest

from tests.usecases.enrolled import portrait
from tests.usecases.face_users import open_face_door
from visavis.usecases.subjects import Subjects


@pytest.fixture
def given():
    return {"accounts": {"face_login": "alone"}}


def test_whoever_logs_in_by_face_is_not_among_them(ground, house, services, shared_data):
    open_face_door(ground, house, services).add(house.owner, portrait(shared_data, 0))
    ann = Subjects(ground).create(house.operator, name="Ann")
    listed = Subjects(ground).page(house.operator)
    assert [each.id for each in listed.items] == [ann.id]
