"""Subjects: what they are called is sealed, and found all the same."""

import unicodedata

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as told
from hypothesis import strategies as st

from tests.usecases.people import actions
from visavis.core.errors import InvalidInput, NotAllowed
from visavis.store.errors import AlreadyThere
from visavis.usecases.errors import NotFound
from visavis.usecases.subject_profiles import PROFILE, REFERENCES, Known, blind_index
from visavis.usecases.subjects import Subjects
from visavis.vault.errors import KeyDestroyed

NOTES = "Prefers the window seat.\nMet at the fair."


@pytest.fixture
def subjects(ground):
    return Subjects(ground)


def files_of(ground):
    """Return all that the database keeps, byte for byte."""
    ground.store.scrub()
    folder = ground.settings.data
    return b"".join(path.read_bytes() for path in folder.glob("*.db*"))


def destroy(ground, house, subject_id):
    """Do what erasing comes down to."""
    with ground.store.work() as work:
        work.keys.destroy_subject(house.tenant_id, subject_id)
        work.subjects.mark_erased(house.tenant_id, subject_id, ground.clock())


def test_a_subject_is_made_found_and_changed(subjects, house, clock):
    ada = subjects.create(house.operator, reference=" no. 7 ", name="Ada", notes=NOTES, adult=True)
    assert (ada.reference, ada.name, ada.notes, ada.adult) == ("no. 7", "Ada", NOTES, True)
    assert ada.created_at == clock()
    assert subjects.find(house.viewer, ada.id) == ada
    assert subjects.find_by_reference(house.viewer, "no. 7") == ada
    changed = subjects.change(house.operator, ada.id, reference="8", name=None, adult=None)
    assert (changed.reference, changed.name, changed.notes, changed.adult) == (
        *("8", None, NOTES, None),
    )
    assert subjects.find(house.viewer, ada.id) == changed
    assert subjects.find_by_reference(house.viewer, "8") == changed
    with pytest.raises(NotFound):
        subjects.find_by_reference(house.viewer, "no. 7")


def test_nothing_has_to_be_said_of_somebody(subjects, house, clock):
    nobody = subjects.create(house.operator)
    other = subjects.create(house.operator, reference="  ", name="")
    for one in (nobody, other):
        assert (one.reference, one.name, one.notes, one.adult) == (None, None, None, None)


def test_the_list_is_newest_first_and_in_parts(subjects, house, other, clock):
    made: list[Known] = []
    for number in range(5):
        made.insert(0, subjects.create(house.operator, reference=str(number)))
        clock.move(seconds=1)
    subjects.create(other.operator, reference="0")
    first = subjects.page(house.viewer, limit=3)
    rest = subjects.page(house.viewer, limit=3, cursor=first.next)
    assert [*first.items, *rest.items] == made
    assert rest.next is None


def test_the_database_holds_no_plain_word_of_anybody(ground, subjects, house):
    words = ["Zacharias Quirk", "customer-4711", "likes the window seat"]
    one = subjects.create(
        house.operator, name=words[0], reference=words[1], notes=words[2], adult=True
    )
    subjects.change(house.operator, one.id, name="Quentin Zander", reference="member-0815")
    kept = files_of(ground)
    assert one.id.encode() in kept
    for word in [*words, "Quentin Zander", "member-0815"]:
        for spelled in (word, word.lower(), word.encode().hex()):
            assert spelled.encode() not in kept
    assert words[0] not in repr(one)
    assert words[1] not in repr(one)


def test_destroying_the_key_erases_what_somebody_was_called(ground, subjects, house):
    one = subjects.create(house.operator, reference="7", name="Ada")
    with ground.store.work() as work:
        sealed = work.sealed.of_subject(house.tenant_id, one.id, PROFILE)
        assert len(sealed) == 1
        work.keys.destroy_subject(house.tenant_id, one.id)
        with pytest.raises(KeyDestroyed):
            ground.keyring.subject_key(work.keys, house.tenant_id, one.id, sealed[0].key_version)


def test_the_erased_are_no_more(ground, subjects, house):
    one = subjects.create(house.operator, reference="7", name="Ada")
    destroy(ground, house, one.id)
    with pytest.raises(NotFound):
        subjects.find(house.owner, one.id)
    with pytest.raises(NotFound):
        subjects.change(house.owner, one.id, name="Ida")
    with pytest.raises(NotFound):
        subjects.find_by_reference(house.owner, "7")
    assert subjects.page(house.owner).items == ()
    assert subjects.create(house.operator, reference="7").id != one.id  # it is free again


def test_another_tenants_subject_is_none(subjects, house, other):
    theirs = subjects.create(other.operator, reference="7", name="Ada")
    for unknown in (theirs.id, "0" * 32, ""):
        with pytest.raises(NotFound, match="no such subject"):
            subjects.find(house.owner, unknown)
        with pytest.raises(NotFound, match="no such subject"):
            subjects.change(house.owner, unknown, name="Ida", reference="9")
    with pytest.raises(NotFound, match="no such subject"):
        subjects.find_by_reference(house.owner, "7")
    assert subjects.find(other.owner, theirs.id) == theirs


def test_a_reference_says_something_else_in_another_tenant(ground, subjects, house, other):
    for one in (house, other):
        subjects.create(one.operator, reference="7")
    with ground.store.reading() as work:
        found = [
            row.reference
            for one in (house, other)
            for row in work.subjects.page(one.tenant_id).items
        ]
    assert len(set(found)) == 2
    assert all(len(index) == 64 for index in found)


def test_a_reference_is_taken_once(subjects, house):
    first = subjects.create(house.operator, reference="Zoë")
    second = subjects.create(house.operator, reference="8")
    spelled_otherwise = unicodedata.normalize("NFD", " Zoë ")
    with pytest.raises(AlreadyThere, match="has this reference already"):
        subjects.create(house.operator, reference=spelled_otherwise)
    with pytest.raises(AlreadyThere):
        subjects.change(house.operator, second.id, reference="Zoë")
    same = subjects.change(house.operator, first.id, reference=spelled_otherwise)
    assert same == first
    assert len(subjects.page(house.viewer).items) == 2


def test_references_are_found_and_taken_also_after_their_key_was_rotated(ground, subjects, house):
    old = subjects.create(house.operator, reference="7")
    with ground.store.work() as work:
        ground.keyring.rotate_tenant(work.keys, house.tenant_id, REFERENCES, ground.clock())
    new = subjects.create(house.operator, reference="8")
    assert subjects.find_by_reference(house.viewer, "7") == old
    assert subjects.find_by_reference(house.viewer, "8") == new
    with pytest.raises(AlreadyThere):
        subjects.create(house.operator, reference="7")
    with pytest.raises(AlreadyThere):
        subjects.change(house.operator, new.id, reference="7")


def test_a_change_after_the_subjects_key_was_rotated_is_sealed_under_the_newest(
    ground, subjects, house
):
    one = subjects.create(house.operator, name="Ada")
    with ground.store.work() as work:
        ground.keyring.new_subject_key(work.keys, house.tenant_id, one.id, ground.clock())
    assert subjects.find(house.viewer, one.id) == one
    subjects.change(house.operator, one.id, name="Ida")
    with ground.store.work() as work:
        assert work.keys.drop_subject_key(house.tenant_id, one.id, 1)
        assert len(work.sealed.of_subject(house.tenant_id, one.id, PROFILE)) == 1
    assert subjects.find(house.viewer, one.id).name == "Ida"


def test_who_may_what(subjects, house):
    with pytest.raises(NotAllowed, match="takes operator"):
        subjects.create(house.viewer)
    with pytest.raises(NotAllowed, match="takes operator"):
        subjects.change(house.viewer, "0" * 32, name="Ada")


def test_acts_are_audited_without_a_word_about_whom(ground, subjects, house):
    one = subjects.create(house.operator, reference="customer-4711", name="Ada")
    subjects.change(house.operator, one.id, name="Ida", adult=True, notes=None)
    subjects.change(house.operator, one.id, name="Ida")  # changes nothing
    assert actions(ground, house)[1:] == ["subject.created", "subject.changed"]
    with ground.store.reading() as work:
        changed, created = work.audit.latest(house.tenant_id, subject_id=one.id)
    assert created.details == {}
    assert changed.details == {"changed": ["name", "adult"]}
    assert ground.audit.verify(ground.store, house.tenant_id) == []


@pytest.mark.parametrize(
    ("profile", "said"),
    [
        ({"reference": "x" * 201}, "the reference may have 200 characters, not 201"),
        ({"name": "x" * 201}, "the name may have 200 characters, not 201"),
        ({"notes": "x" * 2001}, "the text of the notes may have 2000 characters, not 2001"),
        ({"reference": "7\0"}, "from the reference that cannot be printed"),
        ({"name": "Ada\nLovelace"}, "from the name that cannot be printed"),
        ({"name": "half \ud800 a pair"}, "from the name that cannot be printed"),
        ({"notes": "bell \x07"}, "from the text of the notes that cannot be printed"),
    ],
)
def test_what_cannot_be_a_profile_is_refused(subjects, house, profile, said):
    with pytest.raises(InvalidInput, match=said):
        subjects.create(house.operator, **profile)
    assert subjects.page(house.viewer).items == ()
    one = subjects.create(house.operator)
    with pytest.raises(InvalidInput, match=said):
        subjects.change(house.operator, one.id, **profile)


TEXTS = st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1, max_size=60).filter(
    str.strip
)


def test_whatever_a_reference_is_it_is_found_and_only_its_own_subject(ground, subjects, house):
    made = {}

    @told(max_examples=40, suppress_health_check=[HealthCheck.too_slow])
    @given(TEXTS)
    def found_again(reference):
        same = unicodedata.normalize("NFC", reference).strip()
        if same not in made:
            made[same] = subjects.create(house.operator, reference=reference).id
        assert subjects.find_by_reference(house.viewer, f" {reference}\t").id == made[same]

    found_again()


@given(st.binary(min_size=32, max_size=32), TEXTS, TEXTS)
def test_indexes_are_equal_where_key_and_reference_are(key, one, other):
    assert (blind_index(key, one) == blind_index(key, other)) is (one == other)
    assert blind_index(key, one) != blind_index(bytes(31) + b"1", one) or key == bytes(31) + b"1"
    assert len(blind_index(key, one)) == 64
