"""The lab's record on a real MLflow server: PostgreSQL below it, its files behind the S3 API."""

import math

import pytest

from tests.lab.mlflow_running import bucket, database, mlflow_server, s3_variables
from tests.vision.heads.making import make_head
from visavis.core.attributes import Head
from visavis.core.errors import Unavailable
from visavis.core.settings import TrackingOptions
from visavis.lab.tracking.opening import open_tracking
from visavis.lab.tracking.registering import crown, find
from visavis.lab.tracking.store import Store

pytestmark = pytest.mark.slow

DATA = {"name": "fairface", "sha256": "cd" * 32}


def train(options, folder):
    """Begin a run on the server."""
    return open_tracking(options, folder).run(name="portrait", config={"seed": 7}, data=DATA)


def test_training_is_recorded_on_a_server_and_outlives_it(tmp_path, monkeypatch, capfd):
    head = make_head(tmp_path / "a.onnx", "server-1", {Head.EMOTION: (1 / 7,) * 7})
    with database() as store, s3_variables() as variables:
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        files = bucket(variables)
        with mlflow_server(store, variables, tmp_path) as uri:
            through_the_server(TrackingOptions(uri=uri), head, files)
            straight = TrackingOptions(uri=uri, artifacts="s3://lab/direct", experiment="direct")
            past_the_server(straight, head, files)
            with pytest.raises(Unavailable, match="--allowed-hosts"):
                train(TrackingOptions(uri=uri.replace("127.0.0.1", "localhost")), tmp_path)
            run = train(TrackingOptions(uri=uri), tmp_path)
            run.step(1, {"loss": 0.5})
        assert capfd.readouterr().out == ""
        with run:  # the server is gone now
            run.step(2, {"loss": 0.4})
            run.finish(metrics={"emotion.accuracy": 0.7}, files=[head])
    assert run.unrecorded == [
        "the last 2 figures of steps",
        "the final figures",
        "the file a.onnx",
        "how the run ended",
    ]


def through_the_server(options, head, files):
    """The server takes the files and puts them into the bucket; the client needs no S3 at all."""
    with train(options, head.parent) as run:
        run.step(1, {"loss": 0.5, "diverged": float("nan"), "scale": float("inf")})
        run.finish(metrics={"emotion.accuracy": 0.7}, files=[head])
    store = Store(options, head.parent)
    found = store.client.get_run(run.run_id)
    assert run.unrecorded == []
    assert (found.info.status, found.data.metrics["loss"]) == ("FINISHED", 0.5)
    assert math.isnan(found.data.metrics["diverged"])
    assert found.data.metrics["scale"] > 1e300
    assert found.info.artifact_uri.startswith("mlflow-artifacts:")
    assert kept(files, "proxied/") == {"a.onnx": head.read_bytes()}
    assert crown(store, Head.EMOTION, "server-1", {"by": "tests"})
    version = find(store, Head.EMOTION, "server-1")
    assert version
    assert store.client.get_model_version(version.name, version.version).aliases == ["champion"]


def past_the_server(options, head, files):
    """The client puts the files into the bucket itself."""
    report = head.with_name("report.json")
    report.write_text("{}")
    with train(options, head.parent) as run:
        run.finish(metrics={}, files=[report])
    assert run.unrecorded == []
    assert kept(files, "direct/") == {"report.json": b"{}"}


def kept(files, prefix):
    entries = files.objects.filter(Prefix=prefix)
    return {entry.key.rpartition("/")[2]: entry.get()["Body"].read() for entry in entries}
