"""Logging in by face over HTTP, with real pictures."""

from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import httpx
import orjson
import pytest

from tests.entry.http_house import PASSWORD, House, Tenant, serving_house
from tests.usecases.enrolled import portrait
from visavis.core.roles import Role
from visavis.core.settings import MIB
from visavis.core.types import Source
from visavis.store.users import User

TEXT = "You may log in with your face; a numeric form of it is kept until you remove it."


@dataclass
class Door:
    """A tenant whose users may log in by face.

    Attributes:
        house: The deployment.
        tenant: Theirs.
        folder: All that the server writes.
    """

    house: House
    tenant: Tenant
    folder: Path

    def ask(
        self,
        method: str,
        path: str,
        picture: Source | None = None,
        user: User | None = None,
        **texts: str,
    ) -> httpx.Response:
        """Ask with a picture and texts beside it, as a user or as nobody."""
        given = {"Authorization": f"Bearer {self.house.token(user)}"} if user else {}
        files = {"file": (picture.name, picture.data)} if picture else None
        return self.house.client.request(
            method, f"/api/v1{path}", headers=given, files=files, data=texts or None
        )

    def challenge(self, email: str) -> str:
        answer = self.house.ask("POST", "/api/v1/login/face/challenge", json={"email": email})
        assert answer.status_code == 200, answer.text
        assert answer.json()["expires_in_s"] == 120
        return str(answer.json()["challenge"])

    def log_in(self, email: str, picture: Source) -> httpx.Response:
        return self.ask("POST", "/login/face", picture, challenge=self.challenge(email))


@pytest.fixture(scope="module")
def door(services, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    folder = tmp_path_factory.mktemp("face_login")
    with serving_house(folder, services=services, accounts={"face_login": "alone"}) as house:
        tenant = house.host
        token = house.owners_token(tenant)
        rules = {"mode": "verify", "purposes": ["face_login"], "adults_only": False}
        assert house.ask("PATCH", "/api/v1/privacy", token, json=rules).status_code == 200
        notice = {"purpose": "face_login", "language": "en", "text": TEXT}
        assert house.ask("POST", "/api/v1/notices", token, json=notice).status_code == 201
        yield Door(house, tenant, folder)


def test_a_viewer_enrols_logs_in_exports_and_removes_their_face(
    door: Door, shared_data: Path
) -> None:
    viewer = door.tenant.users[Role.VIEWER]
    one, other = (portrait(shared_data, 4, smiling=smiling) for smiling in (False, True))
    before = door.ask("GET", "/me/face", user=viewer).json()
    assert (before["enrolled"], before["obstacle"]) == (False, None)
    assert before["notice"]["text"] == TEXT
    said = {"password": PASSWORD, "agree": "true", "notice_id": before["notice"]["id"]}

    made = door.ask("POST", "/me/face", one, viewer, **said)
    assert made.status_code == 201, made.text
    assert (made.json()["enrolled"], made.json()["works"]) == (True, True)
    assert made.headers["Cache-Control"] == "no-store"

    entered = door.log_in(viewer.email, other)
    assert entered.status_code == 200, entered.text
    assert entered.json()["liveness"] == "not_checked"
    assert entered.headers["Cache-Control"] == "no-store"
    me = door.house.ask("GET", "/api/v1/me", entered.json()["access_token"])
    assert me.json()["id"] == viewer.id

    token = door.house.token(viewer)
    export = ZipFile(BytesIO(door.house.ask("GET", "/api/v1/me/export", token).content))
    assert orjson.loads(export.read("account.json"))["face_login_since"]

    receipt = door.ask("DELETE", "/me/face", user=viewer)
    assert receipt.status_code == 200, receipt.text
    assert receipt.json()["statement"]["destroyed"]["sealed"]["login_face"] == 1
    checked = door.house.ask("POST", "/api/v1/receipts/check", json=receipt.json())
    assert checked.json()["verdict"] == "genuine"
    assert door.log_in(viewer.email, other).status_code == 401


def test_unknown_and_wrong_get_the_same_answer(door: Door, shared_data: Path) -> None:
    stranger = portrait(shared_data, 9)
    told = []
    for email in (door.tenant.owner.email, "nobody@nowhere.example", door.tenant.disabled.email):
        answer = door.log_in(email, stranger)
        body = answer.json()
        del body["instance"]
        told.append((answer.status_code, body, set(answer.headers)))
    assert told[0][0] == 401
    assert told[0] == told[1] == told[2]


def test_no_picture_is_kept(door: Door, shared_data: Path) -> None:
    operator, picture = door.tenant.users[Role.OPERATOR], portrait(shared_data, 12)
    made = door.ask("POST", "/me/face", picture, operator, password=PASSWORD, agree="true")
    assert made.status_code == 201, made.text
    assert door.log_in(operator.email, picture).status_code == 200
    piece = picture.data[len(picture.data) // 2 :][:64]
    files = [path for path in door.folder.rglob("*") if path.is_file()]
    assert files
    assert not [path for path in files if piece in path.read_bytes()]


def test_a_program_with_a_key_has_no_face(door: Door, shared_data: Path) -> None:
    key = door.house.key(door.tenant.owner, "people:write", "recognise")
    answer = door.house.ask("GET", "/api/v1/me/face", key)
    assert (answer.status_code, answer.json()["status"]) == (403, 403)


@pytest.mark.parametrize("texts", [{}, {"challenge": "x"}, {"challenge": "é" * 2000}])
def test_what_is_no_challenge_is_refused(door: Door, shared_data: Path, texts) -> None:
    answer = door.ask("POST", "/login/face", portrait(shared_data, 0), **texts)
    assert answer.status_code == 401


def test_two_pictures_are_too_many(door: Door, shared_data: Path) -> None:
    data = portrait(shared_data, 0).data
    files = [("file", ("a.jpg", data)), ("file", ("b.jpg", data))]
    answer = door.house.client.post(
        "/api/v1/login/face", files=files, data={"challenge": door.challenge("a@b.example")}
    )
    assert answer.status_code == 422


def test_what_strangers_send_is_capped_lower_than_what_users_do(door: Door) -> None:
    files = {"file": ("large.jpg", b"\xff" * 17 * MIB)}
    answer = door.house.client.post("/api/v1/login/face", files=files)
    assert answer.status_code == 413


def test_a_text_that_is_too_long_is_refused_and_not_taken_for_none(
    door: Door, shared_data: Path
) -> None:
    answer = door.ask("POST", "/login/face", portrait(shared_data, 0), challenge="é" * 2001)
    assert answer.status_code == 422
    assert "'challenge'" in answer.json()["detail"]
