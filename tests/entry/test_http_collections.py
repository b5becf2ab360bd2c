"""Collections over HTTP: people in one are found where they are, and go with it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.entry.http_house import House, serving_house
from tests.entry.http_people import NEVER, Door, same_answers
from tests.entry.test_http_recognition import Office, problem
from tests.usecases.enrolled import portrait
from visavis.core.roles import Role


@pytest.fixture(scope="module")
def served(tmp_path_factory, services) -> Iterator[tuple[House, Path]]:
    folder = tmp_path_factory.mktemp("collections")
    with serving_house(folder, services=services) as house:
        yield house, folder


@pytest.fixture
def office(served) -> Office:
    house, folder = served
    return Office(house, house.add_tenant("shop"), folder)


@pytest.fixture
def door(served) -> Door:
    return Door.of(served[0], "shop")


def test_a_collection_is_made_listed_counted_and_removed(door):
    answer = door.post("/collections", Role.OPERATOR, name="wing-1.a_b:c@d")
    assert answer.status_code == 201
    assert answer.headers["Location"] == "/api/v1/collections/wing-1.a_b:c@d"
    made = answer.json()
    door.made("/collections", name="Wing")
    listed = door.get("/collections", Role.VIEWER).json()
    assert {each["name"] for each in listed["items"]} == {"wing-1.a_b:c@d", "Wing"}
    first = door.get("/collections?limit=1").json()
    rest = door.get(f"/collections?limit=1&cursor={first['next']}").json()
    assert len({each["name"] for each in first["items"] + rest["items"]}) == 2
    door.subject(collection="Wing")
    sized = door.get("/collections/Wing", Role.VIEWER).json()
    assert (sized["subjects"], sized["templates"]) == (1, 0)
    assert door.get("/collections/wing-1.a_b:c@d").json() == made | {"subjects": 0, "templates": 0}
    removed = door.ask("DELETE", "/collections/Wing")
    assert removed.json() == {"name": "Wing", "erased": 1, "left": 0}
    assert door.get("/collections/Wing").status_code == 404
    assert len(door.get("/receipts").json()["items"]) == 1


@pytest.mark.parametrize("name", ["", "two words", "a/b", "é", "x" * 256, "login", None, 7])
def test_a_name_that_cannot_be_used_is_refused(door, name):
    assert door.post("/collections", name=name).status_code == 422


def test_a_name_is_taken_once(door):
    door.made("/collections", name="wing")
    refused = door.post("/collections", name="wing")
    assert problem(refused, 409) == "already-there"
    door.made("/collections", name="WING")


def test_people_are_listed_and_found_where_they_are(door):
    door.made("/collections", name="wing")
    inside = door.made("/subjects", reference="7", collection="wing")
    outside = door.made("/subjects", reference="7")
    assert (inside["collection"], outside["collection"]) == ("wing", None)
    assert door.post("/subjects", reference="7", collection="wing").status_code == 409
    assert door.get("/subjects?collection=wing").json()["items"] == [inside]
    assert door.get("/subjects").json()["items"] == [outside, inside]
    assert door.get("/subjects?reference=7").json()["items"] == [outside]
    assert door.get("/subjects?reference=7&collection=wing").json()["items"] == [inside]
    assert door.get(f"/subjects/{inside['id']}").json() == inside
    assert door.patch(f"/subjects/{inside['id']}", notes="tall").json()["collection"] == "wing"
    assert door.patch(f"/subjects/{inside['id']}", collection="other").status_code == 422


def test_a_collection_that_is_none_is_told(door, office, shared_data):
    for absent in (
        door.get("/subjects?collection=gone"),
        door.post("/subjects", collection="gone"),
        door.get("/collections/gone"),
        door.ask("DELETE", "/collections/gone"),
        door.get("/collections/login"),
        office.ask("POST", "/recognize", portrait(shared_data, 0), collection="gone"),
        office.ask("POST", "/identify", portrait(shared_data, 0), collection="gone"),
        office.ask("POST", "/recognize", portrait(shared_data, 0), collection="login"),
    ):
        assert absent.status_code == 404, absent.text


def test_another_tenants_is_like_one_that_never_was(door, served):
    Door.of(served[0], "other").made("/collections", name="theirs")
    for method, path in (
        ("GET", "/collections/{}"),
        ("DELETE", "/collections/{}"),
        ("GET", "/subjects?collection={}"),
    ):
        theirs, never = (door.ask(method, path.format(name)) for name in ("theirs", NEVER))
        assert same_answers(theirs, never)
        assert theirs.status_code == 404


def test_each_collection_recognises_its_own_people(office, shared_data):
    token = office.house.owners_token(office.tenant)
    office.house.ask("POST", "/api/v1/collections", token, json={"name": "wing"})
    main = office.enrolled(portrait(shared_data, 0), name="Ann")
    guest = office.enrolled(portrait(shared_data, 1), name="Bob", collection="wing")
    again = office.enrolled(portrait(shared_data, 0), name="Ann again", collection="wing")

    def named(number, **query):
        answer = office.ask(
            "POST", "/recognize", portrait(shared_data, number, smiling=True), **query
        )
        found = answer.json()
        match = found["faces"][0]["match"]
        return match and (match["subject_id"], match["name"]), found["gallery"]

    assert named(0) == ((main, "Ann"), 1)
    assert named(1) == (None, 1)
    assert named(0, collection="wing") == ((again, "Ann again"), 2)
    assert named(1, collection="wing") == ((guest, "Bob"), 2)
    one = office.ask("POST", "/identify", portrait(shared_data, 1), collection="wing").json()
    assert one["faces"][0]["match"]["subject_id"] == guest
    removed = office.ask("DELETE", "/collections/wing", role=Role.ADMIN)
    assert removed.json()["erased"] == 2
    assert named(0) == ((main, "Ann"), 1)
    assert office.ask("GET", f"/subjects/{guest}").status_code == 404
