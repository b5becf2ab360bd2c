"""The lab's record in its default place, a SQLite file: what is written, and what may go wrong."""

import socket
import sqlite3
import subprocess
import sys
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import pytest
import structlog
from hypothesis import example, given
from hypothesis import strategies as st

from tests.conftest import require_or_skip
from tests.vision.heads.making import make_head
from visavis.core.attributes import Head
from visavis.core.errors import InvalidSettings, Unavailable
from visavis.core.settings import TrackingOptions
from visavis.lab.tracking.base import NoTracking
from visavis.lab.tracking.mirroring import MlflowMirror
from visavis.lab.tracking.opening import open_mirror, open_tracking
from visavis.lab.tracking.recording import MlflowRun, key_for
from visavis.lab.tracking.registering import find, model_name
from visavis.lab.tracking.store import Store

CONFIG = {"seed": 7, "lr": 3e-4, "trunk": "small"}
DATA = {"name": "fairface", "sha256": "ab" * 32, "pictures": 32000}


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """Give a data folder whose record is made once; its name has a blank on purpose."""
    return tmp_path_factory.mktemp("data of the lab")


@pytest.fixture(scope="module")
def store(data):
    return Store(TrackingOptions(), data)


@pytest.fixture
def log_lines():
    with structlog.testing.capture_logs() as lines:
        yield lines


def begin(data, name="portrait"):
    return open_tracking(TrackingOptions(), data).run(name=name, config=CONFIG, data=DATA)


def recorded(store, run):
    return store.client.get_run(run.run_id)


def test_a_run_is_written_down_with_all_that_made_it(data, store, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    head = make_head(tmp_path / "p.onnx", "portrait-1", {Head.GENDER: (0.3, 0.7)})
    card = tmp_path / "card.md"
    card.write_text("# portrait-1")
    here = sorted(tmp_path.iterdir())
    with begin(data) as run:
        for step in range(1200):
            run.step(step, {"loss": 1 / (step + 1), "lr": 3e-4})
        run.finish(metrics={"gender.accuracy": 0.93, "age.70+": 0.5}, files=[head, card])
    found = recorded(store, run)
    assert run.unrecorded == []
    assert (found.info.status, found.info.run_name) == ("FINISHED", "portrait")
    assert found.data.params == {"seed": "7", "lr": "0.0003", "trunk": "small"}
    assert found.data.metrics["gender.accuracy"] == pytest.approx(0.93)
    assert found.data.metrics["age.70_"] == pytest.approx(0.5)
    losses = store.client.get_metric_history(run.run_id, "loss")
    assert {m.step: m.value for m in losses} == {s: 1 / (s + 1) for s in range(1200)}
    (used,) = found.inputs.dataset_inputs
    assert (used.dataset.name, used.dataset.digest) == ("fairface", "ab" * 18)
    assert f'"sha256": "{"ab" * 32}"' in used.dataset.profile
    assert {f.path for f in store.client.list_artifacts(run.run_id)} == {"card.md", "heads"}
    assert sorted(tmp_path.iterdir()) == here, "nothing may appear in the working folder"


def test_a_head_file_becomes_one_version_of_each_head_it_answers(data, store, tmp_path):
    heads = {Head.AGE: (1 / 9,) * 9, Head.RACE: (1 / 7,) * 7}
    file = make_head(tmp_path / "p.onnx", "two-1", heads, licence="CC-BY-4.0")
    with begin(data) as run:
        run.finish(metrics={}, files=[file, file])
    for head in heads:
        (version,) = store.client.search_model_versions(f"name = '{model_name(head)}'")
        assert version.run_id == run.run_id
        assert version.tags["licence"] == "CC-BY-4.0"
        assert len(version.tags["sha256"]) == 64
        model = store.client.get_registered_model(model_name(head))
        assert model.aliases == {"challenger": version.version}
        (kept,) = store.client.list_artifacts(run.run_id, "heads/two-1")
        copy = store.client.download_artifacts(run.run_id, kept.path, str(tmp_path))
        assert Path(copy).read_bytes() == file.read_bytes()
    assert find(store, Head.AGE, "two-2") is None


@dataclass(frozen=True)
class Added:
    version: str
    path: Path


@dataclass(frozen=True)
class Change:
    to: str
    heads: tuple[Head, ...] = (Head.GENDER, Head.AGE)
    when: str = "2026-11-21T10:00:00Z"
    by: str = "ada"
    reason: str = "better on every group"


def registered(store, head, version):
    found = find(store, head, version)
    assert found
    return found


def test_aliases_follow_what_serves(store, tmp_path):
    heads = {Head.GENDER: (0.5, 0.5), Head.AGE: (1 / 9,) * 9}
    mirror = MlflowMirror(store)
    for name in ("first", "second"):
        mirror.added(Added(name, make_head(tmp_path / f"{name}.onnx", name, heads)))
    aliases = {}

    def look():
        for head in heads:
            model = store.client.get_registered_model(model_name(head))
            places = {registered(store, head, n).version: n for n in ("first", "second")}
            aliases[head] = {a: places[v] for a, v in model.aliases.items()}
        return aliases[Head.GENDER] if aliases[Head.GENDER] == aliases[Head.AGE] else aliases

    assert look() == {"challenger": "second"}
    mirror.promoted(Change("first"))
    assert look() == {"champion": "first", "challenger": "second"}
    mirror.promoted(Change("second"))
    assert look() == {"champion": "second"}
    mirror.added(Added("second", tmp_path / "second.onnx"))
    assert look() == {"champion": "second"}, "what is registered stays as it is"
    mirror.rolled_back(Change("first", reason="too slow"))
    assert look() == {"champion": "first"}
    tags = registered(store, Head.AGE, "first").tags
    assert (tags["promoted_by"], tags["restored_because"]) == ("ada", "too slow")
    mirror.promoted(Change("bundled"))
    assert look() == {}, "nobody registered serves"


def test_a_mirror_that_cannot_be_written_holds_nobody_up(tmp_path, log_lines):
    (tmp_path / "mlflow.db").write_text("no database " * 100)
    file = make_head(tmp_path / "p.onnx", "p-1", {Head.GENDER: (0.5, 0.5)})
    mirror = open_mirror(TrackingOptions(), tmp_path)
    assert mirror
    mirror.added(Added("p-1", file))
    mirror.promoted(Change("p-1"))
    mirror.rolled_back(Change("p-0"))
    assert [line["version"] for line in log_lines] == ["p-1", "p-1", "p-0"]


@pytest.mark.parametrize(
    ("error", "status"),
    [(KeyboardInterrupt(), "KILLED"), (SystemExit(143), "KILLED"), (ValueError(), "FAILED")],
)
def test_an_interrupted_run_says_so_and_keeps_its_steps(data, store, error, status):
    run = begin(data)
    with pytest.raises(type(error)), run:  # noqa: PT012  # raised inside the block on purpose
        run.step(1, {"loss": 0.5})
        raise error
    found = recorded(store, run)
    assert found.info.status == status
    assert found.data.metrics == {"loss": 0.5}


def test_a_run_left_without_a_finish_is_no_success(data, store):
    with begin(data) as run:
        run.step(1, {"loss": 0.5})
    assert recorded(store, run).info.status == "FAILED"


def test_training_outlives_a_record_that_breaks(tmp_path, store, data):
    now = [0.0]
    begun = begin(data)
    run = MlflowRun(store, begun.run_id, clock=lambda: now[0])
    place = data / "mlflow.db"
    with sqlite3.connect(place) as database, run:
        database.execute("ALTER TABLE metrics RENAME TO elsewhere")
        database.commit()
        for step in range(600):
            run.step(step, {"loss": 1.0})
        now[0] = 15.0
        run.step(600, {"loss": 1.0})
        run.finish(
            metrics={"accuracy": 0.9}, files=[tmp_path / "absent.md", tmp_path / "absent.onnx"]
        )
        database.execute("ALTER TABLE elsewhere RENAME TO metrics")
    assert run.unrecorded == [
        "the last 601 figures of steps",
        "the final figures",
        "the file absent.md",
        "the file absent.onnx",
    ]
    assert recorded(store, run).info.status == "FINISHED"


def test_a_record_that_comes_back_gets_all_steps(store, data):
    now = [0.0]
    run = MlflowRun(store, begin(data).run_id, clock=lambda: now[0])
    with sqlite3.connect(data / "mlflow.db") as database:
        database.execute("ALTER TABLE metrics RENAME TO elsewhere")
        database.commit()
        now[0] = 11.0
        run.step(1, {"loss": 1.0})
        database.execute("ALTER TABLE elsewhere RENAME TO metrics")
    now[0] = 40.0
    run.step(2, {"loss": 0.5})
    steps = store.client.get_metric_history(run.run_id, "loss")
    assert {m.step: m.value for m in steps} == {1: 1.0, 2: 0.5}
    assert run.unrecorded == []


@pytest.mark.parametrize("listens", [False, True], ids=["nobody", "silent"])
def test_a_server_that_does_not_answer_is_one_sentence(tmp_path, monkeypatch, listens):
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "1")
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        if listens:
            sock.listen()
        port = sock.getsockname()[1]
        options = TrackingOptions(uri=f"http://me:secret@127.0.0.1:{port}")
        tracking = open_tracking(options, tmp_path)
        with pytest.raises(Unavailable) as caught:
            tracking.run(name="portrait", config=CONFIG, data=DATA)
    assert str(caught.value) == (
        f"the tracking server at http://127.0.0.1:{port} does not answer; start it, or correct or "
        "unset VISAVIS_TRACKING__URI"
    )


def test_a_file_that_is_no_record_is_one_sentence(tmp_path):
    (tmp_path / "mlflow.db").write_text("no database " * 100)
    with pytest.raises(Unavailable, match=r"mlflow\.db cannot be opened .*; move it away"):
        begin(tmp_path)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"uri": "postgresql://me:secret@127.0.0.1/x"}, "start `mlflow server`"),
        ({"uri": "runs"}, "neither http"),
        ({"artifacts": "ftp://127.0.0.1/x"}, "neither a folder nor s3"),
    ],
)
def test_a_place_that_cannot_be_used_is_refused(tmp_path, options, said):
    with pytest.raises(InvalidSettings, match=said) as caught:
        open_tracking(TrackingOptions(**options), tmp_path)
    assert "secret" not in str(caught.value)


def test_an_experiment_keeps_its_files_where_they_are(tmp_path, data, store):
    if find_spec("boto3") is None:
        require_or_skip("s3", "no boto3 here; run `pip install --group dev`")
    assert store.experiment_id
    options = TrackingOptions(artifacts="s3://lab/elsewhere")
    with pytest.raises(InvalidSettings, match="choose another VISAVIS_TRACKING__EXPERIMENT"):
        open_tracking(options, data).run(name="portrait", config=CONFIG, data=DATA)


@pytest.fixture
def without_mlflow(monkeypatch):
    for name in [n for n in sys.modules if n.partition(".")[0] == "mlflow"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "mlflow", None)


def test_without_the_extra_nothing_is_recorded_and_nothing_fails(without_mlflow, tmp_path):
    tracking = open_tracking(TrackingOptions(), tmp_path)
    with tracking.run(name="portrait", config=CONFIG, data=DATA) as run:
        run.step(1, {"loss": 1.0})
        run.finish(metrics={}, files=[tmp_path / "absent.onnx"])
    assert not run.unrecorded
    assert list(tmp_path.iterdir()) == []


def test_a_uri_without_the_extra_names_what_to_install(without_mlflow, tmp_path):
    options = TrackingOptions(uri="http://127.0.0.1:5000")
    with pytest.raises(InvalidSettings, match=r"pip install 'visavis\[mlops\]'"):
        open_tracking(options, tmp_path)


def test_tracking_can_be_switched_off(tmp_path):
    options = TrackingOptions(enabled=False, uri="http://127.0.0.1:5000")
    assert isinstance(open_tracking(options, tmp_path), NoTracking)
    assert open_mirror(options, tmp_path) is None


PROGRAM = """
import sys
from pathlib import Path
from visavis.core.settings import TrackingOptions
from visavis.lab.tracking.opening import open_store
store = open_store(TrackingOptions(), Path(sys.argv[1]))
assert "mlflow" not in sys.modules, "imported without need"
assert store.client
from mlflow.telemetry import get_telemetry_client
assert get_telemetry_client() is None, "it would report on its user"
"""


def test_mlflow_is_loaded_late_and_reports_on_nobody(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(tmp_path)], capture_output=True, text=True, env={}
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@given(st.text() | st.text("./ a1+", min_size=240, max_size=300))
@example("..0")
@example("a/../../b")
def test_any_name_becomes_one_that_mlflow_takes(text):
    from mlflow.utils.validation import _validate_metric_name, _validate_param

    _validate_metric_name(key_for(text))
    _validate_param(key_for(text), "1")
    assert key_for(key_for(text)) == key_for(text)
