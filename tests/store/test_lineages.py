"""Where templates come from: which were made of pictures, and which of another template."""

import pytest

from tests.store.filling import LATER, NOW, fill
from visavis.store.galleries import Lineage
from visavis.store.sealed import MAPPED_FROM, TEMPLATE, NewSealed

OLD, NEW = "dlib_resnet@1", "visavis_lite@1"


@pytest.fixture
def filled(store):
    """Give two tenants, whose first templates are gone."""
    with store.work() as work:
        found = [fill(work, name) for name in ("a", "b")]
        for each in found:
            work.sealed.remove_all(each.tenant, [each.sealed])
    return found


def add(work, tenant, meta, made=NOW):
    value = NewSealed(tenant.subject, 1, b"x", meta)
    return work.sealed.add_all(tenant.tenant, TEMPLATE, [value], [made])[0]


def test_copies_name_what_they_were_made_from_as_long_as_it_is_there(store, filled):
    ours, theirs = filled
    with store.work() as work:
        original = add(work, ours, {"embedder": OLD, "dimension": 128})
        origin = {"template_id": original.id, "embedder": OLD}
        copy = add(work, ours, {"embedder": NEW, "dimension": 128, MAPPED_FROM: origin})
        left = add(work, ours, {"embedder": NEW, "dimension": 128, MAPPED_FROM: {"embedder": OLD}})
        add(work, theirs, {"embedder": "another@1", "dimension": 8})
        found = {each.template_id: each for each in work.galleries.lineages(ours.tenant, "", 10)}
    ids = ours.subject
    assert found == {
        original.id: Lineage(original.id, ids, OLD),
        copy.id: Lineage(copy.id, ids, NEW, OLD, original.id),
        left.id: Lineage(left.id, ids, NEW, OLD),
    }


def test_they_come_in_parts_in_the_order_of_their_ids(store, filled):
    ours, _ = filled
    with store.work() as work:
        made = sorted(add(work, ours, {"embedder": OLD, "dimension": 1}).id for _ in range(5))
        first = work.galleries.lineages(ours.tenant, "", 2)
        rest = work.galleries.lineages(ours.tenant, first[-1].template_id, 10)
    assert [each.template_id for each in (*first, *rest)] == made


def test_another_embedder_is_noticed_and_a_mere_copy_of_its_name_is_not(store, filled):
    ours, theirs = filled
    with store.work() as work:
        add(work, ours, {"embedder": OLD, "dimension": 128})
        add(work, theirs, {"embedder": "dlib%resnet@1", "dimension": 128})
        assert not work.galleries.has_others(ours.tenant, OLD)
        assert work.galleries.has_others(ours.tenant, NEW)
        assert work.galleries.has_others(theirs.tenant, OLD)
        head = work.template_changes.head(ours.tenant)
        origin = {"template_id": "0" * 32, "embedder": OLD}
        add(work, ours, {"embedder": NEW, "dimension": 128, MAPPED_FROM: origin})
        assert work.galleries.has_others(ours.tenant, OLD)
        assert work.template_changes.has_others_after(ours.tenant, head.seq, OLD)
        assert not work.template_changes.has_others_after(ours.tenant, head.seq, NEW)
        assert not work.template_changes.has_others_after(ours.tenant, head.seq + 1, OLD)


def test_each_is_as_old_as_it_is_said_to_be(store, filled):
    ours, _ = filled
    with store.work() as work:
        values = [NewSealed(ours.subject, 1, b"x", {"embedder": OLD})] * 2
        rows = work.sealed.add_all(ours.tenant, TEMPLATE, values, [NOW, LATER])
    with store.reading() as work:
        found = [work.sealed.find(ours.tenant, row.id) for row in rows]
    assert [each.created_at for each in found if each] == [NOW, LATER]
