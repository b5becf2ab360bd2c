from visavis.core.purposes import CLAIMED, MEANINGS, Purpose


def test_every_purpose_says_what_it_is_in_one_line():
    assert set(MEANINGS) == set(Purpose)
    for purpose in Purpose:
        assert purpose.meaning.endswith(".")
        assert 20 <= len(purpose.meaning) <= 80


def test_what_needs_to_find_people_is_not_served_by_one_to_one():
    assert set(CLAIMED) == {Purpose.RECOGNITION, Purpose.FACE_LOGIN}
