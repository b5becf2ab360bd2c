"""An export holds everything that is kept of somebody, and nothing of anybody else."""

import base64
import hashlib
import io
import json
import zipfile

import numpy as np
import pytest

from tests.usecases.conftest import make_house
from tests.usecases.people import add_adult
from tests.usecases.somebody import NOTICE, PNG, blobs_of, keep, make_somebody, seal
from visavis.core.errors import NotAllowed
from visavis.credentials.roles import Permission
from visavis.store.blobs.files import FileBlobs
from visavis.usecases.actor import Actor
from visavis.usecases.erasure import Erasure
from visavis.usecases.errors import NotFound
from visavis.usecases.export_archive import ExportArchive
from visavis.usecases.exports import Exports
from visavis.usecases.subjects import Subjects


@pytest.fixture
def exports(ground):
    return Exports(ground, blobs_of(ground))


def opened(pieces):
    archive = zipfile.ZipFile(io.BytesIO(b"".join(pieces)))
    assert archive.testzip() is None
    return archive


def read_json(archive, name):
    return json.loads(archive.read(name))


def actions(ground, house):
    with ground.store.reading() as work:
        return [entry.action for entry in work.audit.latest(house.tenant_id, 200)]


def test_the_collection_is_told_by_its_name(ground, house, exports):
    with ground.store.work() as work:
        wing = work.collections.add(house.tenant_id, "wing", ground.clock()).id
    told = []
    for where in (wing, ""):
        known = add_adult(ground, house, collection=where)
        archive = opened(exports.subject_pieces(house.operator, known.id))
        told.append(read_json(archive, "subject.json")["collection"])
    assert told == ["wing", None]


def test_everything_of_a_subject_is_in_it_open(ground, house, exports, clock):
    somebody = make_somebody(ground, house, templates=3, files=2)
    seal(ground, house.tenant_id, somebody.id, "age", json.dumps({"years": 41}).encode())
    seal(ground, house.tenant_id, somebody.id, "mask", b"\x00\xff\x00")
    archive = opened(exports.subject_pieces(house.operator, somebody.id))

    about = read_json(archive, "subject.json")
    said = {what: about[what] for what in ("id", "reference", "name", "notes", "adult")}
    assert said == {
        "id": somebody.id,
        "reference": somebody.reference,
        "name": somebody.name,
        "notes": somebody.notes,
        "adult": True,
    }
    assert about["organisation"] == {"id": house.tenant_id, "name": "first"}
    assert about["exported_at"] == "2026-11-21T12:00:00Z"

    (consent,) = read_json(archive, "consents.json")["consents"]
    assert consent["evidence"] == somebody.evidence
    assert (consent["purpose"], consent["state"]) == ("recognition", "given")
    assert archive.read(consent["notice_file"]).decode() == NOTICE

    templates = read_json(archive, "templates.json")["templates"]
    vectors = [np.frombuffer(base64.b64decode(each["vector"]), "<f4") for each in templates]
    assert somebody.template in [vector.tobytes() for vector in vectors]
    assert [each["dimension"] for each in templates] == [128] * 3
    assert [len(vector) for vector in vectors] == [128] * 3

    others = read_json(archive, "attributes.json")["attributes"]
    assert {each["purpose"]: each.get("value", each.get("base64")) for each in others} == {
        "age": {"years": 41},
        "mask": "AP8A",
    }
    for sha256, body in somebody.files.items():
        assert archive.read(f"files/{sha256}.png") == body
    entries = read_json(archive, "audit.json")["entries"]
    assert {entry["subject_id"] for entry in entries} == {somebody.id}
    assert [entry["action"] for entry in entries] == [
        *("subject.exported", "consent.given", "subject.created")
    ]
    assert actions(ground, house)[0] == "subject.exported"
    assert "What is kept about you" in archive.read("README.txt").decode()


def test_the_manifest_names_every_file_with_its_hash(ground, house, exports):
    somebody = make_somebody(ground, house)
    archive = opened(exports.subject_pieces(house.admin, somebody.id))
    listed = read_json(archive, "manifest.json")["sha256"]
    assert sorted([*listed, "manifest.json"]) == sorted(archive.namelist())
    for name, sha256 in listed.items():
        assert hashlib.sha256(archive.read(name)).hexdigest() == sha256
    readme = archive.read("README.txt").decode()
    assert all(name.split("/")[0] in readme for name in archive.namelist() if name != "README.txt")
    assert {info.external_attr >> 16 for info in archive.infolist()} == {0o600}


def test_nothing_of_anybody_else_is_in_it(ground, house, exports):
    somebody, other = (make_somebody(ground, house) for _ in range(2))
    sha256, body = keep(ground, house.admin, somebody.id, "group")
    keep(ground, house.admin, other.id, "the same group", body)
    archive = opened(exports.subject_pieces(house.admin, somebody.id))
    whole = b"".join(archive.read(name) for name in archive.namelist())
    assert not [what for what, raw in other.traces().items() if raw in whole]
    assert other.id.encode() not in whole
    assert archive.read(f"files/{sha256}.png") == body


def test_a_subject_of_whom_little_is_known_is_exported_too(ground, house, exports):
    subject = Subjects(ground).create(house.admin)
    archive = opened(exports.subject_pieces(house.admin, subject.id))
    assert read_json(archive, "subject.json")["name"] is None
    assert read_json(archive, "templates.json") == {"templates": []}


def test_many_entries_of_the_log_are_all_there(ground, house, exports):
    subjects = Subjects(ground)
    subject = subjects.create(house.admin)
    for number in range(450):
        subjects.change(house.admin, subject.id, name=str(number))
    archive = opened(exports.subject_pieces(house.admin, subject.id))
    numbers = [entry["seq"] for entry in read_json(archive, "audit.json")["entries"]]
    assert numbers == sorted(numbers, reverse=True)
    assert len(set(numbers)) == 452


def test_files_are_never_held_as_a_whole(ground, house):
    """A file of 40 MB comes in pieces, the first of them before its end was read."""
    somebody = make_somebody(ground, house, 0, 0)
    noise = np.random.default_rng(1)
    pieces = [PNG, *(noise.bytes(2**20) for _ in range(40))]
    keep(ground, house.admin, somebody.id, "large", b"".join(pieces))
    read = []

    class Counting(FileBlobs):
        def open(self, *args, **kwargs):
            for piece in super().open(*args, **kwargs):
                read.append(len(piece))
                yield piece

    most = max_ahead = 0
    total = 0
    counted = Counting(ground.settings.data / "blobs")
    for piece in Exports(ground, counted).subject_pieces(house.admin, somebody.id):
        total += len(piece)
        most = max(most, len(piece))
        max_ahead = max(max_ahead, sum(read) - total)
    assert total > 40 * 2**20
    assert most < 2**18
    assert max_ahead < 2**20


def test_a_file_that_was_removed_meanwhile_is_left_out(ground, house, exports):
    somebody = make_somebody(ground, house, files=2)
    pieces = exports.subject_pieces(house.admin, somebody.id)
    blobs_of(ground).remove(house.tenant_id, max(somebody.files))
    names = opened(pieces).namelist()
    assert [name for name in names if name.startswith("files/")] == [
        f"files/{min(somebody.files)}.png"
    ]


def test_what_may_not_be_exported_is_refused_before_anything_is_sent(ground, house, exports):
    somebody, erased = (make_somebody(ground, house, 1, 0) for _ in range(2))
    Erasure(ground, blobs_of(ground)).erase(house.admin, erased.id)
    stranger = make_house(ground, "another")
    scoped = Actor(
        house.tenant_id, house.admin.user_id, house.admin.role, {Permission.PEOPLE_READ}, key_id="k"
    )
    for actor in (house.viewer, scoped):
        with pytest.raises(NotAllowed):
            exports.subject_pieces(actor, somebody.id)
    for actor, subject_id in (
        (stranger.owner, somebody.id),
        (house.owner, erased.id),
        (house.owner, "f" * 32),
    ):
        with pytest.raises(NotFound, match="no such subject"):
            exports.subject_pieces(actor, subject_id)
    assert "subject.exported" not in actions(ground, house)


def test_a_user_gets_their_own_data(ground, house, exports, clock):
    with ground.store.work() as work:
        until, now = clock.now.replace(year=2027), clock()
        work.sessions.start(
            house.tenant_id, house.operator.user_id, "hash", until, now, "Firefox", "192.0.2.7"
        )
        work.api_keys.add(
            house.tenant_id, house.operator.user_id, "robot", "secret hash", ["analyse"], now
        )
    Subjects(ground).create(house.operator)
    Subjects(ground).create(house.admin)
    target = io.BytesIO()
    exports.mine(house.operator, target)
    archive = opened([target.getvalue()])
    account = read_json(archive, "account.json")
    assert (account["email"], account["role"]) == ("operator@first.example", "operator")
    (login,) = read_json(archive, "logins.json")["logins"]
    assert (login["address"], login["user_agent"]) == ("192.0.2.7", "Firefox")
    (key,) = read_json(archive, "keys.json")["keys"]
    assert (key["name"], key["scopes"]) == ("robot", ["analyse"])
    entries = read_json(archive, "audit.json")["entries"]
    assert [entry["action"] for entry in entries] == ["user.exported", "subject.created"]
    whole = b"".join(archive.read(name) for name in archive.namelist())
    for secret in (b"argon2", b"secret hash", b"admin@first.example"):
        assert secret not in whole


def test_a_program_cannot_take_a_users_data(house, exports):
    program = Actor(house.tenant_id, house.admin.user_id, house.admin.role, None, key_id="k")
    with pytest.raises(NotAllowed, match="log in"):
        exports.my_pieces(program)


def test_a_zip_of_nothing_can_be_opened(clock):
    archive = ExportArchive(clock())
    assert opened(archive.end()).namelist() == ["manifest.json"]
