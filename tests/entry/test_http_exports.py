"""Exports over HTTP: a zip that nobody on the way keeps."""

import io
import json
import zipfile

import pytest

from tests.entry.http_house import serving_house
from visavis.core.roles import Role


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    with serving_house(tmp_path_factory.mktemp("house")) as served:
        yield served


def opened(answer):
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/zip"
    assert answer.headers["cache-control"] == "no-store"
    archive = zipfile.ZipFile(io.BytesIO(answer.content))
    assert archive.testzip() is None
    return archive


def test_the_export_of_a_person_comes_as_a_zip(house):
    token = house.owners_token(house.host)
    subject = house.ask("POST", "/api/v1/subjects", token, json={"name": "Ann Lee"}).json()["id"]
    file = house.ask(
        "POST",
        "/api/v1/blobs",
        token,
        params={"subject_id": subject},
        content=b'{"a": 1}',
        headers={"Content-Type": "application/json"},
    ).json()
    answer = house.ask("GET", f"/api/v1/subjects/{subject}/export", token)
    assert f'filename="subject-{subject}.zip"' in answer.headers["content-disposition"]
    archive = opened(answer)
    assert json.loads(archive.read("subject.json"))["name"] == "Ann Lee"
    assert archive.read(f"files/{file['sha256']}.json") == b'{"a": 1}'
    log = house.ask("GET", "/api/v1/audit", token, params={"subject_id": subject}).json()["items"]
    assert log[0]["action"] == "subject.exported"


def test_what_cannot_be_exported_is_a_problem_and_no_broken_zip(house):
    token = house.owners_token(house.host)
    answer = house.ask("GET", f"/api/v1/subjects/{'f' * 32}/export", token)
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    viewer = house.token(house.host.users[Role.VIEWER])
    assert house.ask("GET", f"/api/v1/subjects/{'f' * 32}/export", viewer).status_code == 403


def test_everybody_gets_their_own_data_and_no_program_does(house):
    viewer = house.guest.users[Role.VIEWER]
    archive = opened(house.ask("GET", "/api/v1/me/export", house.token(viewer)))
    assert json.loads(archive.read("account.json"))["email"] == viewer.email
    answer = house.ask("GET", "/api/v1/me/export", house.key(viewer, "people:read"))
    assert answer.status_code == 403
