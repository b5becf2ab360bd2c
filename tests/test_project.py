"""The tree keeps its own rules: lengths, pins, floors, and what the README promises."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from scripts import check_tree
from tests.conftest import REPO
from tests.entry.roofs import a_roof
from visavis.core.settings import Options, Settings
from visavis.entry import wiring
from visavis.entry.cli import app, demo

PROGRAM = Path(sys.executable).parent


def test_no_file_is_too_long_no_path_is_private_and_every_version_is_pinned():
    faults = [*check_tree.too_long(), *check_tree.private_paths(), *check_tree.bad_constraints()]
    assert faults == []


@pytest.fixture
def tree(tmp_path):
    """Make a small tree with one fault of each kind."""
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "long.py").write_text("pass\n" * 401)
    (tmp_path / "src" / "fine.py").write_text("pass\n" * 400)
    (tmp_path / "README.md").write_text("cd /" + "home/me/visavis\nsee https://x.y/home/z\n")
    (tmp_path / "pyproject.toml").write_text(
        '[project]\ndependencies = ["numpy>=2", "Absent_Name"]\n'
        "[project.optional-dependencies]\n"
        + "".join(f"{name} = []\n" for name in check_tree.LOCKED_EXTRAS)
        + "[dependency-groups]\ndev = []\nbench = []\n"
    )
    (tmp_path / "constraints.txt").write_text(
        "numpy==2.0 ; python_version < '3.12'\n--index-url https://a.b\nx @ https://a.b\ny>=1\n"
    )
    return tmp_path


def test_each_fault_is_found(tree):
    assert [fault.split()[0] for fault in check_tree.too_long(tree)] == ["src/long.py"]
    assert list(check_tree.private_paths(tree)) == ["README.md:1 names /" + "home/me"]
    assert len(list(check_tree.bad_constraints(tree))) == 4
    assert "absent-name" in list(check_tree.bad_constraints(tree))[-1]


def test_importing_the_package_loads_nothing_but_itself():
    program = "import sys; old = set(sys.modules); import visavis; print(*set(sys.modules) - old)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout.split() == ["visavis"]


def test_every_make_command_in_the_documents_is_a_target():
    targets = set(re.findall(r"^([a-z]+):", (REPO / "Makefile").read_text(), re.MULTILINE))
    documents = [REPO / "README.md", REPO / "CONTRIBUTING.md", *(REPO / "docs").rglob("*.md")]
    said = {
        name
        for path in documents
        for name in re.findall(r"^\s*make ([a-z]+)|`make ([a-z]+)", path.read_text(), re.MULTILINE)
    }
    assert {"run", "test"} <= {a or b for a, b in said} <= targets


def shown(default: object) -> str:
    return json.dumps(list(default)) if isinstance(default, tuple) else str(default)


def test_the_readme_lists_every_setting_with_its_default():
    listed = re.findall(
        r"^\| `(VISAVIS_\w+)` \| (.*?) \|", (REPO / "README.md").read_text(), re.MULTILINE
    )
    wanted = {}
    for name, field in Settings.model_fields.items():
        key = f"VISAVIS_{name.upper()}"
        if isinstance(field.default, Options):
            for inner, value in field.default:
                wanted[f"{key}__{inner.upper()}"] = shown(value)
        else:
            wanted[key] = shown(field.default)
    wanted |= {"VISAVIS_DATA": "user's data folder", "VISAVIS_CACHE": "user's cache folder"}
    assert dict(listed) == wanted


def test_the_readme_shows_what_really_comes_out(weights, tmp_path):
    shown = json.loads(
        re.findall(r"```json\n(.*?)```", (REPO / "README.md").read_text(), re.DOTALL)[0]
    )
    roof = a_roof(build=wiring.build)
    portrait = str(demo.portrait("skimage"))
    result = CliRunner().invoke(app, ["analyze", portrait, "--json", "-"], obj=roof)
    (real,) = json.loads(result.stdout)["results"]
    volatile = {"name", "took_ms", "faces"}
    assert {k: shown[k] for k in shown.keys() - volatile} == {
        k: real[k] for k in real.keys() - volatile
    }
    (face,), (found,) = shown["faces"], real["faces"]
    assert face.keys() == found.keys()
    assert face["box"] == pytest.approx(found["box"], abs=4)
    assert face["score"] == pytest.approx(found["score"], abs=0.02)
    for name, point in face["points"].items():
        assert point == pytest.approx(found["points"][name], abs=4)


def test_every_file_that_the_documents_link_to_exists():
    broken = [
        f"{path.relative_to(REPO)}: {target}"
        for path in [*REPO.glob("*.md"), *(REPO / "docs").rglob("*.md")]
        for target in re.findall(r"\]\((?!https?:)([^)#]+)", path.read_text())
        if not (path.parent / target).exists()
    ]
    assert broken == []


def test_every_floor_holds():
    done = subprocess.run(
        [PROGRAM / "lint-imports", "--no-logo", "--no-cache"],
        capture_output=True,
        text=True,
        cwd=REPO,
    )
    contracts = (REPO / ".importlinter").read_text().count("[importlinter:contract:")
    assert f"Contracts: {contracts} kept, 0 broken." in done.stdout


@pytest.mark.parametrize(
    ("module", "line", "contract"),
    [
        ("core/types.py", "import visavis.usecases", "Floors"),
        ("attic/__init__.py", "", "Floors"),
        ("vision/warp.py", "import asyncio", "Pixels and vectors"),
        ("entry/http_api/app.py", "import visavis.entry.cli", "The roof"),
        ("vision/analyzer.py", "import onnxruntime", "runtime"),
        ("usecases/analysis.py", "import PIL", "picture library"),
        ("vision/stages/warp_user.py", "import visavis.vision.analyzer", "No cycles"),
    ],
)
def test_each_floor_can_break(tmp_path, module, line, contract):
    shutil.copytree(REPO / "src", tmp_path / "src", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(REPO / ".importlinter", tmp_path)
    file = tmp_path / "src" / "visavis" / module
    file.parent.mkdir(exist_ok=True)
    with file.open("a") as text:
        text.write(f"\n{line}\n")
    done = subprocess.run(
        [PROGRAM / "lint-imports", "--no-logo", "--no-cache"],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={"PYTHONPATH": str(tmp_path / "src"), "COLUMNS": "200"},
    )
    assert re.search(rf"^.*{contract}.* BROKEN", done.stdout, re.MULTILINE)
