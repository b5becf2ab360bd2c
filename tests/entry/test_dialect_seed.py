"""`/face_recognize` and `/add_new_person`, as a shop's program asks them."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import httpx
import pytest

from tests.entry.dialect_shop import ALL, Shop, file_of, open_shop, refused
from tests.entry.http_house import House, serving_house
from tests.usecases.enrolled import portrait
from tests.usecases.test_enrolment import beside, nobody
from visavis.core.types import Source

KEYS = {"name", "description", "confidence", "visavis"}


@pytest.fixture(scope="module")
def house(tmp_path_factory, services) -> Iterator[House]:
    with serving_house(tmp_path_factory.mktemp("seed"), services=services) as served:
        yield served


@pytest.fixture
def shop(house) -> Shop:
    return open_shop(house)


def ask(
    shop: Shop, path: str, picture: Source, description: str | None = None, key: str = ""
) -> httpx.Response:
    """Ask as a program with a key that may do everything, or with another key."""
    return shop.house.client.post(
        path,
        headers={"x-api-key": key or shop.key()},
        files=file_of(picture),
        data=None if description is None else {"description": description},
    )


def recognised(shop: Shop, picture: Source, key: str = "") -> dict[str, Any]:
    """Return who a customer is said to be."""
    answer = ask(shop, "/face_recognize", picture, key=key)
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    assert set(told) == KEYS
    return told


def added(shop: Shop, picture: Source, description: str) -> dict[str, Any]:
    """Add a customer."""
    answer = ask(shop, "/add_new_person", picture, description)
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    assert set(told) == KEYS
    return told


def test_a_new_customer_is_added_and_known_afterwards(shop, shared_data):
    before = recognised(shop, portrait(shared_data, 0))
    assert before["name"] == "New User"
    assert "/add_new_person" in str(before["description"])
    assert before["confidence"] == 1
    assert before["visavis"]["subject_id"] is None
    made = added(shop, portrait(shared_data, 0), "Likes strong tea")
    assert made["description"] == "Likes strong tea"
    after = recognised(shop, portrait(shared_data, 0, smiling=True))
    assert after["name"] == made["name"]
    assert after["description"] == "Likes strong tea"
    assert after["confidence"] == pytest.approx(1, abs=1e-3)
    details = after["visavis"]
    assert (details["decision"], details["gallery"]) == ("match", 1)
    assert details["fpir"] < 1e-3
    assert details["insight"]["seen"] == 1
    first, last = details["insight"]["enrolled_at"], details["insight"]["last_enrolled_at"]
    assert datetime.fromisoformat(first) <= datetime.fromisoformat(last)
    assert shop.templates() == 1


def test_whoever_is_there_already_is_returned_as_they_are(shop, shared_data):
    made = added(shop, portrait(shared_data, 0), "Likes strong tea")
    again = added(shop, portrait(shared_data, 0, smiling=True), "Hates tea")
    assert (again["name"], again["description"]) == (made["name"], "Likes strong tea")
    assert (shop.subjects(), shop.templates()) == (1, 1)


def test_strangers_are_new(shop, shared_data):
    added(shop, portrait(shared_data, 0), "Likes strong tea")
    told = recognised(shop, portrait(shared_data, 5))
    assert told["name"] == "New User"
    details = told["visavis"]
    assert details["decision"] == "unknown"
    assert told["confidence"] == pytest.approx(details["fpir"], abs=1e-6)
    assert details["insight"] is None


def test_names_and_references_are_told(shop, shared_data):
    made = added(shop, portrait(shared_data, 0), "Tea")
    subject_id = made["visavis"]["subject_id"]
    assert made["name"] == f"User {subject_id[:8]}"
    subjects = shop.house.records.subjects
    subjects.change(shop.owner, subject_id, reference="customer 7")
    assert recognised(shop, portrait(shared_data, 0))["name"] == "customer 7"
    subjects.change(shop.owner, subject_id, name="Ann")
    assert recognised(shop, portrait(shared_data, 0))["name"] == "Ann"


def test_of_several_the_largest_face_is_meant(shop, shared_data):
    both = beside(portrait(shared_data, 0), portrait(shared_data, 1))
    made = added(shop, both, "In front")
    assert recognised(shop, both)["name"] == made["name"]
    assert shop.subjects() == 1


def test_whoever_may_not_see_people_learns_an_id_only(shop, shared_data):
    made = added(shop, portrait(shared_data, 0), "Likes strong tea")
    told = recognised(shop, portrait(shared_data, 0), shop.key("recognise"))
    assert (told["name"], told["description"]) == (made["name"], "")
    assert told["visavis"]["insight"] is None


def test_what_cannot_be_used_is_refused_and_nothing_kept(shop, shared_data):
    ann = portrait(shared_data, 0)
    assert "description" in refused(ask(shop, "/add_new_person", ann), 422)
    refused(ask(shop, "/add_new_person", ann, " "), 422)
    refused(ask(shop, "/add_new_person", ann, "x" * 2001), 422)
    refused(ask(shop, "/add_new_person", ann, "x" * 20_000), 422)
    refused(ask(shop, "/add_new_person", nobody(), "Nobody"), 422)
    refused(ask(shop, "/face_recognize", nobody()), 422)
    refused(ask(shop, "/face_recognize", Source("a.jpg", b"no picture")), 415)
    headers = {"x-api-key": shop.key()}
    refused(shop.house.client.post("/face_recognize", headers=headers, json={}), 415)
    refused(shop.house.client.post("/face_recognize", headers=headers, files={"x": b"1"}), 422)
    assert (shop.subjects(), shop.templates()) == (0, 0)


def test_programs_add_only_whom_the_organisation_answers_for(house, shared_data):
    shop = open_shop(house, agreed=False)
    answer = ask(shop, "/add_new_person", portrait(shared_data, 0), "Tea")
    assert "--agreed-elsewhere" in refused(answer, 403)
    assert shop.subjects() == 0


def test_keys_and_scopes_are_heeded(shop, shared_data):
    ann = portrait(shared_data, 0)
    for path, scope in (("/face_recognize", "recognise"), ("/add_new_person", "people:write")):
        key = shop.key(*(set(ALL) - {scope}))
        assert scope in refused(ask(shop, path, ann, "Tea", key), 403)
        refused(ask(shop, path, ann, "Tea", "nothing"), 401)
        bare = shop.house.client.post(path, files=file_of(ann), data={"description": "Tea"})
        refused(bare, 401)
    bearer = {"Authorization": f"Bearer {shop.key()}"}
    told = shop.house.client.post("/face_recognize", headers=bearer, files=file_of(ann))
    assert told.json()["name"] == "New User"
    assert shop.subjects() == 0


def test_another_organisation_and_the_erased_are_not_found(house, shared_data):
    shop, other = open_shop(house, "one"), open_shop(house, "other")
    made = added(shop, portrait(shared_data, 0), "Tea")
    assert recognised(other, portrait(shared_data, 0))["name"] == "New User"
    subject_id = made["visavis"]["subject_id"]
    shop.house.records.erasure.erase(shop.owner, subject_id)
    assert recognised(shop, portrait(shared_data, 0))["name"] == "New User"


def test_it_can_be_switched_off(tmp_path, shared_data):
    with serving_house(tmp_path, dialects={"seed": False}) as house:
        answer = ask(open_shop(house), "/face_recognize", portrait(shared_data, 0))
        assert answer.status_code == 404
        assert answer.headers["content-type"] == "application/problem+json"
