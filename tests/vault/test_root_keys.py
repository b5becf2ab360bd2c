"""The root key: made once, private, several at a time, and never guessed at."""

import base64
import os
import stat
from concurrent.futures import ThreadPoolExecutor

import pytest
from pydantic import SecretStr

from visavis.core.settings import VaultOptions
from visavis.vault.errors import RootKeyUnavailable, RootKeyUnusable
from visavis.vault.root_keys import (
    FILE,
    add_root_key,
    merge_root_keys,
    open_root_keys,
    put_root_keys_back,
    read_root_keys,
)
from visavis.vault.sealing import Context

WHERE = Context("t", "", "key:subjects:1")
FROM_FILE = VaultOptions()


def given(*entries):
    return VaultOptions(root_key=SecretStr(" ".join(entries)))


def entry(name, secret=b"k" * 32):
    return f"{name}:{base64.b64encode(secret).decode()}"


def test_the_first_run_makes_a_private_file_and_the_next_one_reads_it(tmp_path):
    roots = open_root_keys(FROM_FILE, tmp_path / "vault")
    wrapped = roots.wrap(b"s" * 32, WHERE)
    path = tmp_path / "vault" / FILE
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    again = open_root_keys(FROM_FILE, tmp_path / "vault")
    assert again.unwrap(wrapped, WHERE, roots.current) == b"s" * 32


def test_many_that_start_together_share_one_key(tmp_path):
    with ThreadPoolExecutor(16) as pool:
        found = list(pool.map(lambda _: open_root_keys(FROM_FILE, tmp_path).current, range(16)))
    assert len(set(found)) == 1


def test_a_new_key_wraps_and_the_old_one_still_opens(tmp_path):
    old = open_root_keys(FROM_FILE, tmp_path)
    wrapped = old.wrap(b"s" * 32, WHERE)
    add_root_key(tmp_path, "2027")
    new = open_root_keys(FROM_FILE, tmp_path)
    assert new.current == "2027"
    assert new.unwrap(wrapped, WHERE, old.current) == b"s" * 32
    with pytest.raises(RootKeyUnusable, match="taken"):
        add_root_key(tmp_path, "2027")
    assert (tmp_path / FILE).stat().st_mode & 0o777 == 0o600


def test_a_process_that_runs_opens_what_another_wraps_under_a_newer_key(tmp_path):
    running = open_root_keys(FROM_FILE, tmp_path)
    before = running.current
    add_root_key(tmp_path, "2027")
    other = open_root_keys(FROM_FILE, tmp_path)
    wrapped = other.wrap(b"s" * 32, WHERE)
    assert running.unwrap(wrapped, WHERE, "2027") == b"s" * 32
    assert running.current == before  # whoever reads the name and then wraps gets one key
    assert other.unwrap(running.wrap(b"o" * 32, WHERE), WHERE, before) == b"o" * 32
    with pytest.raises(RootKeyUnavailable, match="2028"):
        running.unwrap(wrapped, WHERE, "2028")


def test_the_settings_win_over_the_file(tmp_path):
    roots = open_root_keys(given(entry("a"), entry("b", b"o" * 32)), tmp_path / "never")
    assert roots.current == "a"
    assert not (tmp_path / "never").exists()


@pytest.mark.parametrize(
    "entries",
    [
        ("nokey",),
        ("a:AAAA",),
        ("a:***",),
        (":" + "A" * 44,),
        (entry("a"), entry("a")),
        (entry("a b"),),
        (entry("é"),),
    ],
)
def test_what_is_no_key_is_refused_without_being_shown(entries, tmp_path):
    with pytest.raises(RootKeyUnusable, match="VISAVIS_VAULT__ROOT_KEY") as caught:
        open_root_keys(given(*entries), tmp_path)
    assert all(text not in str(caught.value) for text in entries)


def test_a_file_that_others_may_read_is_refused(tmp_path):
    open_root_keys(FROM_FILE, tmp_path)
    (tmp_path / FILE).chmod(0o640)
    with pytest.raises(RootKeyUnusable, match="chmod 600"):
        open_root_keys(FROM_FILE, tmp_path)


def test_an_empty_file_is_not_replaced_by_a_new_key(tmp_path):
    path = tmp_path / FILE
    path.touch(0o600)
    with pytest.raises(RootKeyUnusable, match="put the backup"):
        open_root_keys(FROM_FILE, tmp_path)
    assert path.read_bytes() == b""


def test_a_root_key_that_is_lost_is_named(tmp_path):
    roots = open_root_keys(FROM_FILE, tmp_path)
    wrapped, lost = roots.wrap(b"s" * 32, WHERE), roots.current
    (tmp_path / FILE).unlink()
    with pytest.raises(RootKeyUnavailable, match=lost):
        open_root_keys(FROM_FILE, tmp_path).unwrap(wrapped, WHERE, lost)


@pytest.mark.skipif(os.name != "posix", reason="folders are made unusable by a file in their place")
def test_a_folder_that_cannot_be_made_is_one_sentence(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(RootKeyUnavailable, match="cannot be used"):
        open_root_keys(FROM_FILE, tmp_path / "file" / "vault")


KEY_A, KEY_B = entry("a", b"a" * 32), entry("b", b"b" * 32)


def test_keys_that_come_from_elsewhere_stand_in_front_and_none_is_lost(tmp_path):
    folder = tmp_path / "vault"
    assert merge_root_keys(folder, KEY_A, "the copy") is None
    before = merge_root_keys(folder, f"{KEY_B}\n{KEY_A}", "the copy")
    assert (folder / FILE).read_text().split() == [KEY_B, KEY_A]
    assert stat.S_IMODE((folder / FILE).stat().st_mode) == 0o600
    put_root_keys_back(folder, before)
    assert (folder / FILE).read_text().split() == [KEY_A]
    put_root_keys_back(folder, None)
    assert not (folder / FILE).exists()


def test_another_key_of_the_same_name_replaces_none(tmp_path):
    merge_root_keys(tmp_path, KEY_A, "the copy")
    with pytest.raises(RootKeyUnusable, match="another key called a"):
        merge_root_keys(tmp_path, KEY_B.replace("b:", "a:"), "the copy")
    with pytest.raises(RootKeyUnusable, match="the copy"):
        merge_root_keys(tmp_path, "nonsense", "the copy")
    assert (tmp_path / FILE).read_text().split() == [KEY_A]


def test_a_copy_of_a_key_file_opens_what_the_file_does(tmp_path):
    made = open_root_keys(VaultOptions(), tmp_path)
    copied = read_root_keys((tmp_path / FILE).read_text(), "the copy")
    context = Context("t", "", "p")
    assert copied.unwrap(made.wrap(b"secret", context), context, made.current) == b"secret"
    with pytest.raises(RootKeyUnusable, match="the copy"):
        read_root_keys("", "the copy")
