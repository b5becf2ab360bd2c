"""Whoever stands for a user who logs in by face is nobody that is worked with as with people."""

import io
import json
import zipfile
from typing import Any

import pytest

from tests.usecases.enrolled import portrait
from tests.usecases.face_users import open_face_door, stands_for
from tests.usecases.people import add_notice, vector
from tests.usecases.signing_in import UNCOUNTED
from visavis.core.purposes import Comparison, Purpose
from visavis.store.blobs.files import FileBlobs
from visavis.store.collections import LOGIN
from visavis.store.kinds import ConsentMethod
from visavis.usecases.blobs import BlobKeeping
from visavis.usecases.consent import Consents
from visavis.usecases.consent_records import GivenBy
from visavis.usecases.erasure import Erasure
from visavis.usecases.errors import NotFound
from visavis.usecases.exports import Exports
from visavis.usecases.newcomers import Newcomers
from visavis.usecases.privacy import Privacy
from visavis.usecases.subjects import Subjects
from visavis.usecases.template_forms import NewTemplate
from visavis.usecases.templates import Templates
from visavis.usecases.users import Users

OF_FACE: dict[str, Any] = {"purpose": Purpose.FACE_LOGIN, "embedder": "made_up@1"}


@pytest.fixture
def given():
    return {"throttle": UNCOUNTED, "accounts": {"face_login": "alone"}}


@pytest.fixture
def blobs(tmp_path):
    return FileBlobs(tmp_path / "blobs")


@pytest.fixture
def door(ground, house, services):
    return open_face_door(ground, house, services)


@pytest.fixture
def row(ground, house, door, shared_data):
    """Enrol the viewer's face, and give who stands for them."""
    door.add(house.viewer, portrait(shared_data, 0))
    return stands_for(ground, house.viewer)


def told(files):
    archive = zipfile.ZipFile(io.BytesIO(b"".join(files)))
    return {name: archive.read(name) for name in archive.namelist()}


def consent_of(ground, row):
    with ground.store.reading() as work:
        (consent,) = work.consents.page(row.tenant_id, subject_id=row.id).items
    return consent


def test_an_id_of_them_opens_nothing(ground, house, row, door, blobs):
    subjects, templates, consents = Subjects(ground), Templates(ground), Consents(ground)
    said: dict[str, Any] = {"method": ConsentMethod.WRITTEN, "given_by": GivenBy.SUBJECT}
    consent = consent_of(ground, row)
    asked: dict[str, Any] = {"purpose": Purpose.FACE_LOGIN, "comparison": Comparison.ONE_TO_ONE}
    keeping = BlobKeeping(ground, blobs)
    for refused in (
        lambda: subjects.find(house.viewer, row.id),
        lambda: subjects.change(house.operator, row.id, reference="7"),
        lambda: b"".join(Exports(ground, blobs).subject_pieces(house.admin, row.id)),
        lambda: Erasure(ground, blobs).erase(house.admin, row.id),
        lambda: templates.seal(house.operator, row.id, vector(1), **OF_FACE),
        lambda: templates.unseal(house.operator, row.id, **asked),
        lambda: templates.page(house.viewer, row.id),
        lambda: keeping.keep(house.operator, [b"{}"], "application/json", "upload", "1", row.id),
        lambda: consents.give(
            house.operator, row.id, Purpose.FACE_LOGIN, notice_id=door.notice.id, **said
        ),
        lambda: consents.page(house.operator, subject_id=row.id),
        lambda: consents.records(house.operator, subject_id=row.id),
        lambda: consents.record(house.operator, consent.id),
        lambda: consents.withdraw(house.operator, consent.id),
    ):
        with pytest.raises(NotFound):
            refused()
    (sealed,) = templates.seal_many(house.operator, [NewTemplate(row.id, vector(1))], **OF_FACE)
    assert isinstance(sealed, NotFound)
    assert subjects.some(house.viewer, [row.id]) == {}
    assert door.set_up.state(house.viewer).works


def test_no_list_shows_them(ground, house, row):
    subjects, consents = Subjects(ground), Consents(ground)
    assert subjects.page(house.viewer).items == ()
    assert consents.page(house.operator).items == ()
    assert consents.records(house.operator).items == ()
    for refused in (
        lambda: subjects.page(house.viewer, collection=LOGIN),
        lambda: subjects.count_called(house.viewer, LOGIN),
        lambda: subjects.find_by_reference(house.viewer, house.viewer.user_id, collection=LOGIN),
    ):
        with pytest.raises(NotFound, match="collection"):
            refused()


def test_nobody_makes_one(ground, house, door):
    Privacy(ground).change(house.admin, agreed_notice=add_notice(ground, house).id)
    for make in (Subjects(ground).create, Newcomers(ground).add):
        with pytest.raises(NotFound, match="collection"):
            make(house.operator, reference=house.owner.user_id, collection=LOGIN)


def test_the_user_gets_all_of_it_and_nobody_else_does(ground, house, row, door, blobs):
    mine = told(Exports(ground, blobs).my_pieces(house.viewer))
    kept = json.loads(mine["face.json"])
    (face,), (consent,) = kept["face"], kept["consents"]
    assert (face["purpose"], face["value"]["user_id"]) == ("login_face", house.viewer.user_id)
    assert consent["purpose"] == "face_login"
    assert mine[consent["notice_file"]].decode() == door.notice.text
    assert set(mine) <= set(json.loads(mine["manifest.json"])["sha256"]) | {"manifest.json"}
    assert "face.json" not in told(Exports(ground, blobs).my_pieces(house.operator))


def test_it_goes_with_the_user_and_the_doors_stay_shut(ground, house, row, door, blobs):
    Users(ground, door.own).remove(house.owner, house.viewer.user_id)
    (receipt,) = door.receipts()
    assert receipt.body["statement"]["subject_id"] == row.id
    with pytest.raises(NotFound):
        Erasure(ground, blobs).erase(house.admin, row.id)
