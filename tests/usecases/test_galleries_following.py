"""The index follows the rows: what is sealed is found at once, and what goes is not, anywhere."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import numpy as np
import pytest

from tests.usecases.gallery import People, galleries, near
from tests.usecases.people import EMBEDDER, agree, vector
from tests.usecases.somebody import blobs_of
from visavis.core.purposes import Purpose
from visavis.index.base import Space
from visavis.store.kinds import Mode
from visavis.usecases import gallery_filling
from visavis.usecases.ageing import Ageing
from visavis.usecases.consent import Consents
from visavis.usecases.consent_records import GivenBy
from visavis.usecases.erasure import Erasure
from visavis.usecases.errors import ConsentMissing, NotFound
from visavis.usecases.gallery_codes import CODES
from visavis.usecases.gallery_opening import Opened
from visavis.usecases.privacy import Privacy
from visavis.usecases.retention_rules import What
from visavis.usecases.subjects import Subjects


@pytest.fixture
def people(ground, house):
    return People(ground, house)


@pytest.fixture
def here(ground):
    return galleries(ground)


@pytest.fixture
def there(ground):
    """Give the galleries of another process over the same database."""
    return galleries(ground)


@pytest.fixture(params=[1, 3, 500])
def _at_once(request, monkeypatch):
    """Let batches end in the middle of what is done together."""
    monkeypatch.setattr(gallery_filling, "AT_ONCE", request.param)


def entries(where, people):
    """Return the ids of all entries of a house."""
    tenant = people.house.tenant_id
    return set().union(*(where._index.ids(space) for space in where._index.spaces(tenant)))


def codes_of(where, space):
    """Return the codes that a space holds."""
    return where._index._kept(space).shelf.arrays()["entries"]


@pytest.mark.usefixtures("_at_once")
def test_what_is_sealed_is_found_at_once_in_every_process(here, there, people):
    made = []
    for seed in range(7):
        made.append(people.add(vector(seed)))
        for where in (here, there):
            assert people.found(where, vector(seed))[0] == made[-1]
    assert entries(here, people) == entries(there, people)
    assert here.size(people.house.operator, EMBEDDER) == 7


@pytest.mark.usefixtures("_at_once")
def test_what_came_and_went_in_between_is_never_seen(here, people):
    ada = people.add(vector(1))
    people.find(here, vector(1))
    gone = [people.seal(ada, vector(seed)) for seed in range(2, 6)]
    for each in gone:
        people.templates.remove(people.house.operator, each)
    last = people.seal(ada, vector(6))
    people.find(here, vector(1))
    assert len(entries(here, people)) == 2
    assert last in entries(here, people)


def test_a_removed_template_is_not_found(here, there, people):
    ada = people.add(vector(1))
    second = people.seal(ada, vector(2))
    for where in (here, there):
        people.find(where, vector(1))
    people.templates.remove(people.house.operator, second)
    for where in (here, there):
        assert [one.similarity < 0.5 for one in people.find(where, vector(2))] == [True]
        assert second not in entries(where, people)


def test_who_was_erased_is_not_found_and_the_receipt_says_so(here, there, people, ground):
    ada, bob = people.add(vector(1), vector(2)), people.add(vector(3))
    for where in (here, there):
        people.find(where, vector(1))
    erasure = Erasure(ground, blobs_of(ground), [here])
    receipt = erasure.erase(people.house.admin, ada)
    assert receipt.body["statement"]["probe"]["left"]["index"] == 0
    assert here._index.ids(Space(people.house.tenant_id, EMBEDDER, 1)) == entries(here, people)
    assert len(entries(here, people)) == 1, "without a search"
    for where in (here, there):
        assert people.found(where, vector(1)) == [bob]
        assert where.holds(people.house.tenant_id, ada) == 0


def test_what_an_index_still_holds_of_somebody_erased_is_counted(here, people, ground):
    ada = people.add(vector(1), vector(2))
    people.find(here, vector(1))
    tenant = people.house.tenant_id
    assert here.holds(tenant, ada) == 2
    with ground.store.work() as work:
        work.sealed.remove_of_subject(tenant, ada)
    assert here.holds(tenant, ada) == 2
    here.forget(tenant, ada)
    here.forget(tenant, "0" * 32)
    assert here.holds(tenant, ada) == 0


@pytest.mark.parametrize("what", [What.TEMPLATES, What.TEMPLATES_UNUSED])
def test_what_grew_old_is_not_found(here, there, people, ground, clock, what):
    people.add(vector(1))
    for where in (here, there):
        people.find(where, vector(1))
    clock.move(days=30)
    bob = people.add(vector(2))
    blobs = blobs_of(ground)
    ageing = Ageing(ground, blobs, Erasure(ground, blobs))
    assert ageing.remove(people.house.tenant_id, what, clock(), 20) == 1
    for where in (here, there):
        assert people.found(where, vector(1)) == [bob]
        assert len(entries(where, people)) == 1


def test_without_consent_nobody_is_found_and_with_it_again(here, people, ground, house):
    ada, bob = people.add(vector(1)), people.add(vector(2))
    with ground.store.reading() as work:
        (given,) = work.consents.page(house.tenant_id, subject_id=ada).items
    assert people.found(here, vector(1)) == [ada, bob]
    Consents(ground).withdraw(house.operator, given.id, GivenBy.SUBJECT)
    assert people.found(here, vector(1)) == [bob]
    agree(ground, house, ada, people.notice)
    assert people.found(here, vector(1)) == [ada, bob]


def test_who_is_not_of_age_any_more_or_said_yes_for_a_while_is_not_found(
    here, people, ground, house, clock
):
    ada, bob = people.add(vector(1)), people.add(vector(2))
    Subjects(ground).change(house.operator, ada, adult=False)
    assert people.found(here, vector(1)) == [bob]
    clara = people.add()
    with ground.store.work() as work:
        for consent in work.consents.page(house.tenant_id, subject_id=clara).items:
            work.consents.withdraw(house.tenant_id, consent.id, "self", clock())
    agree(ground, house, clara, people.notice, expires_at=clock() + timedelta(hours=1))
    people.seal(clara, vector(3))
    assert people.found(here, vector(3))[0] == clara
    clock.move(hours=2)
    assert people.found(here, vector(3)) == [bob]


def test_a_stricter_mode_ends_all_searches_at_once(here, people, ground, house):
    ada = people.add(vector(1))
    assert people.found(here, vector(1)) == [ada]
    for mode in (Mode.VERIFY, Mode.ANONYMOUS):
        Privacy(ground).change(house.admin, mode=mode, confirm=True)
        with pytest.raises(ConsentMissing):
            people.find(here, vector(1))
    Privacy(ground).change(house.admin, mode=Mode.IDENTIFY)
    assert people.found(here, vector(1)) == [ada]


def test_an_index_that_missed_what_is_forgotten_is_built_anew(here, people, ground):
    tenant = people.house.tenant_id
    ada = people.add(vector(1))
    gone = people.seal(ada, vector(2))
    people.find(here, vector(1))
    people.templates.remove(people.house.operator, gone)
    bob = people.add(vector(3))
    with ground.store.work() as work:
        assert work.template_changes.forget_before(tenant, 1000) == 4
    assert people.found(here, vector(3)) == [bob, ada]
    assert gone not in entries(here, people)
    carol = people.add(vector(4))
    assert people.found(here, vector(4))[0] == carol


def test_an_index_that_is_ahead_of_the_database_is_built_anew(here, people):
    ada = people.add(vector(1))
    people.find(here, vector(1))
    space = Space(people.house.tenant_id, EMBEDDER, 1)
    here._index.add(
        space, ["f" * 32], here._index.search.__self__._kept(space).shelf.arrays()["entries"]
    )
    here._index.set_mark(space, 1000)
    assert people.found(here, vector(1)) == [ada]
    assert here.size(people.house.operator, EMBEDDER) == 1


class TestRotation:
    """A new secret: new codes are made while the older ones serve, then those go."""

    @pytest.fixture
    def house_of_three(self, people, here):
        ids = [people.add(vector(seed)) for seed in range(3)]
        people.find(here, vector(0))
        return ids

    def rotate(self, ground, people):
        tenant, now = people.house.tenant_id, ground.clock()
        with ground.store.work() as work:
            return ground.keyring.rotate_tenant(work.keys, tenant, CODES, now)

    def test_renewing_makes_all_codes_anew(self, here, there, people, ground, house_of_three):
        people.seal(house_of_three[0], vector(0, 512), "other@2")
        people.find(here, vector(0, 512), embedder="other@2")
        tenant = people.house.tenant_id
        before = codes_of(here, Space(tenant, EMBEDDER, 1))
        assert self.rotate(ground, people) == 2
        assert here.renew(tenant) == 4
        assert here._index.spaces(tenant) == (
            Space(tenant, EMBEDDER, 2),
            Space(tenant, "other@2", 2),
        )
        after = codes_of(here, Space(tenant, EMBEDDER, 2))
        assert set(map(bytes, before)).isdisjoint(map(bytes, after))
        for where in (here, there):
            assert people.found(where, vector(1))[0] == house_of_three[1]

    def test_the_older_codes_serve_until_the_new_ones_are_made(
        self, here, people, ground, house_of_three, monkeypatch
    ):
        tenant, filling = people.house.tenant_id, here._following.filling
        real, begun, may_end = filling.add, threading.Event(), threading.Event()

        def wait(space, ids):
            if space.version == 2:
                begun.set()
                assert may_end.wait(60)
            return real(space, ids)

        monkeypatch.setattr(filling, "add", wait)
        self.rotate(ground, people)
        assert people.found(here, vector(1))[0] == house_of_three[1]
        assert begun.wait(60)
        bob = people.add(vector(9))
        assert people.found(here, vector(9))[0] == bob, "the older ones are followed too"
        assert here._index.spaces(tenant) == (Space(tenant, EMBEDDER, 1),)
        may_end.set()
        for thread in threading.enumerate():
            if thread.name == "index":
                thread.join(60)
        assert here._index.spaces(tenant) == (Space(tenant, EMBEDDER, 2),)
        assert people.found(here, vector(9))[0] == bob


def test_a_tenant_that_is_deleted_leaves_nothing(here, people, ground):
    people.add(vector(1))
    people.find(here, vector(1))
    with ground.store.work() as work:
        work.tenants.purge(people.house.tenant_id)
    here.forget_tenant(people.house.tenant_id)
    assert here._index.spaces(people.house.tenant_id) == ()
    with pytest.raises(NotFound, match="organisation"):
        people.find(here, vector(1))


def test_threads_that_search_and_seal_at_once_agree(here, there, people):
    base = vector(1)
    wanted = {people.add(near(base, seed, 0.3)) for seed in range(3)}

    def seal(seed):
        for turn in range(8):
            subject, probe = people.add(), vector(100 * seed + turn)
            kept = people.seal(subject, probe)
            assert people.found(here, probe, 1) == [subject]
            people.templates.remove(people.house.operator, kept)

    def search(where):
        for _ in range(30):
            assert set(people.found(where, base, 3)) == wanted

    with ThreadPoolExecutor(4) as pool:
        acts = [pool.submit(seal, seed) for seed in (1, 2)]
        acts += [pool.submit(search, where) for where in (here, there)]
        for act in acts:
            act.result()
    for where in (here, there):
        people.find(where, base)
        assert len(entries(where, people)) == 3


def test_searches_while_everything_is_built_anew_miss_nobody(here, people):
    vectors = np.stack([vector(seed) for seed in range(20)])
    ids = [people.add(each) for each in vectors]
    done, failures = threading.Event(), []

    def rebuild():
        for _ in range(10):
            here.rebuild(people.house.tenant_id)
        done.set()

    builder = threading.Thread(target=rebuild)
    builder.start()
    while not done.is_set():
        told = people.house.operator, vectors, EMBEDDER, Purpose.RECOGNITION, 1
        if [found[0].subject_id for found in here.search(*told)] != ids:
            failures.append("somebody was missed")
    builder.join()
    assert failures == []


def test_changes_that_are_forgotten_while_they_are_applied_are_not_missed(
    here, people, ground, monkeypatch
):
    """Somebody forgets them between the look at the floor and the reading of changes."""
    tenant, filling = people.house.tenant_id, here._following.filling
    ada = people.add(vector(1))
    gone = people.seal(ada, vector(2))
    people.find(here, vector(1))
    people.templates.remove(people.house.operator, gone)
    real, turns = filling.apply_some, list[bool]()

    def forget(space):
        if not turns:
            with ground.store.work() as work:
                work.template_changes.forget_before(tenant, 1000)
        turns.append(real(space))
        return turns[-1]

    monkeypatch.setattr(filling, "apply_some", forget)
    people.find(here, vector(1))
    assert turns == [False]
    assert len(entries(here, people)) == 1


def test_opened_templates_do_not_show_themselves():
    assert repr(Opened("one", "who", vector())) == "Opened(id='one', subject_id='who')"
