"""`visavis index`: what is wrong with the index is found, repaired and told."""

import json

import numpy as np
import pytest

from tests.entry.cli_records import Machine, add_tenant
from visavis.core.purposes import Purpose
from visavis.store.kinds import ConsentMethod, Mode
from visavis.usecases.consent_records import GivenBy

EMBEDDER = "dlib_resnet@1"


@pytest.fixture
def machine(tmp_path):
    return Machine(tmp_path / "data")


def enrol(records, count=3):
    """Make an organisation with somebody who has some templates; return its owner."""
    owner = add_tenant(records, "shop")
    purpose = Purpose.RECOGNITION
    records.privacy.change(owner, mode=Mode.IDENTIFY, purposes=frozenset({purpose}))
    notice = records.notices.add(owner, purpose, "en", "We look at faces. " * 3)
    known = records.subjects.create(owner, adult=True)
    told = {"method": ConsentMethod.WRITTEN, "given_by": GivenBy.SUBJECT}
    records.consents.give(owner, known.id, purpose, notice_id=notice.id, **told)
    for seed in range(count):
        vector = np.random.default_rng(seed).normal(size=128).astype(np.float32)
        records.templates.seal(owner, known.id, vector, purpose=purpose, embedder=EMBEDDER)
    assert records.galleries.size(owner, EMBEDDER) == count
    return owner


def test_a_whole_index_is_told_as_such(machine):
    owner = machine.do(enrol)
    told = machine.run("index", "verify", "--json")
    (space,) = json.loads(told.stdout)["spaces"]
    assert (told.exit_code, space["tenant_id"], space["templates"]) == (0, owner.tenant_id, 3)
    said = machine.run("index", "verify", "--tenant", owner.tenant_id)
    assert said.stdout == f"{owner.tenant_id}  {EMBEDDER}  3 templates  ok\n"


def test_holes_and_ghosts_are_repaired(machine):
    owner = machine.do(enrol)

    def damage(records):
        index = records.galleries._index
        (space,) = index.spaces(owner.tenant_id)
        index.remove(space, sorted(index.ids(space))[:1])
        index.add(space, ["f" * 32], np.zeros((1, 64), np.uint8))

    machine.do(damage)
    told = machine.run("index", "verify", "--json")
    (space,) = json.loads(told.stdout)["spaces"]
    assert (told.exit_code, space["ghosts"], space["holes"]) == (1, 1, 1)
    assert machine.run("index", "verify").exit_code == 0


def test_all_collections_are_looked_at(machine):
    owner = machine.do(enrol)

    def enrol_elsewhere(records):
        wing = records.collections.create(owner, "wing").id
        notice = records.notices.page(owner).items[0]
        known = records.subjects.create(owner, adult=True, collection=wing)
        told = {"method": ConsentMethod.WRITTEN, "given_by": GivenBy.SUBJECT}
        purpose = Purpose.RECOGNITION
        records.consents.give(owner, known.id, purpose, notice_id=notice.id, **told)
        vector = np.random.default_rng(9).normal(size=128).astype(np.float32)
        records.templates.seal(owner, known.id, vector, purpose=purpose, embedder=EMBEDDER)
        return wing

    wing = machine.do(enrol_elsewhere)
    said = machine.run("index", "verify").stdout.splitlines()
    assert said == [
        f"{owner.tenant_id}  {EMBEDDER}  3 templates  ok",
        f"{owner.tenant_id}  {EMBEDDER}  collection {wing}  1 templates  ok",
    ]
    told = json.loads(machine.run("index", "rebuild", "--json").stdout)
    assert told == {"templates": {owner.tenant_id: 4}}


def test_an_index_is_built_anew(machine):
    owner = machine.do(enrol)
    told = machine.run("index", "rebuild", "--json")
    assert json.loads(told.stdout) == {"templates": {owner.tenant_id: 3}}
    assert machine.run("index", "verify").exit_code == 0


def test_without_templates_there_is_nothing_to_do(machine):
    machine.do(lambda records: add_tenant(records, "shop"))
    told = machine.run("index", "verify")
    assert (told.exit_code, "no templates yet" in told.output) == (0, True)


def test_rotating_the_secret_makes_all_codes_anew(machine):
    owner = machine.do(enrol)

    def versions(records):
        return [space.version for space in records.galleries._index.spaces(owner.tenant_id)]

    assert machine.do(versions) == [1]
    told = machine.run("vault", "rotate", "codes", "--json")
    assert told.exit_code == 0, told.output
    assert machine.do(versions) == [2]
    assert machine.run("index", "verify").exit_code == 0


def test_an_organisation_that_is_deleted_leaves_nothing(machine):
    owner = machine.do(enrol)
    folder = machine.data / "index"
    assert [path for path in folder.rglob("*") if path.is_file()]

    def leave(records):
        records.ground.store.run(lambda work: records.tenants.drop_rows(work, owner))
        records.tenants.drop_rest(owner.tenant_id)

    machine.do(leave)
    assert not [path for path in folder.rglob("*") if path.is_file()]
