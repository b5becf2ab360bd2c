"""Nothing of an erased person is left anywhere, and the receipt says so."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.store.databases import KINDS, database
from tests.usecases.conftest import make_house
from tests.usecases.somebody import (
    blobs_of,
    first_sealed,
    found_in,
    keep,
    make_somebody,
    seal,
)
from visavis.core.errors import NotAllowed, Unavailable
from visavis.usecases.actor import SYSTEM
from visavis.usecases.erasure import BEGUN, ERASURE, Erasure, ErasureIncomplete, Reason
from visavis.usecases.errors import NotFound
from visavis.usecases.receipts import Receipts, handed_out
from visavis.usecases.subjects import Subjects
from visavis.vault.errors import KeyDestroyed
from visavis.vault.receipts import is_genuine


@pytest.fixture(params=KINDS)
def given(request, tmp_path):
    if request.param == "sqlite":
        yield {}  # the file lies in the data folder, where it is searched
        return
    with database(request.param, tmp_path) as url:
        yield {"store": {"url": url}}


@dataclass
class Payloads:
    """A place of its own: files of jobs that wait, named by whom they are about."""

    folder: Path
    fails: list[Exception] = field(default_factory=list)
    name = "jobs"

    def add(self, tenant_id, subject_id, payload):
        (self.folder / f"{tenant_id}-{subject_id}-{len([*self.folder.iterdir()])}").write_bytes(
            payload
        )

    def forget(self, tenant_id, subject_id):
        if self.fails:
            raise self.fails.pop()
        for path in self._of(tenant_id, subject_id):
            path.unlink()

    def holds(self, tenant_id, subject_id):
        return len(self._of(tenant_id, subject_id))

    def _of(self, tenant_id, subject_id):
        return [*self.folder.glob(f"{tenant_id}-{subject_id}-*")]


@pytest.fixture
def payloads(ground):
    folder = ground.settings.data / "jobs"
    folder.mkdir(parents=True)
    return Payloads(folder)


@pytest.fixture
def erasure(ground, payloads):
    return Erasure(ground, blobs_of(ground), [payloads])


def statement(receipt):
    document = handed_out(receipt)
    assert is_genuine(document)
    return document["statement"]


def test_no_byte_of_the_person_is_left_anywhere(ground, house, erasure, payloads):
    somebody, other = (make_somebody(ground, house) for _ in range(2))
    payloads.add(house.tenant_id, somebody.id, somebody.template)
    payloads.add(house.tenant_id, other.id, other.template)
    before = found_in(ground, somebody.traces())
    assert {what for what, _, _ in before} >= {"template", "sealed template", "file 0", "file 1"}
    if not ground.settings.store.url:
        assert any(where.endswith(".db-wal") for _, _, where in before)
    receipt = erasure.erase(house.admin, somebody.id)
    assert found_in(ground, somebody.traces()) == set()
    assert statement(receipt)["probe"]["clean"]
    kept = {what for what, how, _ in found_in(ground, other.traces())}
    assert kept >= {"template", "sealed template", "file 0", "file 1"}
    assert Subjects(ground).find(house.admin, other.id).name == other.name
    assert blobs_of(ground).size(house.tenant_id, next(iter(other.files)))


def test_the_receipt_says_what_was_destroyed_and_nothing_else_of_the_person(
    ground, house, erasure, clock
):
    somebody = make_somebody(ground, house, templates=3, files=2)
    receipt = erasure.erase(house.admin, somebody.id, reason=Reason.CONSENT_WITHDRAWN)
    said = statement(receipt)
    assert said["subject_id"] == somebody.id
    assert said["erased_at"] == clock().isoformat().replace("+00:00", "Z")
    assert said["reason"] == "consent_withdrawn"
    assert said["destroyed"] == {
        "keys": 1,
        "sealed": {"profile": 1, "template": 3},
        "consents": 1,
        "file_uses": 2,
        "files": 2,
    }
    probe = said["probe"]
    assert probe["left"] == dict.fromkeys(
        ("keys", "sealed", "consents", "file_uses", "profile", "files", "jobs"), 0
    )
    assert probe["sealed_values"] == {"tried": 3, "opened": 0}
    assert probe["scrubbed"]
    whole = str(handed_out(receipt)).encode()
    assert not [what for what, raw in somebody.traces().items() if raw in whole]
    assert Receipts(ground).check(handed_out(receipt))
    with ground.store.reading() as work:
        entry = next(e for e in work.audit.entries(house.tenant_id) if e.seq == said["audit_seq"])
    assert (entry.action, entry.actor, entry.subject_id) == (
        *("subject.erased", house.admin.id, somebody.id),
    )
    assert entry.details["receipt_id"] == receipt.id
    assert ground.audit.verify(ground.store, house.tenant_id) == []


def test_what_was_sealed_before_never_opens_again(ground, house, erasure):
    somebody = make_somebody(ground, house)
    erasure.erase(house.admin, somebody.id)
    with ground.store.reading() as work, pytest.raises(KeyDestroyed):
        ground.keyring.subject_key(work.keys, house.tenant_id, somebody.id, 1)
    with pytest.raises(NotFound):
        Subjects(ground).find(house.admin, somebody.id)
    with pytest.raises(NotFound):
        keep(ground, house.admin, somebody.id, "later")


def test_erasing_again_gives_the_first_receipt(ground, house, erasure, clock):
    somebody = make_somebody(ground, house)
    first = erasure.erase(house.admin, somebody.id)
    clock.move(days=3)
    assert erasure.erase(house.owner, somebody.id, reason=Reason.OTHER) == first
    assert Receipts(ground).page(house.admin).items == (first,)


def test_those_who_erase_at_once_get_one_receipt(ground, house, erasure):
    somebody = make_somebody(ground, house)
    with ThreadPoolExecutor(6) as pool:
        receipts = [*pool.map(lambda _: erasure.erase(house.admin, somebody.id), range(6))]
    assert len({receipt.id for receipt in receipts}) == 1
    assert len({receipt.signature for receipt in receipts}) == 1
    with ground.store.reading() as work:
        actions = [entry.action for entry in work.audit.entries(house.tenant_id)]
    assert actions.count("subject.erased") == 1
    assert ground.audit.verify(ground.store, house.tenant_id) == []


def test_files_that_show_somebody_else_too_stay(ground, house, erasure):
    somebody, other = (make_somebody(ground, house, files=1) for _ in range(2))
    sha256, body = keep(ground, house.admin, somebody.id, "group")
    keep(ground, house.admin, other.id, "the same group", body)
    said = statement(erasure.erase(house.admin, somebody.id))
    assert (said["destroyed"]["files"], said["files_needed_for_others"]) == (1, 1)
    assert b"".join(blobs_of(ground).open(house.tenant_id, sha256)) == body
    said = statement(erasure.erase(house.admin, other.id))
    assert (said["destroyed"]["files"], said["files_needed_for_others"]) == (2, 0)
    assert list(blobs_of(ground).names(house.tenant_id)) == []


def test_an_erasure_that_was_cut_short_is_taken_up_again(ground, house, payloads, erasure):
    """The process stops after the keys were destroyed: a place does not answer."""
    somebody = make_somebody(ground, house)
    payloads.add(house.tenant_id, somebody.id, somebody.template)
    payloads.fails = [Unavailable("not now"), Unavailable("not now")]
    with pytest.raises(Unavailable, match="not now"):
        erasure.erase(house.admin, somebody.id)
    with ground.store.reading() as work:
        assert work.keys.subject_keys(house.tenant_id, somebody.id) == ()
    assert Receipts(ground).page(house.admin).items == ()
    assert erasure.resume(house.tenant_id) == 0
    assert erasure.resume(house.tenant_id) == 1
    assert erasure.resume(house.tenant_id) == 0
    (receipt,) = Receipts(ground).page(house.admin).items
    assert receipt == erasure.erase(house.admin, somebody.id)
    assert statement(receipt)["destroyed"]["files"] == 2
    assert found_in(ground, somebody.traces()) == set()


def test_what_the_probe_finds_is_in_the_receipt_and_raised(ground, house, payloads, erasure):
    somebody = make_somebody(ground, house)
    payloads.add(house.tenant_id, somebody.id, somebody.template)
    forget, payloads.forget = payloads.forget, lambda *ids: None
    with pytest.raises(ErasureIncomplete, match="left in: jobs"):
        erasure.erase(house.admin, somebody.id)
    (receipt,) = Receipts(ground).page(house.admin).items
    said = statement(receipt)["probe"]
    assert not said["clean"]
    assert said["left"]["jobs"] == 1
    assert receipt.kind == BEGUN
    payloads.forget = forget
    again = erasure.erase(house.admin, somebody.id)
    assert (again.id, again.kind) == (receipt.id, ERASURE)
    assert statement(again)["probe"]["clean"]


def test_a_key_that_comes_back_with_a_backup_is_found(ground, house, payloads, monkeypatch):
    """Rows of a key are put back between the erasure and the probe."""
    somebody = make_somebody(ground, house)
    with ground.store.reading() as work:
        key = work.keys.subject_key(house.tenant_id, somebody.id)

    def put_back(tenant_id, subject_id):
        ground.store.run(
            lambda work: work.keys.add_subject_key(
                tenant_id, subject_id, 1, key.tenant_key_version, key.wrapped, ground.clock()
            )
        )

    payloads.forget = put_back
    with pytest.raises(ErasureIncomplete, match="keys"):
        Erasure(ground, blobs_of(ground), [payloads]).erase(house.admin, somebody.id)
    (receipt,) = Receipts(ground).page(house.admin).items
    assert statement(receipt)["probe"]["sealed_values"] == {"tried": 3, "opened": 3}


def test_only_those_who_may_erase_their_own_people_do(ground, house, erasure):
    somebody = make_somebody(ground, house)
    stranger = make_house(ground, "another")
    for actor in (house.operator, house.viewer):
        with pytest.raises(NotAllowed):
            erasure.erase(actor, somebody.id)
    with pytest.raises(NotFound) as theirs:
        erasure.erase(stranger.admin, somebody.id)
    with pytest.raises(NotFound) as nobodys:
        erasure.erase(house.admin, "f" * 32)
    assert str(theirs.value) == str(nobodys.value)
    assert Subjects(ground).find(house.admin, somebody.id)


def test_nothing_is_sealed_for_somebody_who_is_being_erased(ground, house, erasure):
    """Eight seal while one erases: each ends before the erasure, or is refused."""
    somebody = make_somebody(ground, house, templates=1, files=0)

    def attempt(_):
        try:
            seal(ground, house.tenant_id, somebody.id, "template", b"x" * 512)
        except (AssertionError, KeyDestroyed):
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        sealing = [pool.submit(attempt, n) for n in range(24)]
        receipt = erasure.erase_for(house.tenant_id, somebody.id, SYSTEM, Reason.RETENTION)
        sealed = sum(task.result() for task in sealing)
    assert statement(receipt)["destroyed"]["sealed"]["template"] == sealed + 1
    assert first_sealed(ground, house.tenant_id, somebody.id) == b""
