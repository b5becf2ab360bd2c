"""`visavis calibrate`: fits, says what changed, and goes back."""

import json

import pytest

from tests.entry.cli_records import Machine, add_tenant
from tests.usecases.test_calibrating import CLOSE, PEOPLE, alike
from visavis.core.purposes import Purpose
from visavis.store.kinds import ConsentMethod, Mode
from visavis.usecases.consent_records import GivenBy
from visavis.usecases.template_forms import NewTemplate

EMBEDDER = "dlib_resnet@1"


@pytest.fixture
def machine(tmp_path):
    machine = Machine(tmp_path / "data")
    machine.do(crowd)
    return machine


def crowd(records):
    """Make an organisation with many people, and one with nobody."""
    owner, purpose = add_tenant(records, "shop"), Purpose.RECOGNITION
    records.privacy.change(owner, mode=Mode.IDENTIFY, purposes=frozenset({purpose}))
    notice = records.notices.add(owner, purpose, "en", "We look at faces. " * 3)
    told = {"method": ConsentMethod.WRITTEN, "given_by": GivenBy.SUBJECT}
    items = []
    for vector in alike(PEOPLE, CLOSE):
        known = records.subjects.create(owner, adult=True)
        records.consents.give(owner, known.id, purpose, notice_id=notice.id, **told)
        items.append(NewTemplate(known.id, vector))
    made = records.templates.seal_many(owner, items, purpose=purpose, embedder=EMBEDDER)
    assert all(isinstance(each, str) for each in made)


def own(machine):
    """Return the calibrations that organisations have of their own."""

    def read(records):
        with records.ground.store.reading() as work:
            return [each.settings.get("calibrations", {}) for each in work.tenants.page().items]

    return machine.do(read)


def test_it_fits_says_what_changed_and_goes_back(machine):
    tried = machine.run("calibrate", "--dry-run")
    assert (tried.exit_code, f"{PEOPLE} people" in tried.stdout) == (0, True)
    assert own(machine) == [{}]
    told = json.loads(machine.run("calibrate", "--json").stdout)
    (change,) = told["organisations"]
    assert (told["embedder"], change["kept"], change["people"]) == (EMBEDDER, True, PEOPLE)
    assert set(change["thresholds"]) == {"0.1", "0.01", "0.001"}
    assert [*own(machine)[0]] == [EMBEDDER]
    assert machine.run("calibrate", "--reset").exit_code == 0
    assert own(machine) == [{}]


def test_an_organisation_that_cannot_be_calibrated_does_not_stop_the_others(machine):
    machine.do(lambda records: add_tenant(records, "other"))
    result = machine.run("calibrate", "--json")
    told = json.loads(result.stdout)["organisations"]
    assert result.exit_code == 1
    assert sorted("error" in each for each in told) == [False, True]
