"""Restoring: all of it or nothing, over what is there only when asked, with the key or without."""

import pkgutil
from contextlib import closing

import pytest
from sqlalchemy import Connection, text

from tests.store.databases import KINDS
from tests.usecases.deployments import add_heads, deployment, fill, make, opened, restore
from visavis.core.errors import InvalidInput, Unavailable
from visavis.core.settings import load_settings
from visavis.store.backup import newest_revision
from visavis.store.engine import READING, open_engine
from visavis.store.migrate import current, upgrade
from visavis.usecases.backup import Backup
from visavis.usecases.backup_archive import BackupUnusable
from visavis.vault.root_keys import FILE, add_root_key


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    """Give a backup with everything in it."""
    folder = tmp_path_factory.mktemp("source")
    with deployment("sqlite", folder / "a") as here:
        fill(here)
        add_heads(here)
        make(here, folder / "backup.zip", with_keys=True)
    return folder / "backup.zip"


def test_a_backup_of_an_older_revision_is_brought_up_to_date(tmp_path):
    old = load_settings(data=tmp_path / "old")
    engine = open_engine(old.store, old.data)
    upgrade(engine, "0001")
    now = "2026-01-02 03:04:05.678901"
    with engine.begin() as connection:
        connection.execute(
            text("INSERT INTO tenants VALUES (:id, 'Früher', 'verify', '[]', '{}', :now, NULL)"),
            {"id": "a" * 32, "now": now},
        )
        connection.execute(
            text("INSERT INTO audit_heads VALUES (:id, 0, X'', NULL)"), {"id": "a" * 32}
        )
    engine.dispose()
    Backup(old).backup(tmp_path / "backup.zip")
    for kind in KINDS:
        with deployment(kind, tmp_path / kind) as there:
            told = restore(there, tmp_path / "backup.zip", force=True)
            assert told.rows == 2
            with there.ground.store.reading() as work:
                tenant = work.tenants.find("a" * 32)
            assert tenant
            assert (tenant.name, tenant.mode, tenant.created_at.microsecond) == (
                "Früher",
                "verify",
                678901,
            )
            assert current(there.ground.store._engine) == newest_revision()


def test_what_is_there_is_replaced_only_when_asked_for(tmp_path):
    with (
        deployment("sqlite", tmp_path / "a") as here,
        deployment("sqlite", tmp_path / "b") as there,
    ):
        fill(here)
        add_heads(here)
        make(here, tmp_path / "backup.zip", with_keys=True)
        other = fill(there, "other")
        was = there.rows(), there.files(), there.heads()
        with pytest.raises(InvalidInput, match="not empty"):
            restore(there, tmp_path / "backup.zip")
        assert (there.rows(), there.files(), there.heads()) == was
        old_key = (there.settings.data / "vault" / FILE).read_text()
        restore(there, tmp_path / "backup.zip", force=True)
        assert there.files() == here.files()
        assert there.heads() == here.heads()
        assert other.tenant_id not in str(there.rows()["tenants"])
        keys = (there.settings.data / "vault" / FILE).read_text().split()
        assert keys[0] == (here.settings.data / "vault" / FILE).read_text().strip()
        assert keys[1] == old_key.strip(), "a key is never thrown away"
        assert not list(there.settings.data.glob("heads.*"))


def test_only_head_files_also_count_as_something(tmp_path, source):
    empty = load_settings(data=tmp_path / "b")
    (empty.data / "heads").mkdir(parents=True)
    (empty.data / "heads" / "x.onnx").touch()
    with pytest.raises(InvalidInput, match="not empty"):
        Backup(empty).restore(source)


class TestFailing:
    """Whatever fails while restoring, the deployment stays what it was."""

    @pytest.fixture(params=[False, True], ids=["empty", "filled"])
    def there(self, request, tmp_path):
        with deployment("sqlite", tmp_path / "b") as there:
            if request.param:
                fill(there, "other")
                add_heads(there)
            yield there

    @pytest.mark.parametrize(
        ("place", "whole"),
        [("blobs.files.FileBlobs.put", 1), ("backup.add", 3), ("backup.clear", 0)],
    )
    def test_in_the_store(self, there, source, monkeypatch, place, whole):
        self.fails(there, source, monkeypatch, f"visavis.store.{place}", whole)

    @pytest.mark.parametrize("place", ["_put_heads", "_put_keys"])
    def test_beside_it(self, there, source, monkeypatch, place):
        restoring = "visavis.usecases.backup_restoring.Restoring"
        self.fails(there, source, monkeypatch, f"{restoring}.{place}", 0, after=True)

    def test_when_it_is_committed(self, there, source, monkeypatch):
        real = Connection._commit_impl

        def refuse(connection):
            writes = not connection.get_execution_options().get(READING)
            if writes and connection.engine.url == there.ground.store._engine.url:
                raise Unavailable("no more")
            real(connection)

        self.stays(there, source, monkeypatch, Connection, "_commit_impl", refuse)

    def fails(self, there, source, monkeypatch, place, whole, *, after=False):
        """Let the place do its work so often, and then fail: before or after it does it."""
        module, _, name = place.rpartition(".")
        owner = pkgutil.resolve_name(module)
        real, left = getattr(owner, name), [whole]

        def fail(*given, **named):
            left[0] -= 1
            if left[0] < 0 and not after:
                raise Unavailable("no more")
            result = real(*given, **named)
            if left[0] < 0:
                raise Unavailable("no more")
            return result

        self.stays(there, source, monkeypatch, owner, name, fail)

    def stays(self, there, source, monkeypatch, owner, name, fail):
        was = there.rows(), there.files(), there.heads()
        keys = (there.settings.data / "vault" / FILE).read_bytes()
        with monkeypatch.context() as patched:
            patched.setattr(owner, name, fail)
            with pytest.raises(Unavailable, match="no more"):
                restore(there, source, force=True)
        assert (there.rows(), there.files(), there.heads()) == was
        assert (there.settings.data / "vault" / FILE).read_bytes() == keys
        assert not list(there.settings.data.glob("heads.*"))
        restore(there, source, force=True)
        assert len(there.files()) == 3


class TestRootKeys:
    @pytest.fixture
    def here(self, tmp_path):
        with deployment("sqlite", tmp_path / "a") as here:
            fill(here)
            yield here

    def test_without_the_key_everything_but_what_is_sealed_is_back_and_it_is_told(
        self, here, tmp_path
    ):
        make(here, tmp_path / "backup.zip")
        empty = load_settings(data=tmp_path / "b")
        told = Backup(empty).restore(tmp_path / "backup.zip")
        assert (told.has_key, told.verified) == (False, 0)
        assert told.root_id == (here.settings.data / "vault" / FILE).read_text().partition(":")[0]
        assert not (empty.data / "vault" / FILE).exists(), "no key that would be taken for it"
        (empty.data / "vault").mkdir()
        (here.settings.data / "vault" / FILE).rename(empty.data / "vault" / FILE)
        with opened(empty) as there, there.ground.store.reading() as work:
            tenant = work.tenants.first()
            assert tenant
            assert there.faults(tenant.id) == []

    def test_a_key_of_another_name_is_told(self, here, tmp_path):
        make(here, tmp_path / "backup.zip")
        with deployment("sqlite", tmp_path / "b") as there:
            told = restore(there, tmp_path / "backup.zip", force=True)
        assert (told.has_key, told.verified) == (False, 0)

    def test_another_key_of_the_same_name_is_refused(self, here, tmp_path):
        make(here, tmp_path / "backup.zip")
        name = (here.settings.data / "vault" / FILE).read_text().partition(":")[0]
        wrong = load_settings(data=tmp_path / "b", vault={"root_key": f"{name}:{'A' * 43}="})
        with pytest.raises(BackupUnusable, match="not the one called"):
            Backup(wrong).restore(tmp_path / "backup.zip")
        assert not (tmp_path / "b").exists()

    def test_a_key_from_the_environment_is_not_copied_and_vouches_all_the_same(self, tmp_path):
        vault = {"root_key": f"mine:{'A' * 43}="}
        with deployment("sqlite", tmp_path / "a", vault=vault) as here:
            fill(here)
            with pytest.raises(InvalidInput, match="in no file"):
                make(here, tmp_path / "backup.zip", with_keys=True)
            make(here, tmp_path / "backup.zip")
        there = load_settings(data=tmp_path / "b", vault=vault)
        told = Backup(there).restore(tmp_path / "backup.zip")
        assert (told.has_key, told.verified) == (True, 1)

    def test_a_key_file_in_the_backup_does_not_push_aside_one_from_the_environment(
        self, here, tmp_path
    ):
        make(here, tmp_path / "backup.zip", with_keys=True)
        there = load_settings(data=tmp_path / "b", vault={"root_key": f"mine:{'A' * 43}="})
        told = Backup(there).restore(tmp_path / "backup.zip")
        assert not told.has_key
        assert not (there.data / "vault" / FILE).exists()

    def test_logs_under_an_older_key_that_is_gone_are_told(self, here, tmp_path):
        folder = here.settings.data / "vault"
        add_root_key(folder, "second")
        make(here, tmp_path / "backup.zip")
        lines = (folder / FILE).read_text().split()
        there = load_settings(data=tmp_path / "b", vault={"root_key": lines[0]})
        told = Backup(there).restore(tmp_path / "backup.zip")
        assert (told.has_key, told.verified, told.unread) == (True, 0, 1)


def test_a_log_that_was_changed_before_the_backup_is_told(tmp_path):
    with (
        deployment("sqlite", tmp_path / "a") as here,
        deployment("sqlite", tmp_path / "b") as there,
    ):
        house = fill(here)
        with closing(here.ground.store._engine.raw_connection()) as connection:
            connection.cursor().execute("UPDATE audit_entries SET actor = 'nobody' WHERE seq = 1")
            connection.cursor().execute("COMMIT") if connection.in_transaction else None
        make(here, tmp_path / "backup.zip", with_keys=True)
        told = restore(there, tmp_path / "backup.zip", force=True)
    assert told.faulty == (house.tenant_id,)
