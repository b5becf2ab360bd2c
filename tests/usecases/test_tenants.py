"""A tenant: seen, renamed, and gone with all it has."""

import pytest

from tests.store.filling import fill
from tests.usecases.conftest import PASSWORD
from visavis.core.errors import InvalidInput, NotAllowed
from visavis.core.roles import Role
from visavis.store.blobs.files import FileBlobs
from visavis.usecases.actor import Actor
from visavis.usecases.errors import NotFound
from visavis.usecases.tenants import Tenants
from visavis.vault.errors import KeyDestroyed


@pytest.fixture
def blobs(tmp_path):
    return FileBlobs(tmp_path / "blobs")


@pytest.fixture
def tenants(ground, blobs):
    return Tenants(ground, blobs)


def put(blobs, *tenant_ids):
    for tenant_id in tenant_ids:
        for content in (b"one", b"two"):
            blobs.put(tenant_id, iter([content]), 10)


def test_everybody_sees_their_own(tenants, house, other):
    assert tenants.read(house.viewer).name == "first"
    assert tenants.read(other.viewer).name == "second"


def test_admins_rename_it(tenants, ground, house, other):
    assert tenants.rename(house.admin, "  Première\n maison ").name == "Première maison"
    assert (tenants.read(house.viewer).name, tenants.read(other.viewer).name) == (
        *("Première maison", "second"),
    )
    with ground.store.reading() as work:
        assert [e.action for e in work.audit.entries(house.tenant_id)][-1] == "tenant.renamed"
    with pytest.raises(NotAllowed, match="this takes admin"):
        tenants.rename(house.operator, "mine")
    with pytest.raises(InvalidInput, match="needs a name"):
        tenants.rename(house.owner, " ")


def test_only_an_owner_in_person_with_the_password_deletes_it(tenants, ground, house, other):
    for actor in (other.admin, other.operator, other.viewer):
        with pytest.raises(NotAllowed, match="this takes owner"):
            tenants.delete(actor, PASSWORD)
    with pytest.raises(NotAllowed, match="the password is wrong"):
        tenants.delete(other.owner, "no")
    ids = other.tenant_id, other.owner.user_id
    program = Actor(*ids, Role.OWNER, other.owner.permissions, key_id="k" * 32)
    with pytest.raises(NotAllowed, match="cannot be done with an API key"):
        tenants.delete(program, PASSWORD)
    assert tenants.read(other.owner)


def test_it_goes_with_rows_files_and_keys_and_nothing_else_does(
    tenants, ground, blobs, house, other
):
    with ground.store.work() as work:
        kept, gone = fill(work, "kept"), fill(work, "gone")
    put(blobs, house.tenant_id, other.tenant_id, kept.tenant)
    tenants.delete(other.owner, PASSWORD)
    assert {kept.tenant_id for kept in blobs.names()} == {house.tenant_id, kept.tenant}
    with ground.store.reading() as work:
        assert work.tenants.find(other.tenant_id) is None
        assert work.tenants.find(gone.tenant)
        assert work.users.page(house.tenant_id).items
        assert work.audit.head(other.tenant_id) is None
        entry = list(work.audit.entries(house.tenant_id))[-1]
        with pytest.raises(KeyDestroyed):
            ground.keyring.tenant_version(work.keys, other.tenant_id, "audit", 1)
    assert (entry.action, entry.actor) == ("tenant.deleted", other.owner.user_id)
    assert entry.details == {"tenant_id": other.tenant_id}
    assert ground.audit.verify(ground.store, house.tenant_id) == []
    with pytest.raises(NotFound):
        tenants.read(other.owner)


def test_the_host_stays_while_others_are_here(tenants, ground, blobs, house, other):
    put(blobs, house.tenant_id)
    with pytest.raises(NotAllowed, match="your organisation runs this server"):
        tenants.delete(house.owner, PASSWORD)
    assert len(list(blobs.names(house.tenant_id))) == 2
    tenants.delete(other.owner, PASSWORD)
    tenants.delete(house.owner, PASSWORD)
    with ground.store.reading() as work:
        assert work.tenants.first() is None
    assert list(blobs.names()) == []


def test_what_was_written_is_no_longer_in_the_file(tenants, ground, house, other):
    before = b"viewer@second.example"
    folder = ground.settings.data
    assert any(before in path.read_bytes() for path in folder.glob("*.db*"))
    tenants.delete(other.owner, PASSWORD)
    assert not any(before in path.read_bytes() for path in folder.glob("*.db*"))
