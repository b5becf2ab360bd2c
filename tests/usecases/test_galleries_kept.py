"""What is kept of galleries on disk: nothing that is gone, whichever process writes it."""

import pytest

from tests.usecases.gallery import People
from tests.usecases.people import EMBEDDER, vector
from visavis.index.base import Space
from visavis.index.exact import ExactIndex
from visavis.index.snapshots import Snapshots
from visavis.usecases.galleries import Galleries
from visavis.usecases.index_sealing import IndexSealing
from visavis.vault.errors import KeyDestroyed, SealBroken


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "index"


@pytest.fixture
def people(ground, house):
    return People(ground, house)


def opened(ground, folder, *, open_on_disk=False):
    """Return the galleries of a process; its files are sealed, or open to be looked into."""
    sealing = IndexSealing(ground)

    def as_it_is(_: Space, data: bytes) -> bytes:
        return data

    pair = (as_it_is, as_it_is) if open_on_disk else (sealing.seal, sealing.unseal)
    return Galleries(ground, ExactIndex(Snapshots(folder, *pair)))


def files(folder):
    return [path for path in folder.rglob("*") if path.is_file()]


def test_a_restart_goes_on_from_what_was_kept(ground, house, people, folder):
    bob = people.add(vector(1))
    before = opened(ground, folder)
    assert people.found(before, vector(1))[0] == bob
    before.save()
    ann = people.add(vector(2))
    after = opened(ground, folder)
    (space,) = after._index.spaces(house.tenant_id)
    assert after._index.count(space) == 1
    assert [people.found(after, vector(n))[0] for n in (1, 2)] == [bob, ann]


def test_what_another_process_removed_does_not_come_back_to_the_disk(ground, house, people, folder):
    here, there = (opened(ground, folder, open_on_disk=True) for _ in range(2))
    people.add(vector(1))
    gone = people.add()
    template = people.seal(gone, vector(2))
    for where in (here, there):
        people.find(where, vector(2))
    (space,) = here._index.spaces(house.tenant_id)
    shelf = here._index._kept(space).shelf.arrays()
    code = shelf["entries"][[bytes(row).hex() for row in shelf["ids"]].index(template)].tobytes()
    people.templates.remove(house.operator, template)
    people.find(there, vector(2))
    there.save()
    here.save()  # it has not looked since
    assert files(folder)
    assert not [path for path in files(folder) if code in path.read_bytes()]


def test_an_organisation_that_another_process_deleted_is_not_kept(ground, people, folder):
    here = opened(ground, folder)
    people.add(vector(1))
    people.find(here, vector(1))
    with ground.store.work() as work:
        work.tenants.purge(people.house.tenant_id)
    here.save()
    assert files(folder) == []


def test_files_of_one_organisation_open_for_no_other(ground, house, other, people, folder):
    people.add(vector(1))
    here = opened(ground, folder)
    people.find(here, vector(1))
    here.save()
    (path,) = files(folder)
    sealing = IndexSealing(ground)
    piece = sealing.seal(Space(house.tenant_id, EMBEDDER, 1), b"codes")
    assert sealing.unseal(Space(house.tenant_id, EMBEDDER, 1), piece) == b"codes"
    for wrong in (Space(other.tenant_id, EMBEDDER, 1), Space(house.tenant_id, EMBEDDER, 2)):
        with pytest.raises((KeyDestroyed, SealBroken)):
            sealing.unseal(wrong, piece)
    assert path.stat().st_mode & 0o077 == 0
