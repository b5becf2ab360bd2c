"""`visavis results`: listed, shown, saved, exported and removed at the machine itself."""

import json

import pytest

from tests.entry.cli_records import Machine
from tests.usecases.kept_results import analysis, keep, picture
from visavis.core.roles import Role
from visavis.usecases.actor import Actor

PASSWORD = "nine herons over a quiet lake"


@pytest.fixture
def machine(tmp_path):
    return Machine(tmp_path / "data")


@pytest.fixture
def names(machine):
    """Keep two results; return their names."""

    def fill(records):
        owner = records.set_up.create_owner("ann@firm.example", "Ann", PASSWORD)
        actor = Actor(owner.tenant_id, owner.id, Role.OWNER)
        found = [
            keep(records.results, actor.tenant_id, analysis(data, name="=x.jpg", ages=ages), data)
            for data, ages in ((picture(1), ("3-9",)), (picture(2), ("20-29", "60-69")))
        ]
        return [each.sha256 for each in found]

    return machine.do(fill)


def test_results_are_listed_by_what_is_asked_for(machine, names):
    told = json.loads(machine.run("results", "list", "--json").stdout)["results"]
    assert [each["sha256"] for each in told] == names[::-1]
    assert told[0]["faces"] == 2
    some = machine.run("results", "list", "--where", "oldest=12", "--where", "gender=female")
    assert some.stdout.startswith(names[0])
    assert len(some.stdout.splitlines()) == 1
    for odd in ("oldest", "size=3", "gender=woman"):
        refused = machine.run("results", "list", "--where", odd)
        assert refused.exit_code == 2, refused.output


def test_a_result_is_shown_saved_and_exported(machine, names, tmp_path):
    told = json.loads(machine.run("results", "show", names[0]).stdout)
    assert told["redis_key"] == names[0]
    out = tmp_path / "out"
    assert machine.run("results", "save", names[0], "--out", str(out)).exit_code == 0
    assert (out / f"{names[0]}-picture").read_bytes() == picture(1)
    assert json.loads((out / f"{names[0]}.json").read_text()) == told
    assert (out / f"{names[0]}-annotated.jpg").read_bytes().startswith(b"\xff\xd8")
    table = tmp_path / "faces.csv"
    assert machine.run("results", "csv", "--out", str(table)).exit_code == 0
    lines = table.read_text().splitlines()
    assert len(lines) == 4
    assert lines[1].startswith("'=x.jpg,0,")
    assert machine.run("results", "csv", "--where", "most_faces=1").stdout.count("\n") == 2


def test_results_are_removed(machine, names):
    done = machine.run("results", "remove", names[0], "ab" * 32)
    assert (done.exit_code, "removed 1 of 2" in done.stderr) == (0, True)
    assert machine.run("results", "show", names[0]).exit_code == 1
    assert machine.run("results", "remove", names[0]).exit_code == 1
