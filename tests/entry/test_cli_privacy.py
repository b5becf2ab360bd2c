"""`visavis privacy`: retention now, and whether a receipt is genuine."""

import json
from datetime import timedelta

import pytest

from tests.entry.cli_records import Machine, add_tenant
from visavis.usecases.receipts import handed_out


@pytest.fixture
def machine(tmp_path):
    return Machine(tmp_path / "data")


@pytest.fixture
def shop(machine):
    return machine.do(lambda records: add_tenant(records, "shop"))


def test_retention_is_applied_now(machine, shop):
    def sessions(records):
        with records.ground.store.work() as work:
            before = records.ground.clock() - timedelta(days=90)
            until = before + timedelta(days=1)
            work.sessions.start(shop.tenant_id, shop.user_id, "hash", until, before)

    machine.do(sessions)
    done = machine.run("privacy", "retain", "--json")
    assert done.exit_code == 0
    told = json.loads(done.stdout)
    assert (told["removed"]["logins_ended"], told["failures"]) == (1, 0)
    again = machine.run("privacy", "retain")
    assert (again.exit_code, again.stdout) == (0, "removed: nothing\n")


def test_a_receipt_is_genuine_until_it_is_changed(machine, shop, tmp_path):
    def erase(records):
        subject = records.subjects.create(shop)
        return handed_out(records.erasure.erase(shop, subject.id))

    document, path = machine.do(erase), tmp_path / "receipt.json"
    path.write_text(json.dumps(document, indent=4))
    done = machine.run("privacy", "receipt", str(path))
    assert (done.exit_code, "an organisation on this server signed it" in done.stdout) == (0, True)
    document["statement"]["reason"] = "other"
    path.write_text(json.dumps(document))
    done = machine.run("privacy", "receipt", str(path), "--json")
    assert (done.exit_code, json.loads(done.stdout)["verdict"]) == (1, "broken")


def test_a_receipt_of_another_server_is_not_ours(machine, shop, tmp_path):
    elsewhere = Machine(tmp_path / "other")

    def erase(records):
        owner = add_tenant(records, "other")
        subject = records.subjects.create(owner)
        return handed_out(records.erasure.erase(owner, subject.id))

    path = tmp_path / "receipt.json"
    path.write_text(json.dumps(elsewhere.do(erase)))
    done = machine.run("privacy", "receipt", str(path))
    assert (done.exit_code, "nobody on this server" in done.stdout) == (1, True)


@pytest.mark.parametrize("content", ["", "[]", "7", "\x00"])
def test_a_file_that_holds_no_receipt_is_refused(machine, shop, tmp_path, content):
    path = tmp_path / "strange.json"
    path.write_text(content)
    assert machine.run("privacy", "receipt", str(path)).exit_code == 2
    assert machine.run("privacy", "receipt", str(tmp_path / "none")).exit_code == 1


TOLD = "We compare your face with the picture that you gave to the club."


def test_the_rules_are_set_in_one_line_and_programs_may_enrol(machine, shop):
    words = ("--mode", "identify", "--purpose", "recognition", "--agreed-elsewhere", TOLD)
    done = machine.run("privacy", "set", *words, "--json")
    assert done.exit_code == 0, done.output
    rules = json.loads(done.stdout)
    assert (rules["mode"], rules["purposes"], rules["keep_pictures"]) == (
        "identify",
        ["recognition"],
        False,
    )
    added = machine.do(lambda records: records.newcomers.add(shop, reference="7", name="Ann"))
    assert added.adult is True
    again = json.loads(machine.run("privacy", "set", *words, "--json").stdout)
    assert again["agreed_notice"] == rules["agreed_notice"]
    (notice,) = machine.do(lambda records: records.notices.page(shop).items)
    assert (notice.text, notice.purpose) == (TOLD, "recognition")


def test_each_rule_is_changed_alone_and_told(machine, shop):
    done = machine.run("privacy", "set", "--keep-pictures", "--no-adults-only")
    assert done.stdout.splitlines()[:3] == [
        "mode: anonymous",
        "adults only: no",
        "keep pictures: yes",
    ]
    machine.run("privacy", "set", "--agreed-elsewhere", TOLD)
    told = machine.run("privacy", "set", "--not-agreed-elsewhere", "--no-keep-pictures").stdout
    assert "keep pictures: no" in told
    assert "agreed elsewhere: no" in told
    both = machine.run("privacy", "set", "--agreed-elsewhere", TOLD, "--not-agreed-elsewhere")
    assert both.exit_code != 0
    assert "not both" in both.output
