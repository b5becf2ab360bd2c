"""What must hold when several people do things at the same time, whichever the database."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.store.databases import KINDS, database
from tests.usecases.conftest import make_ground, make_house
from tests.usecases.people import EMBEDDER, TEXT, add_enrollable, vector
from visavis.core.purposes import Purpose
from visavis.core.settings import load_settings
from visavis.store.errors import AlreadyThere, StoreBusy
from visavis.store.kinds import Mode
from visavis.store.sealed import TEMPLATE
from visavis.usecases.errors import ConsentMissing
from visavis.usecases.notices import Notices
from visavis.usecases.privacy import Privacy
from visavis.usecases.subjects import Subjects
from visavis.usecases.templates import Templates


@pytest.fixture(params=KINDS)
def ground(request, tmp_path, clock, mailbox):
    """Give a deployment on each database."""
    with database(request.param, tmp_path) as url:
        settings = load_settings(data=tmp_path / "data", store={"url": url})
        made = make_ground(settings, clock, mailbox)
        yield made
        made.background.close()
        made.store.close()


@pytest.fixture
def house(ground):
    return make_house(ground)


def at_once(act, count=8):
    """Do something so many times, four at a time; return what came of it, None for refusals."""

    def tried(number):
        try:
            return act(number)
        except (AlreadyThere, StoreBusy, ConsentMissing):
            return None

    with ThreadPoolExecutor(4) as pool:
        return [done for done in pool.map(tried, range(count)) if done is not None]


def test_a_reference_is_given_once_also_among_the_first_subjects(ground, house):
    subjects = Subjects(ground)
    made = at_once(lambda _: subjects.create(house.operator, reference="7").id)
    assert made == [subjects.find_by_reference(house.viewer, "7").id]
    nameless = at_once(lambda _: subjects.create(house.operator).id)
    assert len(nameless) == 8
    assert len(subjects.page(house.viewer).items) == 9


def test_notices_get_different_numbers(ground, house):
    notices = Notices(ground)
    made = at_once(lambda _: notices.add(house.admin, Purpose.PHOTOS, "en", TEXT).version)
    assert sorted(made) == list(range(1, 9))


def test_nothing_is_sealed_after_the_mode_was_made_anonymous(ground, house):
    someone, templates = add_enrollable(ground, house), Templates(ground)

    def act(number):
        if number == 4:
            Privacy(ground).change(house.admin, mode=Mode.ANONYMOUS, confirm=True)
            with ground.store.reading() as work:
                return work.sealed.count(house.tenant_id, TEMPLATE)
        templates.seal(
            house.operator,
            someone.id,
            vector(number),
            purpose=Purpose.RECOGNITION,
            embedder=EMBEDDER,
        )
        return None

    (count_then,) = at_once(act, 12)
    with ground.store.reading() as work:
        assert work.sealed.count(house.tenant_id, TEMPLATE) == count_then
    assert ground.audit.verify(ground.store, house.tenant_id) == []
