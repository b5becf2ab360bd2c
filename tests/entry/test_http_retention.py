"""The retention schedule over HTTP."""

import pytest

from tests.entry.http_house import serving_house
from visavis.usecases.retention_rules import What


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    with serving_house(tmp_path_factory.mktemp("house")) as served:
        yield served


@pytest.fixture
def ask(house):
    return lambda method, what="", **more: house.ask(
        method, f"/api/v1/privacy/retention{what}", house.owners_token(house.host), **more
    )


def rule(ask, what):
    rules = {each["what"]: each for each in ask("GET").json()["rules"]}
    assert set(rules) == set(What)
    return rules[what]


def test_a_rule_is_changed_and_taken_back(ask):
    before = rule(ask, "templates")
    assert (before["days"], before["is_default"]) == (None, True)
    changed = ask("PUT", "/templates", json={"days": 90})
    assert changed.status_code == 200
    assert (changed.json()["days"], changed.json()["is_default"]) == (90, False)
    assert rule(ask, "templates") == changed.json()
    assert ask("DELETE", "/templates").json() == before


def test_for_good_is_something_that_can_be_said(ask):
    assert rule(ask, "logins_ended")["default_days"] == 30
    assert ask("PUT", "/logins_ended", json={"days": None}).json()["days"] is None
    assert rule(ask, "logins_ended")["is_default"] is False
    ask("DELETE", "/logins_ended")


@pytest.mark.parametrize("days", [0, -3, 36_525, 1.5, "x"])
def test_days_out_of_range_are_refused(ask, days):
    assert ask("PUT", "/templates", json={"days": days}).status_code == 422
    assert ask("PUT", "/templates", json={}).status_code == 422


def test_what_has_no_schedule_is_refused_with_the_reason(ask):
    assert "kept for good" in ask("PUT", "/audit", json={"days": 1}).json()["detail"]
    assert "choose from" in ask("DELETE", "/photos").json()["detail"]


def test_each_organisation_has_its_own(house, ask):
    ask("PUT", "/receipts", json={"days": 9})
    theirs = house.ask("GET", "/api/v1/privacy/retention", house.owners_token(house.guest))
    assert {each["what"]: each["days"] for each in theirs.json()["rules"]}["receipts"] is None
    ask("DELETE", "/receipts")
