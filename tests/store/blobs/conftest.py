"""A folder of files, a bucket on a real S3 end, and both in turn."""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.lab.mlflow_running import s3_variables
from visavis.core.settings import BlobOptions
from visavis.store.blobs.base import Blobs
from visavis.store.blobs.opening import open_blobs


@dataclass(frozen=True)
class Bucket:
    """A bucket of its own and what leads to it."""

    options: BlobOptions
    variables: dict[str, str]
    client: Any

    @property
    def keys(self) -> list[str]:
        found = self.client.list_objects_v2(Bucket=self.options.bucket)
        return [entry["Key"] for entry in found.get("Contents", ())]

    @property
    def uploads(self) -> list[str]:
        found = self.client.list_multipart_uploads(Bucket=self.options.bucket)
        return [entry["Key"] for entry in found.get("Uploads", ())]


@pytest.fixture(scope="session")
def s3_end() -> Iterator[dict[str, str]]:
    with s3_variables() as variables:
        yield variables


@pytest.fixture
def bucket(s3_end: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Bucket:
    import boto3

    variables = {name: value for name, value in s3_end.items() if name != "AWS_ENDPOINT_URL"}
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    address = s3_end["AWS_ENDPOINT_URL"]
    client = boto3.client("s3", endpoint_url=address)
    name = f"blobs-{uuid.uuid4().hex}"
    client.create_bucket(Bucket=name)
    options = BlobOptions(kind="s3", bucket=name, prefix="visavis/", endpoint_url=address)
    return Bucket(options, variables, client)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "blobs"


@pytest.fixture(params=["files", "s3"])
def blobs(request: pytest.FixtureRequest, root: Path) -> Blobs:
    if request.param == "files":
        return open_blobs(BlobOptions(), root)
    return open_blobs(request.getfixturevalue("bucket").options, root)


@pytest.fixture
def tenant() -> str:
    return uuid.uuid4().hex
