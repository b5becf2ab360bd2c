"""Templates: sealed, opened and refused."""

import numpy as np
import pytest
from structlog.testing import capture_logs

from tests.usecases.people import EMBEDDER, actions, add_adult, add_enrollable, vector
from visavis.core.errors import InvalidInput, NotAllowed
from visavis.core.purposes import Comparison, Purpose
from visavis.store.sealed import TEMPLATE
from visavis.usecases.errors import NotFound
from visavis.usecases.subject_profiles import PROFILE
from visavis.usecases.template_forms import MOST, MOST_DIMENSIONS
from visavis.usecases.templates import Templates, open_templates
from visavis.vault.errors import SealBroken

RECOGNITION = {"purpose": Purpose.RECOGNITION, "embedder": EMBEDDER}
ONE = {"purpose": Purpose.RECOGNITION, "comparison": Comparison.ONE_TO_ONE}


@pytest.fixture
def templates(ground):
    return Templates(ground)


@pytest.fixture
def ada(ground, house):
    return add_enrollable(ground, house)


def test_what_is_sealed_comes_back_bit_for_bit_oldest_first(templates, house, ada, clock):
    made = []
    for seed, dimension in ((1, 128), (2, 512), (3, 1), (4, MOST_DIMENSIONS)):
        given = vector(seed, dimension)
        made.append((templates.seal(house.operator, ada.id, given, **RECOGNITION), given))
        clock.move(seconds=1)
    best = templates.seal(house.operator, ada.id, vector(5), quality=87.5, **RECOGNITION)
    found = templates.unseal(house.operator, ada.id, **ONE)
    assert [one.id for one in found] == [*(each for each, _ in made), best]
    for one, (_, given) in zip(found, made, strict=False):
        assert one.vector.dtype == np.float32
        assert one.vector.tobytes() == given.tobytes()
        assert (one.embedder, one.quality, one.subject_id) == (EMBEDDER, None, ada.id)
    assert found[-1].quality == 87.5


def test_beside_the_seal_nothing_personal_is_kept(ground, templates, house, ada):
    kept = templates.seal(house.operator, ada.id, vector(), quality=np.float32(50), **RECOGNITION)
    with ground.store.reading() as work:
        row = work.sealed.find(house.tenant_id, kept)
    assert row.meta == {
        "embedder": EMBEDDER,
        "dimension": 128,
        "quality": 50.0,
        "purpose": "recognition",
    }
    assert vector().tobytes() not in row.data


def test_no_vector_in_database_logs_audit_or_text_forms(ground, templates, house, ada):
    given = vector()
    with capture_logs() as logged:
        templates.seal(house.operator, ada.id, given, **RECOGNITION)
        (found,) = templates.unseal(house.operator, ada.id, **ONE)
    ground.store.scrub()
    kept = b"".join(path.read_bytes() for path in ground.settings.data.glob("*.db*"))
    with ground.store.reading() as work:
        told = repr([*work.audit.entries(house.tenant_id)])
        told += repr(work.sealed.of_subject(house.tenant_id, ada.id))
    said = told + repr(found) + repr(logged)
    for start in range(0, 128, 4):
        assert given[start : start + 4].tobytes() not in kept
        assert f"{abs(given[start]):.4f}" not in said


def test_sealing_and_removing_are_audited(ground, templates, house, ada):
    kept = templates.seal(house.operator, ada.id, vector(), **RECOGNITION)
    templates.unseal(house.operator, ada.id, **ONE)
    templates.remove(house.operator, kept)
    assert actions(ground, house)[-2:] == ["template.sealed", "template.removed"]
    with ground.store.reading() as work:
        removed, sealed = work.audit.latest(house.tenant_id, limit=2, subject_id=ada.id)
    assert sealed.details == {
        "template_id": kept,
        "purpose": "recognition",
        "embedder": EMBEDDER,
    }
    assert removed.details == {"template_id": kept}
    assert templates.unseal(house.operator, ada.id, **ONE) == []
    assert ground.audit.verify(ground.store, house.tenant_id) == []


def test_a_template_of_another_subject_does_not_open(ground, templates, house, ada):
    templates.seal(house.operator, ada.id, vector(), **RECOGNITION)
    bob = add_adult(ground, house)
    with ground.store.work() as work:
        (theirs,) = work.sealed.of_subject(house.tenant_id, ada.id, TEMPLATE)
        work.sealed.add(
            house.tenant_id, bob.id, TEMPLATE, 1, theirs.data, ground.clock(), theirs.meta
        )
        with pytest.raises(SealBroken):
            open_templates(ground.keyring, work, house.tenant_id, bob.id)


def test_templates_open_under_the_version_of_the_key_that_sealed_them(
    ground, templates, house, ada
):
    templates.seal(house.operator, ada.id, vector(1), **RECOGNITION)
    with ground.store.work() as work:
        ground.keyring.new_subject_key(work.keys, house.tenant_id, ada.id, ground.clock())
    templates.seal(house.operator, ada.id, vector(2), **RECOGNITION)
    with ground.store.reading() as work:
        rows = work.sealed.of_subject(house.tenant_id, ada.id, TEMPLATE)
    assert {row.key_version for row in rows} == {1, 2}
    assert len(templates.unseal(house.operator, ada.id, **ONE)) == 2


def test_a_subject_has_room_for_so_many_and_no_more(ground, templates, house, ada):
    with ground.store.work() as work:
        for _ in range(MOST - 1):
            work.sealed.add(house.tenant_id, ada.id, TEMPLATE, 1, b"", ground.clock())
    last = templates.seal(house.operator, ada.id, vector(), **RECOGNITION)
    with pytest.raises(InvalidInput, match="room for 100 templates"):
        templates.seal(house.operator, ada.id, vector(), **RECOGNITION)
    templates.remove(house.operator, last)
    templates.seal(house.operator, ada.id, vector(), **RECOGNITION)


BROKEN = {
    "of another type": vector().astype(np.float64),
    "of another shape": vector().reshape(1, -1),
    "empty": vector()[:0],
    "too long": np.ones(MOST_DIMENSIONS + 1, np.float32),
    "nothing": np.zeros(128, np.float32),
    "not a number": np.array([1, np.nan], np.float32),
    "endless": np.array([1, np.inf], np.float32),
}


@pytest.mark.parametrize("why", BROKEN)
def test_what_is_no_vector_is_refused(ground, templates, house, ada, why):
    with pytest.raises(InvalidInput, match="a template"):
        templates.seal(house.operator, ada.id, BROKEN[why], **RECOGNITION)
    assert "template.sealed" not in actions(ground, house)


@pytest.mark.parametrize(
    "told",
    [
        {"embedder": ""},
        {"embedder": "dlib resnet"},
        {"embedder": "x" * 101},
        {"embedder": "x\n"},
        {"quality": 100.1},
        {"quality": -0.1},
        {"quality": float("nan")},
    ],
)
def test_what_cannot_be_said_of_a_template_is_refused(templates, house, ada, told):
    with pytest.raises(InvalidInput):
        templates.seal(house.operator, ada.id, vector(), **(RECOGNITION | told))


def test_another_tenants_templates_are_none(ground, templates, house, other, ada):
    kept = templates.seal(house.operator, ada.id, vector(), **RECOGNITION)
    with ground.store.reading() as work:
        (profile,) = work.sealed.of_subject(other.tenant_id, add_adult(ground, other).id, PROFILE)
    for unknown in (kept, profile.id, "0" * 32):
        with pytest.raises(NotFound, match="no such template"):
            templates.remove(other.owner, unknown)
    for unknown in (ada.id, "0" * 32):
        with pytest.raises(NotFound, match="no such subject"):
            templates.seal(other.owner, unknown, vector(), **RECOGNITION)
        with pytest.raises(NotFound, match="no such subject"):
            templates.unseal(other.owner, unknown, **ONE)
    assert len(templates.unseal(house.operator, ada.id, **ONE)) == 1


def test_who_may_what(templates, house, ada):
    with pytest.raises(NotAllowed, match="takes operator"):
        templates.seal(house.viewer, ada.id, vector(), **RECOGNITION)
    with pytest.raises(NotAllowed, match="takes operator"):
        templates.unseal(house.viewer, ada.id, **ONE)
    with pytest.raises(NotAllowed, match="takes operator"):
        templates.remove(house.viewer, "0" * 32)
