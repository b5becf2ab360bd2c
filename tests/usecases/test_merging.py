"""Templates that move to somebody else: whose key seals them, who finds them, with whom they go."""

import pytest

from tests.usecases.gallery import RECOGNITION, People, galleries
from tests.usecases.people import EMBEDDER, actions, add_adult, agree, vector
from tests.usecases.somebody import blobs_of
from visavis.core.errors import InvalidInput, NotAllowed
from visavis.core.purposes import Comparison, Purpose
from visavis.store.collections import LOGIN
from visavis.store.sealed import MAPPED_FROM, TEMPLATE
from visavis.usecases.collections import Collections
from visavis.usecases.consent import Consents
from visavis.usecases.erasure import Erasure
from visavis.usecases.errors import ConsentMissing, NotFound
from visavis.usecases.key_rotation import KeyRotation
from visavis.usecases.merging import Merging
from visavis.usecases.seen import Seen
from visavis.usecases.subjects import Subjects
from visavis.usecases.template_forms import MOST, NewTemplate, meta_of, stored_form
from visavis.vault.sealing import Context

ONE = {"purpose": Purpose.RECOGNITION, "comparison": Comparison.ONE_TO_ONE}


@pytest.fixture
def people(ground, house):
    return People(ground, house)


@pytest.fixture
def where(ground):
    made = galleries(ground)
    yield made
    made.close()


@pytest.fixture
def erasure(ground, where):
    return Erasure(ground, blobs_of(ground), [where])


@pytest.fixture
def merging(ground, erasure):
    return Merging(ground, erasure)


def ids_of(people, subject):
    return [one.id for one in people.templates.page(people.house.viewer, subject)]


def test_a_template_moves_with_its_id_and_what_was_seen(people, where, merging, house):
    ann, bob = people.add(vector(1)), people.add()
    seen = Seen("shelf/7.jpg", (0.1, 0.2, 0.3, 0.4), 0.9, "Ada")
    made = people.templates.seal(
        house.operator, ann, vector(2), quality=71.0, seen=seen, **RECOGNITION
    )
    assert people.found(where, vector(2))[0] == ann
    assert merging.move(house.operator, [made], bob) == (made,)
    assert people.found(where, vector(2))[0] == bob
    (opened,) = people.templates.unseal(house.operator, bob, **ONE)
    assert (opened.id, opened.seen, opened.quality) == (made, seen, 71.0)
    assert opened.vector.tobytes() == vector(2).tobytes()
    assert len(ids_of(people, ann)) == 1
    assert merging.move(house.operator, [made], bob) == ()


def test_whoever_is_erased_takes_only_their_own_templates_along(
    people, where, merging, erasure, house
):
    ann, bob, cid = people.add(vector(1), vector(2)), people.add(vector(3)), people.add(vector(4))
    stays, goes = ids_of(people, ann)
    merging.move(house.operator, [stays], bob)
    merging.move(house.operator, ids_of(people, cid), ann)
    assert where.size(house.operator, EMBEDDER) == 4
    assert erasure.erase(house.admin, ann).kind == "erasure"
    assert goes not in ids_of(people, bob)
    assert {one.subject_id for one in people.find(where, vector(4))} == {bob}
    assert where.size(house.operator, EMBEDDER) == 2
    assert all(each.is_clean for each in where.verify(house.tenant_id))
    assert erasure.erase(house.admin, bob).kind == "erasure"
    assert people.find(where, vector(1)) == ()
    assert all(each.is_clean for each in where.verify(house.tenant_id))


def test_a_restarted_index_follows_moves_too(people, ground, merging, erasure, house):
    ann, bob = people.add(vector(1)), people.add()
    merging.move(house.operator, ids_of(people, ann), bob)
    fresh = galleries(ground)
    assert people.found(fresh, vector(1)) == [bob]
    Erasure(ground, blobs_of(ground), [fresh]).erase(house.admin, ann)
    assert people.found(fresh, vector(1)) == [bob]
    fresh.close()


def test_a_merge_takes_over_what_is_not_known_and_erases_the_other(
    people, where, merging, ground, house
):
    ann = add_adult(ground, house, reference="customer 7", name="Ann", notes="tall").id
    agree(ground, house, ann, people.notice)
    bob = add_adult(ground, house, name="Bob").id
    agree(ground, house, bob, people.notice)
    moved = people.seal(ann, vector(1))
    merged = merging.merge(house.admin, ann, bob)
    assert merged.template_ids == (moved,)
    into = merged.into
    assert (into.id, into.name, into.reference, into.notes) == (bob, "Bob", "customer 7", "tall")
    assert Subjects(ground).find_by_reference(house.viewer, "customer 7").id == bob
    with pytest.raises(NotFound):
        Subjects(ground).find(house.viewer, ann)
    assert people.found(where, vector(1)) == [bob]
    told = actions(ground, house)
    assert {"templates.moved", "subject.erased", "subject.merged"} <= set(told)
    assert ground.audit.verify(ground.store, house.tenant_id) == []


def test_a_split_undoes_a_merge(people, where, merging, ground, house):
    ann, bob = people.add(vector(1), vector(2)), people.add(vector(3))
    mine = ids_of(people, ann)
    merged = merging.merge(house.admin, ann, bob)
    again = merging.split(house.operator, bob, merged.template_ids, name="Ann", reference="7")
    assert (again.name, again.reference, again.adult) == ("Ann", "7", True)
    assert ids_of(people, again.id) == mine
    assert people.found(where, vector(1))[0] == again.id
    assert people.found(where, vector(3))[0] == bob
    (theirs,) = Consents(ground).records(house.operator, subject_id=again.id).items
    (his,) = Consents(ground).records(house.operator, subject_id=bob).items
    same = ("purpose", "notice_id", "method", "given_at", "given_by", "expires_at")
    assert [theirs[each] for each in same] == [his[each] for each in same]


def test_undoing_a_merge_gives_back_what_was_taken_over(people, where, merging, ground, house):
    subjects = Subjects(ground)
    ann = add_adult(ground, house, reference="customer 7", name="Ann", notes="tall").id
    bob = add_adult(ground, house, name="Bob").id
    for who in (ann, bob):
        agree(ground, house, who, people.notice)
    made = people.seal(ann, vector(1))
    merged = merging.merge(house.admin, ann, bob)
    subjects.change(house.operator, bob, notes="left in May")
    again = merging.undo(house.operator, merged)
    assert (again.reference, again.name, again.notes) == ("customer 7", "Ann", "tall")
    left = subjects.find(house.viewer, bob)
    assert (left.reference, left.name, left.notes) == (None, "Bob", "left in May")
    assert subjects.find_by_reference(house.viewer, "customer 7").id == again.id
    assert (ids_of(people, again.id), ids_of(people, bob)) == ([made], [])
    with pytest.raises(NotFound):
        merging.undo(house.operator, merged)
    with pytest.raises(NotAllowed):
        merging.undo(house.viewer, merged)


def test_proofs_are_copied_and_what_was_withdrawn_is_not(people, merging, ground, house):
    ann = people.add(vector(1), vector(2))
    agree(ground, house, ann, people.notice, evidence="letter 17")
    over = agree(ground, house, ann, people.notice)
    Consents(ground).withdraw(house.operator, over.id)
    new = merging.split(house.operator, ann, ids_of(people, ann)[:1])
    copies = Consents(ground).page(house.operator, subject_id=new.id).items
    proofs = [Consents(ground).record(house.operator, each.id)["evidence"] for each in copies]
    assert sorted(proofs) == ["", "letter 17"]


def test_only_who_agreed_is_given_templates(people, merging, ground, house):
    ann, child = people.add(vector(1)), Subjects(ground).create(house.operator).id
    adult = add_adult(ground, house).id
    for who in (adult, child):
        with pytest.raises(ConsentMissing):
            merging.move(house.operator, ids_of(people, ann), who)
        with pytest.raises(ConsentMissing):
            merging.merge(house.admin, ann, who)
    assert len(ids_of(people, ann)) == 1


def test_what_cannot_be_moved_is_refused(people, merging, ground, house, other):
    ann, bob = people.add(vector(1), vector(2)), people.add()
    mine = ids_of(people, ann)
    with pytest.raises(InvalidInput, match="leave at least one"):
        merging.split(house.operator, ann, mine)
    with pytest.raises(InvalidInput, match="into itself"):
        merging.merge(house.admin, ann, ann)
    with pytest.raises(InvalidInput, match="name 1 to 100"):
        merging.move(house.operator, [], bob)
    for wrong in (["0" * 32], [mine[0], "0" * 32]):
        with pytest.raises(NotFound):
            merging.move(house.operator, wrong, bob)
        with pytest.raises(NotFound):
            merging.split(house.operator, ann, wrong)
    with pytest.raises(NotFound):
        merging.move(house.operator, mine, "0" * 32)
    with pytest.raises(NotFound):
        merging.move(other.operator, mine, ann)
    with pytest.raises(NotAllowed):
        merging.move(house.viewer, mine, bob)
    with pytest.raises(NotAllowed):  # who is left over is erased
        merging.merge(house.operator, ann, bob)
    assert ids_of(people, ann) == mine


def test_templates_stay_in_their_collection(people, merging, ground, house):
    erasure = Erasure(ground, blobs_of(ground))
    wing = Collections(ground, erasure, lambda *_: None).create(house.operator, "wing").id
    ann = people.add(vector(1), vector(2))
    guest = Subjects(ground).create(house.operator, adult=True, collection=wing).id
    agree(ground, house, guest, people.notice)
    for refused in (
        lambda: merging.move(house.operator, ids_of(people, ann), guest),
        lambda: merging.merge(house.admin, ann, guest),
        lambda: merging.merge(house.admin, guest, ann),
    ):
        with pytest.raises(InvalidInput, match="stay in their collection"):
            refused()
    for seed in (3, 4):
        people.seal(guest, vector(seed))
    new = merging.split(house.operator, guest, ids_of(people, guest)[:1])
    assert new.collection == wing


def test_nobody_s_face_is_given_to_another_one_s_account(people, merging, ground, house):
    ann = people.add(vector(1), vector(2))
    with ground.store.work() as work:
        account = work.subjects.add(house.tenant_id, ground.clock(), None, True, LOGIN).id
    for refused in (
        lambda: merging.move(house.operator, ids_of(people, ann), account),
        lambda: merging.merge(house.admin, ann, account),
        lambda: merging.merge(house.admin, account, ann),
        lambda: merging.split(house.operator, account, ids_of(people, ann)[:1]),
    ):
        with pytest.raises(NotFound):
            refused()


def test_nobody_gets_more_templates_than_there_is_room_for(people, merging, house):
    ann, bob = people.add(vector(1)), people.add()
    items = [NewTemplate(bob, vector(seed)) for seed in range(MOST)]
    people.templates.seal_many(house.operator, items, **RECOGNITION)
    with pytest.raises(InvalidInput, match="room for 100"):
        merging.merge(house.admin, ann, bob)
    assert len(ids_of(people, ann)) == 1


def copied(people, subject, made):
    """Seal a copy of a template for another embedder, as changing the embedder does."""
    ground, ids = people.ground, (people.house.tenant_id, subject)
    with ground.store.work() as work:
        key = ground.keyring.subject_key(work.keys, *ids)
        data = key.seal(stored_form(vector(77)), Context(*ids, TEMPLATE))
        meta = meta_of("another@1", 128, None, Purpose.RECOGNITION)
        meta[MAPPED_FROM] = {"template_id": made, "embedder": EMBEDDER}
        return work.sealed.add(*ids, TEMPLATE, key.version, data, ground.clock(), meta).id


def test_copies_for_another_embedder_move_and_go_along(people, merging, house):
    ann, bob = people.add(vector(1), vector(2)), people.add()
    one, two = ids_of(people, ann)
    copy, second = copied(people, ann, one), copied(people, ann, two)
    assert set(merging.move(house.operator, [one], bob)) == {one, copy}
    assert set(ids_of(people, bob)) == {one, copy}
    with pytest.raises(InvalidInput, match="leave at least one"):  # there is one face only
        merging.split(house.operator, bob, [copy])
    merging.move(house.operator, [second], bob)
    new = merging.split(house.operator, bob, [second])
    assert set(ids_of(people, new.id)) == {two, second}
    people.templates.remove(house.operator, copy)
    assert ids_of(people, bob) == []


def test_keys_are_rotated_under_a_moved_template(people, merging, ground, where, house):
    ann, bob = people.add(), people.add()
    seen = Seen(label="Ada")
    made = people.templates.seal(house.operator, ann, vector(1), seen=seen, **RECOGNITION)
    rotation = KeyRotation(ground, where.renew)
    rotation.rotate_subject(house.admin, ann)
    merging.move(house.operator, [made], bob)
    rotation.rotate_subject(house.admin, bob)
    (opened,) = people.templates.unseal(house.operator, bob, **ONE)
    assert (opened.seen, opened.vector.tobytes()) == (seen, vector(1).tobytes())
    assert people.templates.some(house.viewer, [made])[made].seen == seen
