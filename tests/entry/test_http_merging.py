"""Merging, splitting and moving over HTTP; and pictures that are kept."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.entry.http_house import House, serving_house
from tests.entry.test_http_recognition import Office, problem
from tests.usecases.enrolled import portrait
from visavis.core.roles import Role


@pytest.fixture(scope="module")
def served(tmp_path_factory, services) -> Iterator[tuple[House, Path]]:
    folder = tmp_path_factory.mktemp("merging")
    with serving_house(folder, services=services) as house:
        yield house, folder


@pytest.fixture
def office(served) -> Office:
    house, folder = served
    return Office(house, house.add_tenant("shop"), folder)


def order(office, path, role=Role.OPERATOR, **body):
    """Ask as a user of a role, with JSON."""
    token = office.house.token(office.tenant.users[role])
    return office.house.ask("POST", f"/api/v1{path}", token, json=body)


def templates(office, subject):
    return office.ask("GET", f"/subjects/{subject}/templates").json()["items"]


def named(office, source):
    """Return whom a picture is said to show."""
    (face,) = office.ask("POST", "/recognize", source).json()["faces"]
    return face["match"] and face["match"]["subject_id"]


def files(office):
    """Return all pictures that are kept; their names are hashes."""
    folder = office.folder / "data" / "blobs"
    return [path for path in folder.rglob("*") if path.is_file() and len(path.name) == 64]


def test_two_subjects_of_one_person_become_one_and_two_again(office, shared_data):
    first, second = portrait(shared_data, 0), portrait(shared_data, 0, smiling=True)
    ann, again = office.enrolled(first, name="Ann"), office.agreed(reference="7")
    office.ask("POST", f"/subjects/{again}/templates", second, any_likeness=True)
    (made,) = templates(office, again)
    assert order(office, f"/subjects/{again}/merge", into=ann).status_code == 403
    merged = order(office, f"/subjects/{again}/merge", Role.ADMIN, into=ann)
    assert merged.status_code == 200, merged.text
    told = merged.json()
    assert told["template_ids"] == [made["id"]]
    assert (told["subject"]["id"], told["subject"]["name"]) == (ann, "Ann")
    assert told["subject"]["reference"] == "7"
    assert problem(office.ask("GET", f"/subjects/{again}/templates"), 404) == "not-found"
    assert named(office, second) == ann

    body = {"template_ids": told["template_ids"], "name": "Anna"}
    split = order(office, f"/subjects/{ann}/split", **body)
    assert split.status_code == 201, split.text
    new = split.json()
    assert split.headers["Location"] == f"/api/v1/subjects/{new['id']}"
    assert (new["name"], new["adult"]) == ("Anna", True)
    assert [each["id"] for each in templates(office, new["id"])] == [made["id"]]
    assert named(office, second) == new["id"]


def test_a_template_is_given_to_whom_it_shows(office, shared_data):
    ann, bob = office.enrolled(portrait(shared_data, 0)), office.agreed()
    (made,) = templates(office, ann)
    path, body = f"/subjects/{bob}/templates/move", {"template_ids": [made["id"]]}
    assert order(office, path, **body).json() == body
    assert order(office, path, **body).json() == {"template_ids": []}
    assert named(office, portrait(shared_data, 0)) == bob
    for wrong in ([], ["x"], ["0" * 32] * 101):
        assert order(office, path, template_ids=wrong).status_code == 422
    assert problem(order(office, path, template_ids=["0" * 32]), 404) == "not-found"
    everything = order(office, f"/subjects/{bob}/split", **body)
    assert "leave at least one" in everything.json()["detail"]


def test_a_picture_is_read_where_the_rules_say_that_it_is_kept(office, shared_data):
    token = office.house.owners_token(office.tenant)
    plain = office.enrolled(portrait(shared_data, 1))
    (without,) = templates(office, plain)
    path = f"/subjects/{plain}/templates/{without['id']}/picture"
    assert (without["has_picture"], office.ask("GET", path).status_code) == (False, 404)
    office.house.ask("PATCH", "/api/v1/privacy", token, json={"keep_pictures": True})
    source = portrait(shared_data, 0)
    ann = office.enrolled(source)
    (kept,) = templates(office, ann)
    assert len(files(office)) == 1
    answer = office.ask("GET", f"/subjects/{ann}/templates/{kept['id']}/picture", role=Role.VIEWER)
    assert (kept["has_picture"], answer.status_code) == (True, 200)
    assert (answer.headers["content-type"], answer.content) == ("image/jpeg", source.data)
    assert answer.headers["cache-control"] == "no-store"
    other = f"/subjects/{plain}/templates/{kept['id']}/picture"
    assert office.ask("GET", other).status_code == 404
    again = office.ask("POST", f"/subjects/{ann}/templates", source, replace=True).json()
    assert [each["id"] for each in templates(office, ann)] == [again["template_id"]]
    office.ask("DELETE", f"/subjects/{ann}/templates/{again['template_id']}")
    assert files(office) == []
