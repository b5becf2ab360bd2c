"""`visavis audit`: finds every edit, deletion and reordering, and says it by its exit code."""

import json

import pytest

from tests.entry.cli_records import Machine, add_tenant
from visavis.store.engine import open_engine


@pytest.fixture
def machine(tmp_path):
    return Machine(tmp_path / "data")


@pytest.fixture
def shops(machine):
    """Make two organisations with a few entries each; give their ids."""

    def make(records):
        owners = [add_tenant(records, name) for name in ("shop", "museum")]
        for owner in owners:
            for _ in range(4):
                records.subjects.create(owner)
        return [owner.tenant_id for owner in owners]

    return machine.do(make)


@pytest.fixture
def tamper(machine, shops):
    """Give a function that changes the rows of the first organisation."""

    def change(statement):
        def act(records):
            settings = records.ground.settings
            engine = open_engine(settings.store, settings.data)
            with engine.begin() as connection:
                where = f"tenant_id = '{shops[0]}'"
                connection.exec_driver_sql(statement.replace("THEIRS", where))
            engine.dispose()

        machine.do(act)

    return change


def keep_heads(machine, path):
    done = machine.run("audit", "head", "--json")
    assert done.exit_code == 0
    path.write_text(done.stdout)
    return json.loads(done.stdout)["heads"]


def test_whole_logs_end_well(machine, shops):
    done = machine.run("audit", "verify")
    assert (done.exit_code, done.stdout.count("ok  ")) == (0, 2)
    assert "shop" in done.stdout
    told = json.loads(machine.run("audit", "verify", "--json").stdout)
    assert told["whole"]
    assert {log["tenant_id"] for log in told["logs"]} == set(shops)


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("UPDATE audit_entries SET action = 'x' WHERE seq = 2 AND THEIRS", "Entry 2 was changed"),
        ("DELETE FROM audit_entries WHERE seq = 2 AND THEIRS", "before entry 3 were removed"),
        ("DELETE FROM audit_entries WHERE seq > 3 AND THEIRS", "entry 4 and whatever followed"),
        ("UPDATE audit_heads SET seq = 2 WHERE THEIRS", "it names entry 2"),
    ],
)
def test_what_was_done_to_a_log_is_said_and_ends_with_1(machine, shops, tamper, statement, words):
    tamper(statement)
    done = machine.run("audit", "verify")
    assert done.exit_code == 1
    assert words in done.stdout
    assert ("FAIL" in done.stdout, done.stdout.count("ok  ")) == (True, 1)
    told = machine.run("audit", "verify", "--json", "--tenant", shops[0])
    assert told.exit_code == 1
    (log,) = json.loads(told.stdout)["logs"]
    assert log["findings"]
    assert machine.run("audit", "verify", "--tenant", shops[1]).exit_code == 0


def test_ends_that_were_kept_are_held_against_the_logs(machine, shops, tamper, tmp_path):
    heads = keep_heads(machine, tmp_path / "heads.json")
    assert [head["seq"] for head in heads] == [5, 5]
    done = machine.run("audit", "verify", "--head", str(tmp_path / "heads.json"))
    assert done.exit_code == 0
    assert done.stdout.count("against the end that was kept") == 2
    (tmp_path / "one.json").write_text(json.dumps(heads[0]))
    assert machine.run("audit", "verify", "--head", str(tmp_path / "one.json")).exit_code == 0


def test_an_organisation_whose_log_is_gone_is_missed(machine, shops, tmp_path):
    keep_heads(machine, tmp_path / "heads.json")

    def purge(records):
        with records.ground.store.work() as work:
            work.tenants.purge(shops[0])

    machine.do(purge)
    assert machine.run("audit", "verify").exit_code == 0
    done = machine.run("audit", "verify", "--head", str(tmp_path / "heads.json"))
    assert done.exit_code == 1
    assert "the log is gone" in done.stdout


def test_the_ends_are_also_shown_to_people(machine, shops):
    done = machine.run("audit", "head", "--tenant", shops[0])
    assert (done.exit_code, done.stdout.count("entries")) == (0, 1)
    assert "--head FILE" in done.stderr


@pytest.mark.parametrize("content", ["", "[]", "7", '{"heads": [{"seq": 1}]}', '{"seq": 1}'])
def test_a_file_that_holds_no_ends_is_refused(machine, shops, tmp_path, content):
    path = tmp_path / "strange.json"
    path.write_text(content)
    assert machine.run("audit", "verify", "--head", str(path)).exit_code == 2


def test_an_organisation_that_is_not_here_is_refused(machine, shops):
    for command in ("verify", "head"):
        done = machine.run("audit", command, "--tenant", "nobody")
        assert (done.exit_code, "no organisation" in done.stderr) == (2, True)
    assert machine.run("audit", "verify", "--head", "no such file").exit_code == 1
