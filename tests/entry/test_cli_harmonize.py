"""`visavis harmonize`: an organisation changes its embedder on the command line, and goes back."""

import json

import pytest

from tests.entry.cli_records import Machine, add_tenant
from tests.usecases.people import EMBEDDER, vector
from visavis.core.purposes import Purpose
from visavis.store.kinds import ConsentMethod, Mode
from visavis.usecases.consent_records import GivenBy
from visavis.usecases.template_forms import NewTemplate

NEW = "visavis_lite@1"
WAY = ("--from", EMBEDDER, "--to", NEW)
PEOPLE = 5


@pytest.fixture
def machine(tmp_path):
    made = Machine(tmp_path)
    made.do(enrol)
    return made


def enrol(records):
    owner = add_tenant(records, "acme")
    records.privacy.change(owner, mode=Mode.IDENTIFY, purposes=[Purpose.RECOGNITION])
    notice = records.notices.add(owner, Purpose.RECOGNITION, "en", "We look at faces. " * 3)
    told = {"method": ConsentMethod.WRITTEN, "given_by": GivenBy.SUBJECT, "notice_id": notice.id}
    items = []
    for number in range(PEOPLE):
        known = records.subjects.create(owner, adult=True)
        records.consents.give(owner, known.id, Purpose.RECOGNITION, **told)
        items.append(NewTemplate(known.id, vector(number)))
    made = records.templates.seal_many(owner, items, purpose=Purpose.RECOGNITION, embedder=EMBEDDER)
    assert all(isinstance(each, str) for each in made)


def told_by(machine, *words):
    result = machine.run("harmonize", *words, "--json")
    assert result.exit_code == 0, result.output
    (one,) = json.loads(result.stdout)["organisations"]
    return one


def test_the_whole_way(machine):
    done = told_by(machine, *WAY)
    assert (done["mapped"], done["there"], done["left_out"]) == (PEOPLE, 0, 0)
    assert told_by(machine, "status")["searched"] == EMBEDDER
    seen = told_by(machine, "shadow")
    assert (seen["probes"], seen["right"]) == (PEOPLE, None)
    assert told_by(machine, "switch", "--to", NEW)["searched"] == NEW
    assert told_by(machine, "rollback")["searched"] == EMBEDDER
    assert told_by(machine, "switch", "--to", NEW)["searched"] == NEW
    standing = told_by(machine, "status")
    assert (standing["originals"], standing["waiting"]) == (PEOPLE, 0)
    assert told_by(machine, "finish", "--yes")["removed"] == PEOPLE
    assert told_by(machine, "status")["target"] == ""


def test_people_read_the_same_in_words(machine):
    first = machine.run("harmonize", *WAY)
    assert f"{PEOPLE} templates brought over, 0 were there" in first.stdout
    assert f"{PEOPLE} brought over" in first.stderr
    shown = machine.run("harmonize", "status").stdout
    assert f"searched: {EMBEDDER}; {EMBEDDER} → {NEW}: {PEOPLE} of {PEOPLE}" in shown
    assert "same subject first" in machine.run("harmonize", "shadow").stdout


def test_finish_asks_and_a_no_changes_nothing(machine):
    told_by(machine, *WAY)
    assert machine.run("harmonize", "finish").exit_code == 1
    assert told_by(machine, "status")["target"] == NEW


def test_what_cannot_be_done_is_one_sentence(machine):
    nothing = machine.run("harmonize", "switch", "--to", NEW)
    assert nothing.exit_code == 1
    assert "no change of the embedder is under way" in nothing.stderr
    unmapped = machine.run("harmonize", "--from", EMBEDDER, "--to", "another@1")
    assert unmapped.exit_code == 1
    assert "without a map between the two" in unmapped.stderr
    unnamed = machine.run("harmonize")
    assert unnamed.exit_code == 2
    assert "name both embedders" in unnamed.stderr
