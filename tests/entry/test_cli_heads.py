"""`visavis models heads|add|promote|rollback|history`, through the whole command line."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.lab.heads.reports import report
from tests.vision.heads.making import even, make_head
from visavis.core.attributes import AGE_BINS, CLASSES, Head
from visavis.entry.cli import app
from visavis.vision.heads.shelf import BUNDLED, read_champions

BOTH = {Head.AGE: even(Head.AGE), Head.GENDER: (0.3, 0.7)}
GOOD = {Head.AGE: 0.6, Head.GENDER: 0.9}
BETTER = {Head.AGE: 0.65, Head.GENDER: 0.95}


def models(*arguments: object):
    result = CliRunner().invoke(app, ["models", *map(str, arguments)])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def told(*arguments: object):
    """Run a command with --json and return what it printed."""
    result = models(*arguments, "--json")
    assert result.exit_code == 0, result.stderr
    return json.loads(result.stdout)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give every test an empty data folder, without a record elsewhere."""
    monkeypatch.setenv("VISAVIS_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("VISAVIS_TRACKING__ENABLED", "false")
    return tmp_path / "data" / "heads"


def put(tmp_path: Path, version: str, heads=BOTH, **card) -> Path:
    return make_head(tmp_path / f"{version}.onnx", version, heads, **card)


def report_file(tmp_path: Path, version: str, accuracies) -> Path:
    path = tmp_path / f"{version}.json"
    path.write_text(json.dumps(report(version, accuracies)))
    return path


@pytest.fixture
def serving(tmp_path: Path) -> str:
    """Let a made file serve, and have another wait that is better."""
    told("add", put(tmp_path, "p-1"))
    told("promote", "p-1", "--force", "--reason", "the first")
    return "p-1"


@pytest.fixture
def better(tmp_path: Path, serving: str) -> str:
    reports = ("--report", report_file(tmp_path, "p-2", BETTER))
    baseline = ("--baseline", report_file(tmp_path, serving, GOOD))
    told("add", put(tmp_path, "p-2"), *reports, *baseline)
    return "p-2"


def test_the_list_says_what_there_is(tmp_path, better):
    shown = models("heads").stdout.splitlines()
    assert shown[0].split()[:4] == ["version", "head", "state", "accuracy"]
    rows = {tuple(line.split()[:3]): line.split() for line in shown[1:]}
    assert ("p-1", "gender", "champion") in rows
    row = rows["p-2", "gender", "challenger"]
    assert row[3:5] == ["0.9500", "0.0200"]
    assert row[-2:] == ["Apache-2.0", "added"]


def test_the_list_as_json(folder, better):
    listed = told("heads")
    assert listed["folder"] == str(folder)
    assert listed["champions"]["gender"] == "p-1"
    new, old = (v for v in listed["versions"] if not v["bundled"])
    assert (new["version"], new["challenger_of"], new["champion_of"]) == (
        "p-2",
        ["age", "gender"],
        [],
    )
    assert old["champion_of"] == ["age", "gender"]
    assert new["figures"]["gender"] == {"accuracy": 0.95, "ece": 0.02}
    assert new["bytes"] == Path(new["path"]).stat().st_size
    shipped = [v for v in listed["versions"] if v["bundled"]]
    assert len(shipped) == len(list(BUNDLED.glob("*.onnx")))


def test_looking_changes_nothing(folder):
    for command in ("heads", "history"):
        assert models(command).exit_code == 0
        assert models(command, "--json").exit_code == 0
    assert not folder.exists()


def test_a_better_file_serves_and_can_be_taken_back(folder, better):
    shown = models("promote", better, "--reason", "better on every group")
    assert shown.exit_code == 0, shown.stderr
    assert "p-2 in place of p-1" in shown.stdout
    assert shown.stdout.index("calibration") < shown.stdout.index("p-2 answers now")
    assert "gender: p-2 answers now, in place of p-1" in shown.stdout
    assert read_champions(folder) == {Head.AGE: "p-2", Head.GENDER: "p-2"}

    back = models("rollback", "--head", "age", "--reason", "children")
    assert back.stdout == "age: p-1 answers now, in place of p-2\n"
    answer = told("rollback", "--reason", "too slow")
    assert answer["event"]["to"] == {"gender": "p-1"}
    assert answer["champions"]["gender"] == "p-1"

    lines = models("history").stdout.splitlines()
    assert lines[0].split()[:2] == ["when", "what"]
    assert [line.split("  ")[1] for line in lines[2:]] == [
        "promote",
        "rollback",
        "rollback",
    ]
    events = told("history")["events"]
    assert [event["reason"] for event in events] == [
        "the first",
        "better on every group",
        "children",
        "too slow",
    ]
    assert events[1]["gate"]["gender"]["value"] == 0.95
    assert events[1]["by"]


def test_a_file_that_is_no_better_ends_with_1_and_the_table(tmp_path, folder, serving):
    add = ["add", put(tmp_path, "p-2"), "--report", report_file(tmp_path, "p-2", GOOD)]
    told(*add, "--baseline", report_file(tmp_path, serving, GOOD))
    refused = models("promote", "p-2")
    assert refused.exit_code == 1
    assert "FAILS" in refused.stdout
    assert refused.stderr.startswith("error: p-2 does not pass the gate (age: bin accuracy")
    assert read_champions(folder)[Head.AGE] == "p-1"

    refused = models("promote", "p-2", "--json")
    assert refused.exit_code == 1
    answer = json.loads(refused.stdout)
    assert (answer["promoted"], answer["event"]) == (False, None)
    assert answer["gate"]["age"]["passed"] is False

    forced = told("promote", "p-2", "--head", "gender", "--force", "--reason", "licence")
    assert (forced["promoted"], forced["event"]["forced"]) == (True, True)
    assert read_champions(folder) == {Head.AGE: "p-1", Head.GENDER: "p-2"}
    assert "promote, forced" in models("history").stdout.splitlines()[-1]


def test_a_file_without_figures_says_how_to_get_them(tmp_path, serving):
    told("add", put(tmp_path, "p-2"))
    refused = models("promote", "p-2")
    assert refused.exit_code == 1
    assert "give --root and --labels" in refused.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("promote", "p-9"), "there is no head file p-9"),
        (("promote", "p-2", "--head", "race"), "p-2 does not answer race"),
        (("promote", "p-2", "--head", "height"), "there is no head 'height'"),
        (("promote", "p-1"), "p-1 answers age, gender already"),
        (("promote", "p-2", "--force"), "--force needs a --reason"),
        (("promote", "p-2", "--root", "."), "--root and --labels belong together"),
        (("promote", "p-2", "--root", ".", "--labels", "none.csv"), "none.csv cannot be read"),
        (("promote", "p-2", "--margin", "2"), "--margin"),
        (("rollback", "--head", "height"), "there is no head 'height'"),
        (("rollback", "--head", "emotion"), "there is no promotion of emotion to roll back"),
        (("add", "none.onnx"), "there is no file none.onnx"),
        (("add", __file__), "test_cli_heads.py"),
    ],
)
def test_bad_usage_ends_with_2_and_a_sentence(better, arguments, said):
    result = models(*arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert said in result.stderr


@pytest.mark.parametrize("content", ["{", "[]", '{"faces": 1}'])
def test_what_is_no_report_ends_with_2(tmp_path, content):
    path = tmp_path / "report.json"
    path.write_text(content)
    result = models("add", put(tmp_path, "p-1"), "--report", path)
    assert (result.exit_code, result.stdout) == (2, "")
    assert len(result.stderr.splitlines()) == 1


@pytest.mark.parametrize("command", ["heads", "add", "promote", "rollback", "history"])
def test_every_command_explains_itself(command):
    result = models(command, "--help")
    assert result.exit_code == 0
    assert len(result.stdout.splitlines()) > 5


def test_both_files_are_measured_anew_on_pictures(tmp_path, folder, weights, shared_data):
    women = tuple(0.94 if name == "female" else 0.06 for name in CLASSES[Head.GENDER])
    men = tuple(reversed(women))
    for version, answer in (("p-1", men), ("p-2", women)):
        told("add", put(tmp_path, version, {Head.GENDER: answer}))
    told("promote", "p-1", "--force", "--reason", "the first")
    paths = sorted((shared_data / "london").glob("*/neutral.jpg"))[:4]
    rows = [f"{path.parent.name}/{path.name},female,{AGE_BINS[3]}" for path in paths]
    labels = tmp_path / "labels.csv"
    labels.write_text("\n".join(["file,gender,age", *rows]) + "\n")

    given = ["--root", shared_data / "london", "--labels", labels, "--head", "gender"]
    refused = models("promote", "p-2", *given, "--json")

    gate = json.loads(refused.stdout)["gate"]["gender"]
    assert (gate["value"], gate["champion_value"], gate["faces"]) == (1.0, 0.0, 4)
    assert {c["check"]: c["passed"] for c in gate["checks"]} == {
        "data": True,
        "metric": True,
        "groups": False,
        "calibration": True,
    }
    assert refused.exit_code == 1
    assert "no group of 50 faces was measured" in refused.stderr
    assert read_champions(folder) == {Head.GENDER: "p-1"}
