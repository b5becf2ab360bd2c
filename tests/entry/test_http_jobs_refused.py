"""What the door of jobs does not take, and how many may wait and watch."""

from collections.abc import Iterator
from contextlib import ExitStack

import httpx
import pytest

from tests.entry.http_house import House, serving_house
from tests.entry.http_jobs import Crew, events
from visavis.core.roles import Role
from visavis.core.settings import MIB
from visavis.entry.http_api.events import EVERY_S, MOST_A_TENANT

MOST_WAITING = 5
MANY = {"max_files": 8}


@pytest.fixture(scope="module")
def house(tmp_path_factory) -> Iterator[House]:
    """Give a server where nobody works on jobs."""
    folder = tmp_path_factory.mktemp("refused")
    with serving_house(
        folder, jobs={"most_waiting": MOST_WAITING}, images={"max_bytes": MIB}, server=MANY
    ) as house:
        yield house


@pytest.fixture
def crew(house) -> Iterator[Crew]:
    crew = Crew.of(house)
    yield crew
    for job in crew.get("/jobs", state="waiting").json()["items"]:
        assert crew.post(f"/jobs/{job['id']}/cancel").status_code == 200


def picture(number: int) -> tuple[str, bytes]:
    return f"{number}.jpg", b"%d" % number


def test_more_than_may_wait_are_refused_and_none_of_them_is_taken(crew):
    crew.sent(picture(0), picture(1), picture(2))
    refused = crew.send([picture(i) for i in range(3)])
    assert refused.status_code == 429
    assert int(refused.headers["Retry-After"]) > 0
    assert "3 jobs wait" in refused.json()["detail"]
    assert len(crew.get("/jobs").json()["items"]) == 3
    crew.sent(picture(3), picture(4))


def test_a_file_that_is_too_large_stops_none_of_the_others(crew):
    large = ("large.jpg", bytes(MIB + 1))
    told = crew.sent(picture(0), large, picture(1))
    assert [job["name"] for job in told["jobs"]] == ["0.jpg", "1.jpg"]
    (failed,) = told["failures"]
    assert (failed["name"], failed["error"]["category"]) == ("large.jpg", "too_large")
    assert crew.send([large]).status_code == 413


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"features": "beauty"}, 422),
        ({"features": "emotion"}, 403),
        ({"priority": "10"}, 422),
        ({"priority": "-1"}, 422),
        ({"priority": "²"}, 422),
        ({"colour": "red"}, 422),
    ],
)
def test_what_cannot_be_asked_for_is_refused(crew, fields, status):
    refused = crew.send([picture(0)], **fields)
    assert refused.status_code == status, refused.text
    assert crew.get("/jobs").json()["items"] == []


def test_a_form_without_pictures_and_one_with_too_many(crew):
    assert crew.house.ask("POST", "/api/v1/jobs", crew.token, json={}).status_code == 415
    assert crew.send([], features="points").status_code in {400, 415, 422}
    assert crew.send([picture(i) for i in range(9)]).status_code == 413


def test_where_no_pictures_are_kept_none_can_wait(house):
    tenant = house.add_tenant("private")  # identifies people, and keeps no picture
    private = Crew(house, tenant, house.token(tenant.users[Role.OPERATOR]))
    refused = private.send([picture(0)])
    assert refused.status_code == 403
    assert "not kept" in refused.json()["detail"]
    assert private.get("/jobs").json()["items"] == []


def test_a_viewer_sees_jobs_and_sends_none(crew):
    (job,) = crew.sent(picture(0))["jobs"]
    viewer = Crew(crew.house, crew.tenant, crew.house.token(crew.tenant.users[Role.VIEWER]))
    assert viewer.job(job["id"])["state"] == "waiting"
    assert viewer.send([picture(1)]).status_code == 403
    assert viewer.post(f"/jobs/{job['id']}/cancel").status_code == 403


def test_a_key_without_the_scope_to_analyse_sends_nothing(crew):
    key = crew.house.key(crew.tenant.owner, "jobs:write")
    assert Crew(crew.house, crew.tenant, key).send([picture(0)]).status_code == 403


def test_so_many_streams_and_no_more_and_each_organisation_has_its_own(crew):
    (job,) = crew.sent(picture(0))["jobs"]
    other = Crew.of(crew.house, "other")
    (theirs,) = other.sent(picture(1))["jobs"]
    with ExitStack() as stack:
        told = []  # what is no longer read is closed
        for _ in range(MOST_A_TENANT):
            answer = stack.enter_context(crew.stream(job["id"]))
            told.append(events(answer.iter_lines()))
            assert next(told[-1]).state["state"] == "waiting"
        with crew.stream(job["id"]) as refused:
            assert refused.status_code == 429, refused.read()
            assert int(refused.headers["Retry-After"]) > 0
        with other.stream(theirs["id"]) as answer:
            assert next(events(answer.iter_lines())).state["id"] == theirs["id"]
    assert other.post(f"/jobs/{theirs['id']}/cancel").status_code == 200
    assert crew.post(f"/jobs/{job['id']}/cancel").status_code == 200
    streams = crew.house.ask("GET", f"/api/v1/jobs/{job['id']}/events", crew.token)
    while streams.status_code == 429:  # until the server has seen that the others left
        streams = crew.house.ask("GET", f"/api/v1/jobs/{job['id']}/events", crew.token)
    assert '"state":"cancelled"' in streams.text


def test_a_stream_ends_with_the_key_that_opened_it(crew, monkeypatch):
    monkeypatch.setattr("visavis.entry.http_api.events.BEAT_S", EVERY_S)
    (job,) = crew.sent(picture(0))["jobs"]
    key_id, secret = crew.house.add_key(crew.tenant.owner, "jobs:read")
    program = Crew(crew.house, crew.tenant, secret)
    with program.stream(job["id"]) as answer:
        told = events(answer.iter_lines())
        assert next(told).state["state"] == "waiting"
        owner = crew.house.owners_token(crew.tenant)
        gone = crew.house.ask("DELETE", f"/api/v1/keys/{key_id}", owner)
        assert gone.status_code == 204, gone.text
        assert list(told) == []
    with program.stream(job["id"]) as answer:
        assert answer.status_code == 401


def test_events_of_what_is_not_there_are_not_there(crew):
    for path in ("0" * 32, f"batches/{'0' * 32}"):
        with crew.stream(path) as answer:
            assert answer.status_code == 404


def test_a_stream_that_is_open_ends_with_the_server(tmp_path):
    with httpx.Client(timeout=60) as browser, ExitStack() as stack:
        with serving_house(tmp_path) as house:
            crew = Crew.of(house)
            (job,) = crew.sent(picture(0))["jobs"]
            url = house.client.base_url.join(f"/api/v1/jobs/{job['id']}/events")
            bearer = {"Authorization": f"Bearer {crew.token}"}
            answer = stack.enter_context(browser.stream("GET", url, headers=bearer))
            lines = answer.iter_lines()
            assert next(events(lines)).state["state"] == "waiting"
        with pytest.raises(httpx.RemoteProtocolError):  # cut off, so that it comes back later
            list(lines)
