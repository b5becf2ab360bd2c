"""Enrolling, recognising and verifying over HTTP, with real pictures."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import numpy as np
import pytest

from tests.entry.http_house import House, Tenant, serving_house
from tests.usecases.enrolled import portrait
from tests.usecases.test_enrolment import beside, nobody
from visavis.core.roles import Role
from visavis.core.settings import MIB
from visavis.core.types import Source
from visavis.usecases.faces import look


@dataclass
class Office:
    """A tenant of the served deployment.

    Attributes:
        house: All of it.
        tenant: The one.
        folder: All that the server writes.
    """

    house: House
    tenant: Tenant
    folder: Path

    def ask(
        self, method: str, path: str, *pictures: Source, role: Role = Role.OPERATOR, **query: object
    ) -> httpx.Response:
        """Ask as a user of a role, with pictures."""
        field = "file" if len(pictures) == 1 else "files"
        files = [(field, (picture.name, picture.data)) for picture in pictures]
        return self.house.client.request(
            method,
            f"/api/v1{path}",
            headers={"Authorization": f"Bearer {self.house.token(self.tenant.users[role])}"},
            files=files or None,
            params=query,  # type: ignore[arg-type]
        )

    def agreed(self, **said: object) -> str:
        """Make somebody who agreed to be recognised; return their id."""
        token = self.house.owners_token(self.tenant)
        subject = self.house.ask("POST", "/api/v1/subjects", token, json={"adult": True} | said)
        notice = {"purpose": "recognition", "language": "en", "text": "We look at faces. " * 3}
        told = self.house.ask("POST", "/api/v1/notices", token, json=notice).json()["id"]
        body = {"purpose": "recognition", "notice_id": told, "method": "written"}
        subject_id = str(subject.json()["id"])
        self.house.ask("POST", f"/api/v1/subjects/{subject_id}/consents", token, json=body)
        return subject_id

    def enrolled(self, picture: Source, **said: object) -> str:
        """Make somebody and enrol them."""
        subject_id = self.agreed(**said)
        answer = self.ask("POST", f"/subjects/{subject_id}/templates", picture)
        assert answer.status_code == 201, answer.text
        return subject_id


@pytest.fixture(scope="module")
def served(tmp_path_factory, services) -> Iterator[tuple[House, Path]]:
    folder = tmp_path_factory.mktemp("recognition")
    with serving_house(folder, services=services) as house:
        yield house, folder


@pytest.fixture
def office(served) -> Office:
    house, folder = served
    return Office(house, house.add_tenant("shop"), folder)


def problem(answer: httpx.Response, status: int) -> str:
    """Return which kind of problem an answer is."""
    assert answer.status_code == status, answer.text
    return str(answer.json()["type"]).removeprefix("urn:visavis:problem:")


def test_somebody_is_enrolled_and_named_on_another_picture(office, shared_data):
    ann = office.agreed(reference="customer 7", name="Ann")
    made = office.ask("POST", f"/subjects/{ann}/templates", portrait(shared_data, 0))
    assert made.status_code == 201
    told = made.json()
    assert (told["subject_id"], told["embedder"]) == (ann, "dlib_resnet@1")
    assert (told["face"]["reasons"], told["lookalikes"], told["searched"]) == ([], [], True)
    (kept,) = office.ask("GET", f"/subjects/{ann}/templates", role=Role.VIEWER).json()["items"]
    assert kept == {
        "id": told["template_id"],
        "embedder": told["embedder"],
        "quality": pytest.approx(told["face"]["quality"], abs=0.01),
        "created_at": kept["created_at"],
        "seen": None,
        "has_picture": False,
    }

    both = beside(portrait(shared_data, 0, smiling=True), portrait(shared_data, 1))
    found = office.ask("POST", "/recognize", both).json()
    left, right = sorted(found["faces"], key=lambda each: each["face"]["box"]["x1"])
    assert (left["decision"], right["decision"]) == ("match", "unknown")
    assert left["match"] == left["candidates"][0]
    assert (left["match"]["name"], left["match"]["reference"]) == ("Ann", "customer 7")
    assert left["match"]["fmr"] <= left["match"]["fpir"] <= found["target_fpir"] == 1e-3
    assert right["match"] is None
    assert (found["gallery"], found["liveness"]) == (1, "not_checked")


def test_photos_as_large_as_cameras_make_them_are_taken(office, shared_data):
    large = portrait(shared_data, 0)
    photo = Source("large.jpg", large.data + bytes(3 * MIB))  # what follows the picture is ignored
    ann = office.agreed()
    assert office.ask("POST", f"/subjects/{ann}/templates", photo).status_code == 201
    for path in ("/recognize", "/identify"):
        (face,) = office.ask("POST", path, photo).json()["faces"]
        assert face["match"]["subject_id"] == ann
    assert office.ask("POST", "/verify", photo, subject_id=ann).json()["decision"] == "match"
    assert office.ask("POST", "/verify", photo, photo).json()["decision"] == "match"


def test_identify_takes_one_face_or_a_box(office, shared_data):
    ann = office.enrolled(portrait(shared_data, 0))
    both = beside(portrait(shared_data, 1), portrait(shared_data, 0, smiling=True))
    assert problem(office.ask("POST", "/identify", both), 422) == "several-faces"
    assert problem(office.ask("POST", "/identify", nobody()), 422) == "no-face"
    seen = [each["face"]["box"] for each in office.ask("POST", "/recognize", both).json()["faces"]]
    right = max(seen, key=lambda box: box["x1"])
    place = ",".join(str(right[side]) for side in ("x1", "y1", "x2", "y2"))
    (face,) = office.ask("POST", "/identify", both, box=place, top=1).json()["faces"]
    assert face["match"]["subject_id"] == ann
    for wrong in ("1,2,3", "a,b,c,d", "5,5,1,1"):
        assert problem(office.ask("POST", "/identify", both, box=wrong), 422) == "invalid-input"


def test_whoever_says_who_they_are_is_verified(office, shared_data):
    ann, bob = (office.enrolled(portrait(shared_data, n)) for n in range(2))
    smile = portrait(shared_data, 0, smiling=True)
    right = office.ask("POST", "/verify", smile, subject_id=ann).json()
    wrong = office.ask("POST", "/verify", smile, subject_id=bob).json()
    assert (right["decision"], wrong["decision"]) == ("match", "unknown")
    assert right["similarity"] > right["threshold"] > wrong["similarity"]
    pair = office.ask("POST", "/verify", smile, portrait(shared_data, 0)).json()
    assert (pair["decision"], pair["other"]["face_index"]) == ("match", 0)
    assert problem(office.ask("POST", "/verify", smile), 422) == "invalid-input"
    assert problem(office.ask("POST", "/verify", smile, subject_id="0" * 32), 404) == "not-found"


def test_a_face_of_somebody_else_is_a_conflict(office, shared_data):
    ann, twin = office.enrolled(portrait(shared_data, 0)), office.agreed()
    smile, path = portrait(shared_data, 0, smiling=True), f"/subjects/{twin}/templates"
    refused = office.ask("POST", path, smile)
    assert problem(refused, 409) == "looks-like"
    assert ann in refused.json()["detail"]
    made = office.ask("POST", path, smile, any_likeness=True).json()
    assert [each["subject_id"] for each in made["lookalikes"]] == [ann]


def test_what_does_not_fit_is_named(office, shared_data):
    ann = office.agreed()
    path, good = f"/subjects/{ann}/templates", portrait(shared_data, 0)
    assert problem(office.ask("POST", path, Source("a.jpg", b"no")), 415) == "invalid-picture"
    assert problem(office.ask("POST", path, good, good), 422) == "invalid-input"
    assert office.ask("POST", path).status_code == 415
    for query in ({"purpose": "fun"}, {"any_quality": "perhaps"}):
        assert office.ask("POST", path, good, **query).status_code == 422
    for name, value in (("top", 0), ("top", 51), ("target_fpir", 0), ("target_fpir", 2)):
        assert office.ask("POST", "/recognize", good, **{name: value}).status_code == 422
    assert problem(office.ask("POST", path, good, purpose="photos"), 403) == "not-allowed"
    assert office.ask("GET", path).json() == {"items": []}


def test_a_template_is_removed_where_it_is_whose_it_is_said_to_be(office, shared_data):
    ann, bob = office.enrolled(portrait(shared_data, 0)), office.agreed()
    (kept,) = office.ask("GET", f"/subjects/{ann}/templates").json()["items"]
    wrong = office.ask("DELETE", f"/subjects/{bob}/templates/{kept['id']}")
    assert problem(wrong, 404) == "not-found"
    gone = office.ask("DELETE", f"/subjects/{ann}/templates/{kept['id']}")
    assert (gone.status_code, gone.content) == (204, b"")
    (face,) = office.ask("POST", "/recognize", portrait(shared_data, 0)).json()["faces"]
    assert (face["decision"], face["candidates"]) == ("unknown", [])


@pytest.mark.parametrize("mode", ["identify", "verify"])
def test_no_picture_and_no_vector_is_kept(office, services, shared_data, mode):
    token = office.house.owners_token(office.tenant)
    body = {"mode": mode, "confirm": True}
    assert office.house.ask("PATCH", "/api/v1/privacy", token, json=body).status_code == 200
    first, second = portrait(shared_data, 5), portrait(shared_data, 5, smiling=True)
    ann = office.enrolled(first)
    office.ask("POST", "/recognize", second)
    office.ask("POST", "/verify", second, subject_id=ann)
    office.ask("POST", "/verify", first, second)
    pieces = [picture.data[len(picture.data) // 2 :][:32] for picture in (first, second)]
    for picture in (first, second):
        (face,) = look(services.analyses, picture)
        pieces += [face.vector.tobytes()[:16], face.vector.astype(np.float64).tobytes()[:16]]
    written = [path for path in office.folder.rglob("*") if path.is_file()]
    assert any(path.suffix == ".db" for path in written)
    for path in written:
        content = path.read_bytes()
        assert not [piece for piece in pieces if piece in content], path


def test_an_erased_person_is_found_no_more(office, shared_data):
    ann = office.enrolled(portrait(shared_data, 0))
    token = office.house.owners_token(office.tenant)
    receipt = office.house.ask("DELETE", f"/api/v1/subjects/{ann}", token).json()
    assert receipt["statement"]["probe"]["left"]["index"] == 0
    found = office.ask("POST", "/recognize", portrait(shared_data, 0)).json()
    assert (found["gallery"], found["faces"][0]["candidates"]) == (0, [])
    assert office.ask("GET", f"/subjects/{ann}/templates").status_code == 404


def test_a_key_that_may_not_read_people_gets_no_names(office, shared_data):
    ann = office.enrolled(portrait(shared_data, 0), name="Ann")
    _, secret = office.house.add_key(office.tenant.users[Role.OPERATOR], "recognise")
    answer = office.house.client.post(
        "/api/v1/recognize",
        headers={"Authorization": f"Bearer {secret}"},
        files={"file": ("a.jpg", portrait(shared_data, 0).data)},
    )
    (face,) = answer.json()["faces"]
    assert (face["match"]["subject_id"], face["match"]["name"]) == (ann, None)
