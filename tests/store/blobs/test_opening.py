"""The settings lead to what keeps the files, or to a sentence that says what is wrong."""

import importlib.util
import socket
import stat
import subprocess
import sys

import pytest

from tests.conftest import REPO
from visavis.core.errors import InvalidSettings, Unavailable
from visavis.core.settings import BlobOptions
from visavis.store.blobs.files import FileBlobs
from visavis.store.blobs.opening import open_blobs
from visavis.store.blobs.s3 import S3Blobs


def test_a_folder_is_the_default_and_is_made_private(root):
    assert isinstance(open_blobs(BlobOptions(), root / "a" / "b"), FileBlobs)
    assert stat.S_IMODE((root / "a" / "b").stat().st_mode) == 0o700


def test_a_folder_that_was_open_to_others_is_shut(root):
    root.mkdir(mode=0o755)
    open_blobs(BlobOptions(), root)
    assert stat.S_IMODE(root.stat().st_mode) == 0o700


def test_a_file_in_the_place_of_the_folder_is_told(root):
    root.write_text("in the way")
    with pytest.raises(Unavailable, match="VISAVIS_DATA"):
        open_blobs(BlobOptions(), root)


def test_a_bucket_that_answers_is_opened(bucket, root):
    assert isinstance(open_blobs(bucket.options, root), S3Blobs)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"bucket": ""}, "VISAVIS_BLOBS__BUCKET"),
        ({"bucket": "blobs-that-are-not-there"}, "does not answer"),
        ({"bucket": "../../x"}, "no name of a bucket"),
        ({"prefix": "../"}, "VISAVIS_BLOBS__PREFIX"),
        ({"prefix": "/x/"}, "VISAVIS_BLOBS__PREFIX"),
        ({"prefix": "a//b"}, "VISAVIS_BLOBS__PREFIX"),
        ({"prefix": "a/../b/"}, "VISAVIS_BLOBS__PREFIX"),
        ({"prefix": "a\n"}, "VISAVIS_BLOBS__PREFIX"),
        ({"endpoint_url": "nonsense"}, "VISAVIS_BLOBS__ENDPOINT_URL"),
        ({"region": "not a region!"}, "VISAVIS_BLOBS__REGION"),
    ],
)
def test_settings_that_cannot_work_are_told(bucket, root, change, words):
    with pytest.raises(InvalidSettings, match=words):
        open_blobs(bucket.options.model_copy(update=change), root)


@pytest.mark.parametrize("prefix", ["", "visavis/", "a/b-c/d_e.f/", "plain"])
def test_every_usual_prefix_is_taken(bucket, root, tenant, prefix):
    blobs = open_blobs(bucket.options.model_copy(update={"prefix": prefix}), root)
    stored = blobs.put(tenant, [b"x"], 1)
    assert bucket.keys == [f"{prefix}{tenant}/{stored.sha256[:2]}/{stored.sha256}"]
    assert [kept.sha256 for kept in blobs.names()] == [stored.sha256]
    assert [kept.sha256 for kept in blobs.names(tenant)] == [stored.sha256]


def test_keys_in_the_address_are_refused_and_not_repeated(bucket, root, monkeypatch):
    address = bucket.options.endpoint_url.replace("://", "://AKIA:s3cr3t@")
    with pytest.raises(InvalidSettings, match="holds keys") as caught:
        open_blobs(bucket.options.model_copy(update={"endpoint_url": address}), root)
    assert "s3cr3t" not in str(caught.value)
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", address)
    with pytest.raises(InvalidSettings, match="holds keys"):
        open_blobs(bucket.options.model_copy(update={"endpoint_url": ""}), root)


def test_missing_keys_are_told(bucket, root, monkeypatch):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    for name in ("AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE"):
        monkeypatch.setenv(name, str(root / "absent"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    with pytest.raises(InvalidSettings, match="AWS_ACCESS_KEY_ID"):
        open_blobs(bucket.options, root)


def test_an_end_that_does_not_answer_is_unavailable(bucket, root, monkeypatch):
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    nobody = bucket.options.model_copy(update={"endpoint_url": f"http://127.0.0.1:{port}"})
    with pytest.raises(Unavailable, match="cannot be used"):
        open_blobs(nobody, root)


def test_without_boto3_it_is_said_what_to_install(bucket, root, monkeypatch):
    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == "boto3" else find(name)
    )
    with pytest.raises(InvalidSettings, match=r"pip install 'visavis\[s3\]'"):
        open_blobs(bucket.options, root)
    assert isinstance(open_blobs(BlobOptions(), root), FileBlobs)


def test_a_folder_needs_no_boto3(root):
    program = (
        "import pathlib, sys; sys.modules['boto3'] = sys.modules['botocore'] = None\n"
        "from visavis.core.settings import BlobOptions\n"
        "from visavis.store.blobs import opening, quota, signing, sweep\n"
        "opening.open_blobs(BlobOptions(), pathlib.Path(sys.argv[1])); print('ok')"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(root)], capture_output=True, text=True, cwd=REPO
    )
    assert done.stdout == "ok\n", done.stderr
