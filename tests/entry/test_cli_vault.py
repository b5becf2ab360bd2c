"""`visavis vault`: every level is rotated from the command line, the root key too."""

import json

import pytest

from tests.entry.cli_records import Machine, add_tenant


@pytest.fixture
def machine(tmp_path):
    return Machine(tmp_path / "data")


@pytest.fixture
def shops(machine):
    """Make two organisations with a person each; give their owners."""

    def make(records):
        owners = [add_tenant(records, name) for name in ("shop", "museum")]
        for owner in owners:
            records.subjects.create(owner, name="Ann Lee", reference="7")
        return owners

    return machine.do(make)


def status(machine, *more):
    done = machine.run("vault", "status", "--json", *more)
    assert done.exit_code == 0
    return json.loads(done.stdout)


def still_readable(machine, owners):
    def read(records):
        return [records.subjects.find_by_reference(owner, "7").name for owner in owners]

    return machine.do(read) == ["Ann Lee"] * len(owners)


def test_the_keys_are_listed_and_never_shown(machine, shops):
    told = status(machine)
    assert [tenant["name"] for tenant in told["tenants"]] == ["museum", "shop"]
    assert {key["root_id"] for tenant in told["tenants"] for key in tenant["keys"]} == {
        told["root_id"]
    }
    assert "wrapped" not in json.dumps(told)
    done = machine.run("vault", "status")
    assert "subjects 1: in use" in done.stdout
    assert done.stdout.count("wraps 1 keys of people") == 2
    assert len(status(machine, "--tenant", shops[0].tenant_id)["tenants"]) == 1


@pytest.mark.parametrize("level", ["tenant", "subjects", "references", "audit", "receipts"])
def test_a_level_is_rotated_for_one_or_for_all(machine, shops, level):
    one = machine.run("vault", "rotate", level, "--tenant", shops[0].tenant_id, "--json")
    assert one.exit_code == 0
    (done,) = json.loads(one.stdout)["rotated"]
    assert (done["tenant_id"], done["level"]) == (shops[0].tenant_id, level)
    assert machine.run("vault", "rotate", level).stdout.count("\n") == 2
    assert still_readable(machine, shops)
    assert machine.run("audit", "verify").exit_code == 0


def test_the_root_key_is_rotated_and_everything_lies_under_the_new_one(machine, shops):
    before = status(machine)["root_id"]
    done = machine.run("vault", "rotate", "root", "--name", "2027")
    assert done.exit_code == 0, done.output
    assert "now under the root key 2027" in done.stdout
    assert "keep a copy" in done.stderr
    after = status(machine)
    assert (before, after["root_id"]) != ("2027", before)
    assert {key["root_id"] for tenant in after["tenants"] for key in tenant["keys"]} == {"2027"}
    lines = (machine.data / "vault" / "root.key").read_text().split()
    assert [line.partition(":")[0] for line in lines] == ["2027", before]
    assert still_readable(machine, shops)
    again = json.loads(machine.run("vault", "rewrap", "--json").stdout)
    assert again == {"root_id": "2027", "deployment": 0, "tenants": 0, "subjects": 0}


def test_an_old_root_key_may_go_once_nothing_lies_under_it(machine, shops):
    assert machine.run("vault", "rotate", "root").exit_code == 0
    path = machine.data / "vault" / "root.key"
    path.write_text(path.read_text().splitlines(keepends=True)[0])
    assert still_readable(machine, shops)
    assert machine.run("audit", "verify").exit_code == 0


def test_a_root_key_of_the_environment_is_changed_there(machine, shops, monkeypatch):
    line = (machine.data / "vault" / "root.key").read_text().strip()
    monkeypatch.setenv("VISAVIS_VAULT__ROOT_KEY", line)
    done = machine.run("vault", "rotate", "root")
    assert (done.exit_code, "VISAVIS_VAULT__ROOT_KEY" in done.stderr) == (2, True)
    monkeypatch.setenv("VISAVIS_VAULT__ROOT_KEY", f"next:{'A' * 43}= {line}")
    assert machine.run("vault", "rewrap").exit_code == 0
    assert status(machine)["root_id"] == "next"
    assert still_readable(machine, shops)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["everything"], "choose from root, tenant"),
        (["root", "--tenant", "x"], "leave --tenant out"),
        (["tenant", "--name", "x"], "leave --name out"),
        (["tenant", "--tenant", "x"], "no organisation"),
        (["root", "--name", "a b"], "taken or no name"),
    ],
)
def test_what_cannot_be_rotated_is_refused(machine, shops, words, said):
    done = machine.run("vault", "rotate", *words)
    assert (done.exit_code, said in done.stderr) == (2, True), done.output
