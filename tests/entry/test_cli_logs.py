"""`visavis logs`: lines of the whole deployment, for whoever sits at the machine."""

import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.conftest import REPO
from tests.entry.cli_records import Machine
from visavis.core.log_lines import Level, LineIds, LogLine, first_id

TENANT, JOB = "0a" * 16, "0b" * 16


def line(event: str, level: Level = Level.INFO, ago: timedelta = timedelta(0), **more) -> LogLine:
    at = datetime.now(UTC) - ago
    return LogLine(
        TENANT, first_id(at)[:-18] + LineIds().new()[-18:], at, "worker", level, event, **more
    )


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    machine = Machine(tmp_path / "data")
    machine.do(
        lambda records: records.logs.keep(
            [
                line("yesterday", ago=timedelta(days=1)),
                line("began", job_id=JOB, fields={"pictures": 3}, ago=timedelta(minutes=2)),
                line("failed", Level.ERROR, ago=timedelta(minutes=1)),
            ]
        )
    )
    return machine


def test_the_newest_lines_are_the_last(machine):
    said = machine.run("logs").stdout.splitlines()
    assert [text.split()[4] for text in said] == ["began", "failed"]
    assert f"job={JOB} pictures=3" in said[0]
    assert "error" in said[1]
    assert len(machine.run("logs", "--since", "2d", "--limit", "2").stdout.splitlines()) == 2


@pytest.mark.parametrize(
    ("options", "events"),
    [
        (["--since", "2d"], ["yesterday", "began", "failed"]),
        (["--level", "error"], ["failed"]),
        (["--job", JOB], ["began"]),
        (["--service", "api"], []),
        (["--text", "PICTURES"], ["began"]),
        (["--since", "30s"], []),
    ],
)
def test_programs_get_one_object_a_line(machine, options, events):
    told = machine.run("logs", "--json", *options).stdout.splitlines()
    assert [json.loads(text)["event"] for text in told] == events


@pytest.mark.parametrize("options", [["--since", "soon"], ["--level", "loud"], ["--limit", "0"]])
def test_what_cannot_be_meant_is_refused(machine, options):
    assert machine.run("logs", *options).exit_code == 2


def test_following_prints_new_lines_as_they_come(machine):
    program = "from visavis.entry.main import main; main()"
    told = [
        sys.executable,
        "-c",
        program,
        "logs",
        "--json",
        "--follow",
        "--data",
        str(machine.data),
    ]
    with subprocess.Popen(
        told, stdout=subprocess.PIPE, text=True, cwd=REPO, env=os.environ
    ) as child:
        assert child.stdout is not None
        shown = [json.loads(child.stdout.readline())["event"] for _ in range(2)]
        machine.do(
            lambda records: records.logs.keep([line("new"), line("late", ago=timedelta(seconds=3))])
        )
        shown += [json.loads(child.stdout.readline())["event"] for _ in range(2)]
        child.terminate()
    assert shown == ["began", "failed", "late", "new"]
