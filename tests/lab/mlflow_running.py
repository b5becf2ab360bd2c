"""A whole MLflow server for tests: its own database in PostgreSQL, its files behind the S3 API."""

import importlib.util
import os
import socket
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from typing import Any
from urllib.parse import urlsplit

import httpx
import psycopg

from tests.conftest import require_or_skip

POSTGRES = os.environ.get("VISAVIS_TEST_POSTGRES_URL", "postgresql://postgres@127.0.0.1:5432/test")
BUCKET = "lab"
LONGEST_START_S = 120


@contextmanager
def database() -> Iterator[str]:
    """Make a database of its own and give its URL; it is dropped afterwards."""
    name = f"visavis_mlflow_{uuid.uuid4().hex[:12]}"
    try:
        admin = psycopg.connect(POSTGRES, autocommit=True, connect_timeout=5)
    except psycopg.OperationalError as exc:
        require_or_skip("postgres", f"no PostgreSQL at VISAVIS_TEST_POSTGRES_URL: {exc}")
    with admin:
        admin.execute(f"CREATE DATABASE {name}")
        try:
            yield urlsplit(POSTGRES)._replace(scheme="postgresql+psycopg", path=f"/{name}").geturl()
        finally:
            admin.execute(f"DROP DATABASE {name} WITH (FORCE)")


@contextmanager
def s3_variables() -> Iterator[dict[str, str]]:
    """Serve the S3 API with one bucket; give the environment variables that lead to it."""
    if importlib.util.find_spec("moto") is None or importlib.util.find_spec("boto3") is None:
        require_or_skip("s3", "no S3 end here; run `pip install --group dev`")
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        yield {
            "AWS_ENDPOINT_URL": "http://127.0.0.1:{1}".format(*server.get_host_and_port()),
            "AWS_ACCESS_KEY_ID": "tests",
            "AWS_SECRET_ACCESS_KEY": "tests",
            "AWS_DEFAULT_REGION": "us-east-1",
        }
    finally:
        server.stop()


def bucket(variables: dict[str, str]) -> Any:
    """Return the bucket, made where it is absent."""
    import boto3

    found = boto3.resource(
        "s3",
        endpoint_url=variables["AWS_ENDPOINT_URL"],
        aws_access_key_id=variables["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=variables["AWS_SECRET_ACCESS_KEY"],
        region_name=variables["AWS_DEFAULT_REGION"],
    ).Bucket(BUCKET)
    found.create()
    return found


@contextmanager
def mlflow_server(store: str, variables: dict[str, str], folder: Path) -> Iterator[str]:
    """Run `mlflow server` over `store`, files in our bucket, and give its address."""
    with socket.create_server(("127.0.0.1", 0)) as sock:
        port = sock.getsockname()[1]
    command = [sys.executable, "-m", "mlflow", "server", "--backend-store-uri", store]
    command += ["--artifacts-destination", f"s3://{BUCKET}/proxied", "--workers", "1"]
    command += ["--host", "127.0.0.1", "--port", str(port), "--allowed-hosts", f"127.0.0.1:{port}"]
    told = os.environ | variables | {"MLFLOW_DISABLE_TELEMETRY": "true"}
    told |= {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}  # for language models, seconds to end
    with (folder / "server.log").open("w") as log:
        server = subprocess.Popen(
            command, stdout=log, stderr=log, env=told, cwd=folder, start_new_session=True
        )
        try:
            _await(server, f"http://127.0.0.1:{port}", folder / "server.log")
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()
            server.wait(60)


def _await(server: "subprocess.Popen[bytes]", address: str, log: Path) -> None:
    """Return when the server answers; it is asked ten times a second."""
    for _ in range(10 * LONGEST_START_S):
        assert server.poll() is None, log.read_text()
        try:
            if httpx.get(f"{address}/health", timeout=5).status_code == 200:
                return
        except httpx.TransportError:
            Event().wait(0.1)
    raise AssertionError(log.read_text())
