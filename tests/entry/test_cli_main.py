"""The console entry: quick, documented throughout, and expected errors end as exit codes."""

import os
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

import visavis
from visavis.core.errors import (
    InvalidSettings,
    LicenceNotAccepted,
    Overloaded,
    UnknownWeights,
    VisavisError,
    WeightsUnavailable,
)
from visavis.entry.cli import app
from visavis.entry.cli.console import Commands

HEAVY = {"cv2", "fastapi", "nicegui", "numpy", "onnx", "onnxruntime", "PIL", "uvicorn"}
"""What only working commands may load."""


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["analyze", "--help"], ["nope"]])
def test_answers_that_need_no_work_load_nothing_heavy(arguments):
    program = (
        "import sys\n"
        f"sys.argv = ['visavis', *{arguments!r}]\n"
        "from visavis.entry.main import main\n"
        "try:\n    main()\n"
        "except SystemExit:\n    print(*sys.modules, file=sys.stderr, sep='\\n')\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    loaded = set(done.stderr.splitlines())
    assert "visavis.entry.cli" in loaded
    assert loaded & HEAVY == set()


def test_the_version_is_the_packages():
    result = CliRunner().invoke(app, ["--version"])
    assert (result.exit_code, result.stdout) == (0, f"visavis {visavis.__version__}\n")


def commands(group: Any, path: str) -> Iterator[tuple[str, Any]]:
    for name, command in group.commands.items():
        yield f"{path} {name}", command
        if hasattr(command, "commands"):
            yield from commands(command, f"{path} {name}")


ALL = dict(commands(typer.main.get_command(app), "visavis"))


def test_the_commands_are_those_that_scripts_rely_on():
    promised = {"analyze", "serve", "demo", "doctor", "models", "evaluate"}
    promised |= {f"models {verb}" for verb in ("list", "pull", "verify", "accept", "path")}
    promised |= {"evaluate verification", "evaluate detection"}
    assert {f"visavis {name}" for name in promised} <= set(ALL)


@pytest.mark.parametrize("name", sorted(ALL))
def test_every_command_and_option_has_help(name):
    assert ALL[name].help
    silent = [p.name for p in ALL[name].params if not getattr(p, "help", None)]
    assert silent == []


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (InvalidSettings("say it"), 2),
        (UnknownWeights("say it"), 2),
        (WeightsUnavailable("say it"), 1),
        (LicenceNotAccepted("say it"), 1),
        (Overloaded("say it"), 1),
        (VisavisError("say it"), 1),
        (PermissionError(13, "say it", "file"), 1),
    ],
    ids=lambda value: type(value).__name__,
)
def test_an_expected_error_is_one_sentence_and_an_exit_code(error, code):
    failing = typer.Typer(cls=Commands)

    @failing.callback()
    def _group() -> None: ...

    @failing.command()
    def fail() -> None:
        raise error

    result = CliRunner().invoke(failing, ["fail"])
    assert result.exit_code == code
    assert result.stdout == ""
    assert result.stderr.startswith("error: say it")
    assert result.stderr.count("\n") == 1


def test_a_bug_is_not_hidden_as_an_expected_error():
    failing = typer.Typer(cls=Commands)

    @failing.callback()
    def _group() -> None: ...

    @failing.command()
    def fail() -> None:
        raise KeyError("bug")

    assert isinstance(CliRunner().invoke(failing, ["fail"]).exception, KeyError)


def test_a_reader_that_leaves_early_is_no_traceback():
    reader, writer = os.pipe()
    os.close(reader)
    program = "from visavis.entry.main import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", program, "models", "list", "--json"],
        stdout=writer,
        stderr=subprocess.PIPE,
        text=True,
    )
    os.close(writer)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
