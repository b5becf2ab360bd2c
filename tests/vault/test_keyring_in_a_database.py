"""The ring of keys over the rows that hold them in earnest."""

from datetime import UTC, datetime

import pytest

from visavis.core.settings import StoreOptions, VaultOptions
from visavis.store.engine import open_engine
from visavis.store.migrate import upgrade
from visavis.store.work import Store
from visavis.vault.errors import KeyDestroyed
from visavis.vault.keyring import SUBJECTS, Keyring
from visavis.vault.root_keys import add_root_key, open_root_keys
from visavis.vault.sealing import Context

NOW = datetime(2026, 11, 21, tzinfo=UTC)


@pytest.fixture
def store(tmp_path):
    engine = open_engine(StoreOptions(), tmp_path)
    upgrade(engine)
    store = Store(engine)
    yield store
    store.close()


def ring(folder):
    """Return a ring that remembers nothing, as of a process that just started."""
    return Keyring(open_root_keys(VaultOptions(), folder / "vault"))


def test_keys_are_kept_wrapped_rotated_at_every_level_and_destroyed(store, tmp_path):
    with store.work() as work:
        tenant = work.tenants.add("Shop", NOW).id
        subjects = [work.subjects.add(tenant, NOW).id for _ in range(5)]
        sealed = {
            subject: ring(tmp_path)
            .new_subject_key(work.keys, tenant, subject, NOW)
            .seal(b"vector", Context(tenant, subject, "template"))
            for subject in subjects
        }
    add_root_key(tmp_path / "vault", "next")
    keys = ring(tmp_path)
    with store.work() as work:
        assert keys.rewrap_tenant(work.keys, tenant) == 1
        assert keys.rotate_tenant(work.keys, tenant, SUBJECTS, NOW) == 2
        assert keys.rewrap_subjects(work.keys, tenant, NOW, limit=3) == 3
        assert keys.rewrap_subjects(work.keys, tenant, NOW) == 2
        assert keys.rewrap_subjects(work.keys, tenant, NOW) == 0
        assert work.keys.destroy_subject(tenant, subjects[0]) == 1
    with store.reading() as work:
        for subject in subjects[1:]:
            key = ring(tmp_path).subject_key(work.keys, tenant, subject)
            context = Context(tenant, subject, "template")
            assert key.unseal(sealed[subject], context) == b"vector"
        with pytest.raises(KeyDestroyed):
            keys.subject_key(work.keys, tenant, subjects[0])
