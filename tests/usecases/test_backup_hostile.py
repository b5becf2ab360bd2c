"""Backups that are damaged, changed or made to do harm: refused in a sentence, nothing changes."""

import hashlib
import json
import random
import stat
import struct
import zipfile
from io import BytesIO

import pytest

from tests.usecases.deployments import add_heads, deployment, fill
from visavis.core.errors import InvalidInput, VisavisError
from visavis.core.settings import MIB, load_settings
from visavis.usecases.backup import Backup
from visavis.usecases.backup_archive import Archive, BackupUnusable
from visavis.usecases.backup_restoring import Restoring
from visavis.vision.weights.progress import Silent

PLAIN = (stat.S_IFREG | 0o600) << 16
MANIFEST = "manifest.json"


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    folder = tmp_path_factory.mktemp("source")
    with deployment("sqlite", folder / "a") as here:
        fill(here)
        add_heads(here)
        Backup(here.settings, clock=here.clock).backup(folder / "backup.zip")
    return folder / "backup.zip"


@pytest.fixture
def parts(source):
    """Give the parts of a good backup by name."""
    with zipfile.ZipFile(source) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.fixture
def refuse(tmp_path):
    """Give what makes sure that a backup is refused and nothing of it was written."""

    def refuse(content, match=None):
        path, data = tmp_path / "hostile.zip", tmp_path / "data"
        path.write_bytes(content)
        settings = load_settings(data=data)
        with pytest.raises(InvalidInput, match=match) as refused:
            Backup(settings).restore(path)
        assert not str(refused.value).endswith(".")
        assert "Traceback" not in str(refused.value)
        assert not data.exists()

    return refuse


def packed(parts, *, told=True, **special):
    """Return a backup of parts; its manifest tells them, as whoever changes one would see to."""
    if told:
        parts = parts | {MANIFEST: manifest_of(parts)}
    out = BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in parts.items():
            info = zipfile.ZipInfo(name)
            info.external_attr = special.get("attributes", {}).get(name, PLAIN)
            info.compress_type = special.get("packing", {}).get(name, zipfile.ZIP_STORED)
            archive.writestr(info, content)
    return out.getvalue()


def manifest_of(parts, /, **changed):
    manifest = json.loads(parts[MANIFEST])
    apart = {MANIFEST, "manifest.seal"}
    blobs = {name for name in parts if name.startswith("blobs/")}
    manifest["parts"] = {
        name: {
            "bytes": len(content),
            "sha256": hashlib.sha256(content).hexdigest(),
            "rows": content.count(b"\n") if name.startswith("rows/") else 0,
        }
        for name, content in parts.items()
        if name not in apart | blobs
    }
    manifest["blobs"] = len(blobs)
    manifest["blob_bytes"] = sum(len(parts[name]) for name in blobs)
    return json.dumps(manifest | changed).encode()


def check(content):
    """Check a backup as restoring does, without a deployment."""
    archive = Archive(BytesIO(content))
    Restoring(load_settings(), archive, Silent()).check()
    return archive.told


def test_a_backup_that_was_packed_anew_is_still_good(parts):
    assert check(packed(parts, told=False)) == parts[MANIFEST]
    check(packed(parts))


def test_cut_anywhere_it_is_refused(source, refuse):
    content, dice = source.read_bytes(), random.Random(4)
    for length in [0, 1, 21, 22, len(content) - 1, *dice.sample(range(len(content)), 40)]:
        with pytest.raises(BackupUnusable):
            check(content[:length])
    refuse(content[:-1], "take another copy")


def test_a_changed_byte_is_found_or_means_nothing(source):
    """Names, times and the like stand twice in a ZIP, and not all of it is ever read."""
    content, dice = source.read_bytes(), random.Random(4)
    told, found = check(content), 0
    for place in dice.sample(range(len(content)), 300):
        changed = bytearray(content)
        changed[place] ^= 1 << dice.randrange(8)
        try:
            assert check(bytes(changed)) == told
        except VisavisError:
            found += 1
    assert found > 200


def test_whoever_has_the_key_sees_that_a_backup_was_changed(source, parts, tmp_path):
    with deployment("sqlite", tmp_path / "a") as here:
        fill(here)
        made = tmp_path / "mine.zip"
        Backup(here.settings, clock=here.clock).backup(made)
        with zipfile.ZipFile(made) as archive:
            mine = {name: archive.read(name) for name in archive.namelist()}
        rows = mine["rows/users.jsonl"].replace(b'"viewer"', b'"owner"')
        assert rows != mine["rows/users.jsonl"]
        was = here.rows()
        for forged in (
            mine | {"rows/users.jsonl": rows},
            mine | {"manifest.seal": b""},
            mine | {"manifest.seal": parts["manifest.seal"]},
            mine | {"manifest.seal": b"\xff"},
        ):
            (tmp_path / "forged.zip").write_bytes(packed(forged))
            with pytest.raises(BackupUnusable, match="changed after it was made"):
                Backup(here.settings).restore(tmp_path / "forged.zip", force=True)
        assert here.rows() == was


@pytest.mark.parametrize("content", [b"", b"no zip at all", b"PK\5\6" + bytes(18), b"PK\3\4" * 99])
def test_what_is_no_backup_is_refused(refuse, content):
    refuse(content)


def test_what_cannot_be_read_is_refused(tmp_path):
    for path in (tmp_path / "absent.zip", tmp_path):
        with pytest.raises(InvalidInput, match="cannot be read"):
            Backup(load_settings(data=tmp_path / "data")).restore(path)


@pytest.mark.parametrize(
    "name",
    ["../evil", "/etc/passwd", "rows/../../evil.jsonl", "heads/../../vault/root.key", "heads/a/b",
     "heads/records/../../../x", "heads/..", "heads/.hidden", "heads/x\0.onnx", "heads/",
     "C:\\evil", "heads\\..\\evil", "blobs/../x", f"blobs/{'a' * 32}/{'B' * 64}", "vault/root.key",
     "keys/other.key", "rows/visavis_version.jsonl.x", "visavis.toml", "heads/" + "x" * 200],
)  # fmt: skip
def test_a_name_that_no_backup_has_is_refused(parts, refuse, name):
    refuse(packed(parts | {name: b"evil"}))


def test_a_name_that_comes_twice_is_refused(parts, refuse):
    content = BytesIO(packed(parts))
    with zipfile.ZipFile(content, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr(zipfile.ZipInfo("rows/users.jsonl"), b"")
    refuse(content.getvalue(), "what no backup has")


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFDIR, stat.S_IFIFO, stat.S_IFCHR, 0])
def test_what_is_no_plain_file_is_refused(parts, refuse, kind):
    name = "heads/portrait-1.onnx"
    link = parts | {name: b"/etc/passwd"}
    refuse(packed(link, attributes={name: (kind | 0o777) << 16}), "no plain file")


def test_what_is_packed_or_encrypted_is_refused(parts, refuse):
    for name in ("rows/users.jsonl", next(name for name in parts if name.startswith("blobs/"))):
        for packing in (zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):
            refuse(packed(parts, packing={name: packing}), "is packed")
    content = bytearray(packed(parts))
    for sign, flags in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        content[content.index(sign) + flags] |= 1
    refuse(bytes(content), "is packed")


def test_a_bomb_is_refused_unopened(parts, refuse):
    name = "rows/users.jsonl"
    bomb = packed(parts | {name: bytes(64 * MIB)}, packing={name: zipfile.ZIP_DEFLATED})
    assert len(bomb) < MIB
    refuse(bomb, "is packed")
    refuse(packed(parts | {MANIFEST: bytes(20 * MIB)}, told=False), "no usable manifest")
    refuse(packed(parts | {name: b"x" * (33 * MIB)}), "too long to be a row")


@pytest.mark.parametrize("name", ["rows/users.jsonl", "heads/portrait-1.onnx"])
@pytest.mark.parametrize("told", [0, 1, 10, 2**31])
def test_a_size_that_is_not_true_is_refused(parts, refuse, name, told):
    content = bytearray(packed(parts))
    place = content.index(name.encode(), content.index(b"PK\1\2"))  # in the list at the end
    struct.pack_into("<I", content, place - 46 + 24, told)
    refuse(bytes(content))


def test_one_member_laid_over_another_is_refused(parts, refuse):
    """A quine or an overlap makes much of few bytes; here two names share their bytes."""
    content = bytearray(packed(parts))
    start = content.index(b"PK\1\2")
    places = [content.index(name, start) for name in (b"heads/champions.json", b"heads/portrait-1")]
    (offset,) = struct.unpack_from("<I", content, places[0] - 46 + 42)
    struct.pack_into("<I", content, places[1] - 46 + 42, offset)
    refuse(bytes(content))


@pytest.mark.parametrize(
    "changed",
    [{"format": "other"}, {"format_version": 2}, {"revision": "head"}, {"revision": "base"},
     {"revision": "../x"}, {"revision": "9999"}, {"revision": ""}, {"blobs": -1}, {"blobs": 10**30},
     {"blob_bytes": 1}, {"blobs": 4}, {"more": 1}, {"made_at": "yesterday"}, {"parts": []},
     {"parts": {}}, {"made_at": "2026-01-01T00:00:00"}, {"root_id": "x" * 99}, {"version": None}],
)  # fmt: skip
def test_a_manifest_that_cannot_be_is_refused(parts, tmp_path, changed):
    content = packed(parts | {MANIFEST: manifest_of(parts, **changed)}, told=False)
    (tmp_path / "x.zip").write_bytes(content)
    with pytest.raises(BackupUnusable):
        Backup(load_settings(data=tmp_path / "data")).restore(tmp_path / "x.zip")
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize("text", [b"", b"{", b"[]", b"null", b"\xff", b"[" * 100_000])
def test_a_manifest_that_is_none_is_refused(parts, refuse, text):
    refuse(packed(parts | {MANIFEST: text}, told=False), "manifest")


def test_without_manifest_seal_or_a_table_it_is_refused(parts, refuse):
    for name in (MANIFEST, "manifest.seal"):
        less = {key: content for key, content in parts.items() if key != name}
        refuse(packed(less, told=False), "no usable manifest")
    less = {key: content for key, content in parts.items() if key != "rows/codes.jsonl"}
    refuse(packed(less), "tables that its revision has")
    refuse(packed(less, told=False), "other parts")
    refuse(packed(parts | {"rows/sqlite_master.jsonl": b""}), "tables that its revision has")


ROW = {
    "tenant_id": "a" * 32,
    "id": "b" * 32,
    "reference": None,
    "created_at": "2026-01-01T00:00:00+00:00",
    "erased_at": None,
    "adult": None,
}


@pytest.mark.parametrize(
    "line",
    ["", "null", "[]", "{}", "{", "\xff", "[" * 100_000, '{"a": 1e999}', "1" * 5000,
     *(json.dumps(ROW | change) for change in (
         {"more": 1}, {"id": None}, {"id": 1}, {"id": "x" * 33}, {"adult": 1}, {"adult": "true"},
         {"created_at": "2026-01-01T00:00:00"}, {"created_at": "now"}, {"created_at": 5},
         {"reference": ["x"]}, {"reference": {"x": "y"}}, {"reference": "nul \0"},
         {"reference": "half \ud800"}, {"reference": "x" * 201},
     ))],
)  # fmt: skip
def test_a_line_that_is_no_row_is_refused_before_anything_is_written(parts, refuse, line):
    name = "rows/subjects.jsonl"
    refuse(packed(parts | {name: parts[name] + line.encode("latin-1") + b"\n"}))


@pytest.mark.parametrize("change", [{"tenant_id": "f" * 32}, {"twice": 1}])
def test_rows_that_do_not_fit_together_change_nothing(parts, tmp_path, change):
    """Only the database can tell; it undoes all of it."""
    rows = parts["rows/subjects.jsonl"]
    rows += rows if "twice" in change else json.dumps(ROW | change).encode() + b"\n"
    (tmp_path / "x.zip").write_bytes(packed(parts | {"rows/subjects.jsonl": rows}))
    with deployment("sqlite", tmp_path / "b") as there:
        was = there.rows()
        with pytest.raises(InvalidInput):
            Backup(there.settings, clock=there.clock).restore(tmp_path / "x.zip", force=True)
        assert there.rows() == was
        assert there.files() == {}
        assert not (there.settings.data / "heads").exists()


def test_rows_without_an_end_are_refused(parts, refuse):
    name = "rows/users.jsonl"
    refuse(packed(parts | {name: parts[name][:-1]}), "middle of a row")
    manifest = json.loads(parts[MANIFEST])
    manifest["parts"][name]["rows"] += 1
    refuse(packed(parts | {MANIFEST: json.dumps(manifest).encode()}, told=False), "lost rows")


def test_files_that_rows_do_not_tell_of_and_those_that_are_not_there_are_refused(parts, refuse):
    first, *_ = (name for name in parts if name.startswith("blobs/"))
    tenant = first.split("/")[1]
    less = {name: content for name, content in parts.items() if name != first}
    refuse(packed(less), "lacks files")
    more = hashlib.sha256(b"more").hexdigest()
    refuse(packed(parts | {f"blobs/{tenant}/{more}": b"more"}), "do not tell of")
    refuse(packed(parts | {first: parts[first][:-1] + b"!"}), "not what it was")
    refuse(packed(parts | {first: parts[first] + b"!"}), "lacks files")


def test_a_key_part_that_is_no_key_is_refused(parts, refuse):
    for text in (b"", b"not a key", b"a:" + b"A" * 1000, bytes(70_000)):
        refuse(packed(parts | {"keys/root.key": text}))
