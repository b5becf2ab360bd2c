"""Keys of tenants and subjects: made, rotated at every level, destroyed for good."""

from datetime import UTC, datetime

import pytest

from tests.vault.rows import Rows
from visavis.core.settings import VaultOptions
from visavis.vault.errors import KeyDestroyed, SealBroken
from visavis.vault.keyring import SUBJECTS, Keyring
from visavis.vault.root_keys import add_root_key, open_root_keys
from visavis.vault.sealing import Context

NOW = datetime(2026, 11, 21, tzinfo=UTC)
A, B = "a" * 32, "b" * 32
TEMPLATE = Context(A, "s", "template")


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "vault"


def ring(folder):
    """Return a ring that remembers nothing, as of a process that just started."""
    return Keyring(open_root_keys(VaultOptions(), folder))


def test_another_process_opens_what_was_sealed(folder):
    rows = Rows()
    sealed = ring(folder).new_subject_key(rows, A, "s", NOW).seal(b"vector", TEMPLATE)
    assert ring(folder).subject_key(rows, A, "s").unseal(sealed, TEMPLATE) == b"vector"


def test_a_destroyed_key_closes_what_was_sealed_for_good_also_in_the_ring_that_used_it(folder):
    rows, used = Rows(), ring(folder)
    used.new_subject_key(rows, A, "s", NOW)
    used.subject_key(rows, A, "s")
    rows.destroy(A, "s")
    for each in (used, ring(folder)):
        with pytest.raises(KeyDestroyed):
            each.subject_key(rows, A, "s")


def test_every_level_rotates_and_everything_still_opens(folder):
    rows, before = Rows(), ring(folder)
    sealed = {
        (tenant, subject): before.new_subject_key(rows, tenant, subject, NOW).seal(
            b"vector", Context(tenant, subject, "template")
        )
        for tenant in (A, B)
        for subject in map(str, range(7))
    }
    add_root_key(folder, "next")
    after = ring(folder)
    assert [after.rewrap_tenant(rows, tenant) for tenant in (A, B, A)] == [1, 1, 0]
    assert {row.root_id for row in rows.tenants.values()} == {"next"}
    assert after.rotate_tenant(rows, A, SUBJECTS, NOW) == 2
    assert after.rewrap_subjects(rows, A, NOW, limit=3) == 3
    while after.rewrap_subjects(rows, A, NOW):
        pass
    assert {r.tenant_key_version for r in rows.subjects.values() if r.tenant_id == A} == {2}
    assert after.new_subject_key(rows, A, "0", NOW).version == 2
    for (tenant, subject), secret in sealed.items():
        key = ring(folder).subject_key(rows, tenant, subject, version=1)
        assert key.unseal(secret, Context(tenant, subject, "template")) == b"vector"


def test_a_key_that_is_put_at_another_subject_or_tenant_does_not_open(folder):
    rows, keys = Rows(), ring(folder)
    for tenant in (A, B):
        for subject in ("s", "other"):
            keys.new_subject_key(rows, tenant, subject, NOW)
    rows.subjects[A, "other", 1].wrapped = rows.subjects[A, "s", 1].wrapped
    rows.subjects[B, "s", 1].wrapped = rows.subjects[A, "s", 1].wrapped
    for place in ((A, "other"), (B, "s")):
        with pytest.raises(SealBroken):
            keys.subject_key(rows, *place)
    rows.tenants[B, SUBJECTS, 1].wrapped = rows.tenants[A, SUBJECTS, 1].wrapped
    with pytest.raises(SealBroken):
        ring(folder).tenant_secret(rows, B, SUBJECTS, NOW)


def test_keys_of_purposes_and_versions_are_different_and_missing_ones_are_named(folder):
    rows, keys = Rows(), ring(folder)
    found = {keys.tenant_secret(rows, A, purpose, NOW)[1] for purpose in ("audit", "codes", "x")}
    keys.rotate_tenant(rows, A, "audit", NOW)
    found |= {keys.tenant_secret(rows, A, "audit", NOW)[1]}
    assert len(found) == 4
    assert keys.tenant_version(rows, A, "audit", 1) in found
    with pytest.raises(KeyDestroyed, match="version 9"):
        keys.tenant_version(rows, A, "audit", 9)


def test_a_forgotten_tenant_is_read_from_its_rows_again(folder):
    rows, keys = Rows(), ring(folder)
    keys.tenant_secret(rows, A, "audit", NOW)
    keys.forget(A)
    rows.tenants.clear()
    with pytest.raises(KeyDestroyed):
        keys.tenant_version(rows, A, "audit", 1)
