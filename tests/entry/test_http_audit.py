"""The audit log over HTTP: read in parts, verified, its end kept elsewhere."""

import pytest
from sqlalchemy import text

from tests.entry.http_house import serving_house
from visavis.store.engine import open_engine


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    with serving_house(tmp_path_factory.mktemp("house")) as served:
        token = served.owners_token(served.host)
        for _ in range(5):
            served.ask("POST", "/api/v1/subjects", token, json={})
        yield served


@pytest.fixture
def ask(house):
    return lambda method, path="", **more: house.ask(
        method, f"/api/v1/audit{path}", house.owners_token(house.host), **more
    )


def test_the_log_comes_newest_first_and_in_parts(ask):
    seqs, before = [], None
    while True:
        params = {"limit": "2"} | ({"before_seq": str(before)} if before else {})
        part = ask("GET", params=params).json()
        seqs += [entry["seq"] for entry in part["items"]]
        before = part["next"]
        if before is None:
            break
    assert seqs == [*range(seqs[0], 0, -1)]
    assert seqs[0] >= 6
    newest = ask("GET").json()["items"][0]
    assert newest["at"].endswith("Z")
    assert set(newest) == {"seq", "at", "actor", "action", "subject_id", "details"}


def test_entries_about_one_person(ask):
    about = next(entry["subject_id"] for entry in ask("GET").json()["items"] if entry["subject_id"])
    found = ask("GET", params={"subject_id": about}).json()
    assert [entry["action"] for entry in found["items"]] == ["subject.created"]
    assert found["next"] is None
    assert ask("GET", params={"subject_id": "f" * 32}).json()["items"] == []


@pytest.mark.parametrize(
    "params", [{"limit": "0"}, {"limit": "201"}, {"before_seq": "0"}, {"subject_id": "x"}]
)
def test_what_does_not_fit_is_refused(ask, params):
    assert ask("GET", params=params).status_code == 422


def test_a_whole_log_is_whole_also_against_its_own_end(ask):
    head = ask("GET", "/head").json()
    for body in (None, {}, {"head": None}, {"head": head}):
        answer = ask("POST", "/verify", json=body)
        assert answer.json() == {"whole": True, "findings": []}, answer.text


def test_an_end_of_another_log_is_refused(house, ask):
    head = house.ask("GET", "/api/v1/audit/head", house.owners_token(house.guest)).json()
    answer = ask("POST", "/verify", json={"head": head})
    assert answer.status_code == 422
    assert "another organisation" in answer.json()["detail"]
    assert ask("POST", "/verify", json={"head": head | {"mac": "?"}}).status_code == 422


def test_an_edit_is_found_and_told_in_words(tmp_path):
    with serving_house(tmp_path) as house:
        token = house.owners_token(house.host)
        house.ask("POST", "/api/v1/subjects", token, json={})
        settings = house.records.ground.settings
        engine = open_engine(settings.store, settings.data)
        with engine.begin() as connection:
            connection.execute(text("UPDATE audit_entries SET actor = 'nobody' WHERE seq = 1"))
        engine.dispose()
        found = house.ask("POST", "/api/v1/audit/verify", token).json()
    assert found["whole"] is False
    (finding, *_) = found["findings"]
    assert (finding["seq"], finding["fault"]) == (1, "edited")
    assert finding["words"].startswith("Entry 1 was changed")
