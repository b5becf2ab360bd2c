"""A backup holds one state of everything and restores it, into any database."""

import json
import stat
import threading
import zipfile

import pytest

from tests.store.blobs.conftest import bucket, s3_end  # noqa: F401  # fixtures
from tests.store.databases import KINDS
from tests.usecases.deployments import (
    PICTURE,
    add_heads,
    deployment,
    fill,
    make,
    opened,
    restore,
)
from visavis.core.errors import InvalidInput, Unavailable
from visavis.core.settings import load_settings
from visavis.store.backup import newest_revision
from visavis.store.blobs.errors import BlobNotFound
from visavis.usecases.backup import Backup
from visavis.vault.root_keys import FILE


def last_action(there, tenant_id):
    with there.ground.store.reading() as work:
        return work.audit.latest(tenant_id, 1)[0].action


def without(rows, *tables):
    return {name: lines for name, lines in rows.items() if name not in tables}


NOTED = ("audit_entries", "audit_heads", "template_changes", "template_heads")
"""Tables in which making and restoring a backup are written down, or that begin anew with it."""


@pytest.mark.parametrize(
    ("before", "after"),
    [("sqlite", "postgresql"), ("postgresql", "mysql"), ("mysql", "sqlite"), ("sqlite", "sqlite")],
)
def test_everything_comes_back_in_any_database(before, after, tmp_path):
    with deployment(before, tmp_path / "a") as here, deployment(after, tmp_path / "b") as there:
        first, second = fill(here), fill(here, "second")
        add_heads(here)
        was = here.rows()
        made = make(here, tmp_path / "backup.zip", with_keys=True)
        assert (made.files, made.deleted, made.damaged, made.sealed) == (6, 0, 0, True)
        assert made.rows == sum(map(len, was.values()))
        assert last_action(here, first.tenant_id) == "backup.made"

        told = restore(there, tmp_path / "backup.zip")
        assert (told.rows, told.files, told.has_key) == (made.rows, 6, True)
        assert (told.verified, told.unread, told.faulty) == (2, 0, ())
        assert without(there.rows(), *NOTED) == without(was, *NOTED)
        assert set(was["audit_entries"]) < set(there.rows()["audit_entries"])
        assert there.files() == here.files()
        assert there.heads() == here.heads()
        with opened(there.settings) as again:
            for house in (first, second):
                assert again.faults(house.tenant_id) == []
            assert last_action(again, first.tenant_id) == "backup.restored"
            row = again.keeping.keep(first.operator, [PICTURE, b"\2"], "image/jpeg", "upload", "9")
            assert b"".join(again.keeping.open(first.viewer, row.sha256).pieces) == PICTURE + b"\2"


def test_every_table_was_filled(tmp_path):
    with deployment("sqlite", tmp_path) as here:
        fill(here)
        assert [name for name, lines in here.rows().items() if not lines] == []


def test_a_backup_is_private_whole_and_without_the_root_key(tmp_path):
    target = tmp_path / "backup.zip"
    with deployment("sqlite", tmp_path / "a") as here:
        fill(here)
        made = make(here, target)
        key = (here.settings.data / "vault" / FILE).read_bytes()
    assert not made.with_keys
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["backup.zip"]
    with zipfile.ZipFile(target) as archive:
        assert archive.testzip() is None
        assert not any("key" in name for name in archive.namelist() if "rows/" not in name)
        assert not any(key.split(b":")[1].strip() in archive.read(n) for n in archive.namelist())
        manifest = json.loads(archive.read("manifest.json"))
    assert (manifest["blobs"], manifest["revision"]) == (3, newest_revision())
    assert manifest["parts"]["rows/tenants.jsonl"]["rows"] == 1


@pytest.mark.parametrize("kind", KINDS)
def test_a_backup_while_others_write_is_one_state(kind, tmp_path):
    """Uploads and deletions go on; rows and files of the copy fit, and its log is whole."""
    with deployment(kind, tmp_path / "a") as here, deployment("sqlite", tmp_path / "b") as there:
        house = fill(here)
        done, failures, turns = threading.Event(), [], iter(range(10**6))

        def write():
            while not done.is_set():
                turn = next(turns)
                try:
                    row = here.keeping.keep(
                        house.operator, [PICTURE, b"%d" % turn], "image/jpeg", "upload", "w"
                    )
                    with here.ground.store.work() as work:
                        now = here.ground.clock()
                        subject = work.subjects.add(house.tenant_id, now).id
                        here.ground.audit.note(
                            work, house.tenant_id, "writer", "subject.created", now, subject
                        )
                    if turn % 2:
                        here.keeping.drop(house.operator, row.sha256, "upload")
                except Exception as exc:  # noqa: BLE001  # told below
                    failures.append(exc)

        writers = [threading.Thread(target=write) for _ in range(2)]
        for writer in writers:
            writer.start()
        try:
            made = [make(here, tmp_path / f"{n}.zip", with_keys=True) for n in range(3)]
        finally:
            done.set()
            for writer in writers:
                writer.join()
        assert failures == []
        assert [m.damaged for m in made] == [0, 0, 0]
        for n in range(3):
            told = restore(there, tmp_path / f"{n}.zip", force=True)
            assert (told.faulty, told.verified, told.has_key) == ((), 1, True)
            blobs = [json.loads(line) for line in there.rows()["blobs"]]
            assert sorted((b["tenant_id"], b["sha256"]) for b in blobs) == sorted(there.files())
            assert len(blobs) == told.files == made[n].files
            entries = [json.loads(line) for line in there.rows()["audit_entries"]]
            noted = {e["subject_id"] for e in entries if e["actor"] == "writer"}
            subjects = {json.loads(line)["id"] for line in there.rows()["subjects"]}
            assert len(subjects) == len(noted) + 3
            assert noted <= subjects


def test_a_file_deleted_while_the_backup_runs_is_left_out_with_its_rows(tmp_path, monkeypatch):
    with (
        deployment("sqlite", tmp_path / "a") as here,
        deployment("sqlite", tmp_path / "b") as there,
    ):
        house = fill(here)
        (_, sha256), *_ = here.files()
        real = type(here.blobs).open

        def drop_and_open(blobs, *name):
            monkeypatch.setattr(type(here.blobs), "open", real)
            here.keeping.drop(house.operator, sha256, "upload")
            return real(blobs, *name)

        monkeypatch.setattr(type(here.blobs), "open", drop_and_open)
        made = make(here, tmp_path / "backup.zip")
        assert (made.files, made.deleted, made.damaged) == (2, 1, 0)
        restore(there, tmp_path / "backup.zip", force=True)
        assert there.files() == here.files()
        assert len(there.rows()["blobs"]) == len(there.rows()["blob_uses"]) == 2


def test_lost_and_damaged_files_are_told_and_the_rest_is_kept(tmp_path):
    with (
        deployment("sqlite", tmp_path / "a") as here,
        deployment("sqlite", tmp_path / "b") as there,
    ):
        house = fill(here)
        lost, damaged, good = sorted(sha256 for _, sha256 in here.files())
        here.blobs.remove(house.tenant_id, lost)
        path = here.settings.data / "blobs" / house.tenant_id / damaged[:2] / damaged
        path.write_bytes(path.read_bytes()[:-1] + b"!")
        made = make(here, tmp_path / "backup.zip")
        assert (made.files, made.deleted, made.damaged) == (1, 0, 2)
        restore(there, tmp_path / "backup.zip", force=True)
        assert list(there.files()) == [(house.tenant_id, good)]


def test_files_go_into_a_bucket_and_come_out_of_it(tmp_path, bucket):  # noqa: F811  # a fixture
    with (
        deployment("sqlite", tmp_path / "a") as here,
        deployment("sqlite", tmp_path / "b", blobs=bucket.options) as there,
        deployment("sqlite", tmp_path / "c") as back,
    ):
        fill(here)
        make(here, tmp_path / "1.zip", with_keys=True)
        restore(there, tmp_path / "1.zip", force=True)
        assert len(bucket.keys) == 3
        assert there.files() == here.files()
        make(there, tmp_path / "2.zip", with_keys=True)
        restore(back, tmp_path / "2.zip", force=True)
        assert back.files() == here.files()


def test_a_backup_that_fails_leaves_nothing(tmp_path, monkeypatch):
    target = tmp_path / "backup.zip"
    with deployment("sqlite", tmp_path / "a") as here:
        fill(here)

        def fail(*given):
            raise Unavailable("the bucket is gone")

        with monkeypatch.context() as patched:
            patched.setattr(type(here.blobs), "open", fail)
            with pytest.raises(Unavailable, match="bucket is gone"):
                make(here, target)
        assert [path for path in tmp_path.iterdir() if path.is_file()] == []
        make(here, target)


def test_a_backup_replaces_nothing_unless_asked(tmp_path):
    target = tmp_path / "backup.zip"
    with deployment("sqlite", tmp_path / "a") as here:
        fill(here)
        target.write_text("precious")
        with pytest.raises(InvalidInput, match="already"):
            make(here, target)
        assert target.read_text() == "precious"
        make(here, target, force=True)
        assert zipfile.is_zipfile(target)
        (tmp_path / "folder").mkdir()
        with pytest.raises(InvalidInput, match="already"):
            make(here, tmp_path / "folder", force=True)
        with pytest.raises(InvalidInput, match="no folder"):
            make(here, tmp_path / "nowhere" / "backup.zip")


def test_of_nothing_there_is_no_backup(tmp_path):
    with pytest.raises(InvalidInput, match="nothing to back up"):
        Backup(load_settings(data=tmp_path / "data")).backup(tmp_path / "backup.zip")
    assert not (tmp_path / "backup.zip").exists()


def test_a_dropped_file_is_gone_from_the_next_backup(tmp_path):
    with deployment("sqlite", tmp_path / "a") as here:
        house = fill(here)
        (_, sha256), *_ = here.files()
        here.keeping.drop(house.operator, sha256, "upload")
        assert make(here, tmp_path / "backup.zip").files == 2
        with pytest.raises(BlobNotFound):
            here.keeping.find(house.viewer, sha256)
