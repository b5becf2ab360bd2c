"""`visavis analyze s3://…`: pictures out of a bucket, results into one, on a real S3 end."""

import uuid
from pathlib import Path

import boto3
import orjson
import pytest

from tests.entry.test_cli_analysis import run
from tests.entry.test_cli_bulk import make_pictures, results
from tests.lab.mlflow_running import s3_variables


@pytest.fixture(scope="module")
def s3_end():
    with s3_variables() as variables:
        yield variables


@pytest.fixture
def bucket(s3_end, tmp_path, monkeypatch, weights):
    """Give a bucket with the pictures at `photos/`, and stand in a folder that has them, too."""
    for name, value in s3_end.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("VISAVIS_BATCH__MAX_ITEMS", "1")
    monkeypatch.chdir(tmp_path)
    make_pictures(tmp_path / "pictures")
    made = boto3.resource("s3").Bucket(f"bulk-{uuid.uuid4().hex}")
    made.create()
    for file in Path("pictures").rglob("*.*"):
        made.upload_file(str(file), f"photos/{file.relative_to('pictures').as_posix()}")
    return made


def bulk(*arguments: str):
    return run(*arguments, "--format", "parquet")


def keys(bucket, prefix: str) -> list[str]:
    return [entry.key for entry in bucket.objects.filter(Prefix=prefix)]


def test_a_prefix_is_a_folder_and_gives_what_the_folder_gives(bucket):
    for other in ("photos-of-others/x.jpg", "photos/.hidden/x.jpg", "photos/sub/"):
        bucket.put_object(Key=other, Body=b"")
    address = f"s3://{bucket.name}/photos"
    summary = orjson.loads(bulk(address, "--out", "from-s3", "--json", "-").stdout)
    bulk("pictures", "--out", "from-folder")
    found = {r["name"].replace(address, "pictures"): r["faces"] for r in results("from-s3")}
    assert found == {r["name"]: r["faces"] for r in results("from-folder")}
    assert (summary["pictures"], summary["failed"], summary["skipped"]) == (9, 2, 1)
    named = {failure["name"] for failure in summary["failures"]}
    assert named == {f"{address}/cut.png", f"{address}/sub/empty.jpg"}


def test_results_in_the_same_bucket_are_resumed_and_never_taken_for_pictures(bucket):
    question = (f"s3://{bucket.name}", "--out", f"s3://{bucket.name}/results/run1")
    first = orjson.loads(bulk(*question, "--json", "-").stdout)
    assert (first["pictures"], first["done_before"]) == (9, 0)
    assert first["out"] == f"s3://{bucket.name}/results/run1"
    parts = {f"results/run1/{f}/part-00001" for f in ("done", "faces", "json", "pictures")}
    assert parts <= {key.rpartition(".")[0] for key in keys(bucket, "results/")}
    assert keys(bucket, "results/run1/tries/") == []
    bucket.Object("results/run1/done/part-00001.json").delete()
    again = orjson.loads(bulk(*question, "--json", "-").stdout)
    assert (again["pictures"], again["done_before"]) == (9, 8)
    assert bulk(*question, "--restart").exit_code == 0
    assert not Path("visavis-out").exists()


def test_an_object_that_vanished_is_a_failure_with_its_reason(bucket):
    question = (f"s3://{bucket.name}/photos", "--out", "out", "--json", "-")
    bulk(*question)
    bucket.Object("photos/0.jpg").delete()
    for part in Path("out/done").iterdir():
        part.unlink()
    summary = orjson.loads(bulk(*question).stdout)
    (gone,) = (f for f in summary["failures"] if f["name"].endswith("photos/0.jpg"))
    assert gone["error"]["category"] == "unreadable"
    assert "NoSuchKey" in gone["error"]["reason"]


def test_one_object_can_be_named_and_a_large_one_is_refused_by_its_size(bucket, monkeypatch):
    monkeypatch.setenv("VISAVIS_IMAGES__MAX_BYTES", "1000")
    result = bulk(f"s3://{bucket.name}/photos/0.jpg", "--json", "-")
    assert result.exit_code == 2
    (failure,) = orjson.loads(result.stdout)["failures"]
    assert failure["error"]["category"] == "too_large"
    assert "1001 bytes, 1000 are allowed" in failure["error"]["reason"]


@pytest.mark.parametrize(
    ("place", "code", "said"),
    [("", 1, "NoSuchBucket"), ("/nothing/here", 2, "no objects at s3://")],
)
def test_a_bucket_or_a_prefix_that_is_not_there_is_told(bucket, place, code, said):
    name = bucket.name if place else "no-such-bucket"
    result = bulk(f"s3://{name}{place}")
    assert (result.exit_code, said in result.stderr) == (code, True)


def test_an_end_that_falls_silent_stops_the_work_and_counts_no_picture_as_failed(
    bucket, monkeypatch
):
    question = (f"s3://{bucket.name}/photos", "--out", "out")
    bulk(*question)
    for part in Path("out/done").iterdir():
        part.unlink()
    with monkeypatch.context() as patched:
        patched.setattr("visavis.entry.cli.bulk.find", lambda *_: iter(()))  # planned before
        patched.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
        result = bulk(*question)
        assert result.exit_code == 1
        assert "the S3 end cannot be used" in result.stderr
    assert list(Path("out/done").iterdir()) == []
    assert bulk(*question).exit_code == 0
