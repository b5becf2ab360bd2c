"""After a backup was put back: an index that knew the database from before is not believed."""

from tests.usecases.conftest import make_house
from tests.usecases.deployments import deployment, make, restore
from tests.usecases.gallery import People, galleries
from tests.usecases.people import vector


def test_an_index_from_before_the_restoring_is_built_anew(tmp_path):
    """The numbers of other changes are the same, so that only a new count tells them apart."""
    with deployment("sqlite", tmp_path / "a") as there:
        people = People(there.ground, make_house(there.ground))
        here = galleries(there.ground)
        ada, bob = people.add(vector(1)), people.add(vector(2))
        make(there, tmp_path / "backup.zip", with_keys=True)
        lost = people.seal(ada, vector(3))
        assert people.find(here, vector(3))[0].template_id == lost
        restore(there, tmp_path / "backup.zip", force=True)
        kept = people.seal(bob, vector(4))
        assert people.find(here, vector(4))[0].template_id == kept
        assert people.find(here, vector(3), 1)[0].similarity < 0.5
        (found,) = here.verify(people.house.tenant_id)
        assert (found.is_clean, found.templates) == (True, 3)


def test_each_restoring_counts_anew(tmp_path):
    with deployment("sqlite", tmp_path / "a") as there:
        people = People(there.ground, make_house(there.ground))
        people.add(vector(1))
        make(there, tmp_path / "backup.zip", with_keys=True)
        heads = []
        for _ in range(2):
            restore(there, tmp_path / "backup.zip", force=True)
            with there.ground.store.reading() as work:
                head = work.template_changes.head(people.house.tenant_id)
                assert head
                assert work.template_changes.changes_after(head.tenant_id, 0, 10) == ()
            assert head.seq == head.floor > 1_700_000_000_000_000
            heads.append(head.seq)
        assert heads[0] < heads[1]
