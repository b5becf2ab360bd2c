"""Jobs over HTTP with real weights: what is sent is done, or parked with its reason."""

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import pytest
from fastapi import FastAPI

from tests.entry.http_house import House, serving_house
from tests.entry.http_jobs import Crew, Event, events, hostile, portrait
from visavis.core.roles import Role
from visavis.entry.wiring_work import open_work
from visavis.usecases.queues import PICTURES

QUICK = {"sweep_s": 0.2}
HOSTILE = 24


@pytest.fixture(scope="module")
def house(tmp_path_factory, services) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("jobs")
    apps: list[FastAPI] = []
    with (
        serving_house(folder, services=services, jobs=QUICK, prepare=apps.append) as house,
        open_work(house.records, services, told=apps[0].state.metrics.job) as work,
        work.going_on([PICTURES]),
    ):
        yield house


@pytest.fixture
def crew(house) -> Crew:
    return Crew.of(house)


@pytest.fixture
def paused(house) -> Iterator[None]:
    """Let nothing be begun."""
    owner = house.owners_token(house.host)
    assert house.ask("POST", "/api/v1/queues/pictures/pause", owner).status_code == 204
    yield
    resume(house)


def resume(house) -> None:
    owner = house.owners_token(house.host)
    assert house.ask("POST", "/api/v1/queues/pictures/resume", owner).status_code == 204


def test_good_pictures_are_done_and_bad_ones_parked_with_their_reason(crew, shared_data):
    good = [portrait(shared_data, i) for i in range(4)]
    bad = hostile(shared_data, HOSTILE)
    mixed = [*bad[::2], *good, *bad[1::2]]
    told = crew.sent(*mixed, features="points,age")
    crew.follow(f"batches/{told['batch_id']}")
    ends: Counter[str] = Counter()
    for (name, content), accepted in zip(mixed, told["jobs"], strict=True):
        job = crew.job(accepted["id"])
        at_once = crew.house.client.post(
            "/api/v1/analyze",
            params={"features": "points,age"},
            headers={"Authorization": f"Bearer {crew.token}"},
            files=[("files", (name, content))],
        )
        assert accepted["name"] == name
        ends[job["state"]] += 1
        if at_once.status_code == 200:
            assert (job["state"], job["error"]) == ("done", None)
            (result,) = at_once.json()["results"]
            assert job["result"] == {"sha256": result["sha256"], "faces": result["num_faces"]}
            kept = crew.get(f"/results/{result['sha256']}").json()
            assert kept["num_faces"] == result["num_faces"]
        else:
            assert (job["state"], job["error"]) == ("parked", at_once.json()["detail"])
            assert (job["attempts"], job["result"]) == (1, {})
    assert ends["done"] >= len(good)
    assert ends["parked"] >= HOSTILE // 3
    batch = crew.get(f"/jobs/batches/{told['batch_id']}").json()
    assert (batch["counts"]["done"], batch["counts"]["parked"]) == (ends["done"], ends["parked"])
    assert (batch["progress"], batch["is_over"], batch["total"]) == (1, True, len(mixed))


def test_a_key_gives_the_jobs_of_the_first_time(crew, shared_data):
    pictures = [portrait(shared_data, i) for i in range(2)]
    first = crew.send(pictures, key="order-7").json()
    with ThreadPoolExecutor(6) as pool:
        again = list(pool.map(lambda _: crew.send(pictures, key="order-7").json(), range(6)))
    at_once = [{job["id"] for job in told["jobs"]} for told in again]
    assert at_once == [{job["id"] for job in first["jobs"]}] * 6
    assert {told["batch_id"] for told in again} == {first["batch_id"]}
    with ThreadPoolExecutor(6) as pool:
        new = list(pool.map(lambda _: crew.send(pictures, key="order-8"), range(6)))
    assert {answer.status_code for answer in new} == {202}
    assert len({job["id"] for answer in new for job in answer.json()["jobs"]}) == 2
    assert len(crew.get("/jobs").json()["items"]) == 4
    others = crew.send(pictures[::-1], key="order-7")
    assert (others.status_code, "other pictures" in others.json()["detail"]) == (422, True)
    more = crew.send([*pictures, pictures[0]], key="order-7")
    assert more.status_code == 422
    assert Crew.of(crew.house).send(pictures, key="order-7").status_code == 202
    assert crew.send(pictures, key="two words").status_code == 422


def test_a_job_is_followed_from_the_first_state_to_the_last(crew, house, paused, shared_data):
    (job,) = crew.sent(portrait(shared_data, 0), priority="2")["jobs"]
    seen: list[Event] = []
    with crew.stream(job["id"]) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        for event in events(answer.iter_lines()):
            if not seen:
                assert event.state["state"] == "waiting"
                resume(house)
            seen.append(event)
    order = ["waiting", "running", "done"]
    states = [event.state["state"] for event in seen]
    assert states == sorted(states, key=order.index)
    assert states[-1] == "done"
    assert seen[-1].state == crew.job(job["id"])
    assert seen[-1].state["priority"] == 2
    assert all(one.id != next_.id for one, next_ in pairwise(seen))
    (last,) = crew.follow(job["id"], last=seen[0].id)  # as who was away meanwhile
    assert last == seen[-1]
    with crew.stream(job["id"], last=last.id) as answer:
        assert answer.status_code == 204  # browsers come back no more


def test_a_batch_is_followed_until_all_of_it_ended(crew, shared_data):
    told = crew.sent(*(portrait(shared_data, i) for i in range(6)), ("x.jpg", b"none"))
    states = [event.state for event in crew.follow(f"batches/{told['batch_id']}")]
    progress = [state["progress"] for state in states]
    assert progress == sorted(progress)
    assert [state["is_over"] for state in states] == [False] * (len(states) - 1) + [True]
    assert (states[-1]["counts"]["done"], states[-1]["counts"]["parked"]) == (6, 1)


def test_what_waits_is_cancelled_and_begins_anew(crew, house, paused, shared_data):
    one, other = crew.sent(portrait(shared_data, 0), portrait(shared_data, 1))["jobs"]
    cancelled = crew.post(f"/jobs/{one['id']}/cancel").json()
    assert (cancelled["state"], cancelled["ended_at"] is not None) == ("cancelled", True)
    again = crew.post(f"/jobs/{one['id']}/cancel")
    assert (again.status_code, again.json()["detail"]) == (422, "this job is cancelled already")
    assert crew.post(f"/jobs/{other['id']}/retry").status_code == 422
    resume(house)
    assert crew.follow(other["id"])[-1].state["state"] == "done"
    assert crew.job(one["id"])["state"] == "cancelled"
    assert crew.post(f"/jobs/{one['id']}/retry").json()["state"] == "waiting"
    assert crew.follow(one["id"])[-1].state["result"]["faces"] == 1


def test_a_batch_is_cancelled_as_a_whole(crew, house, paused, shared_data):
    told = crew.sent(portrait(shared_data, 0), portrait(shared_data, 1))
    (other,) = crew.sent(portrait(shared_data, 2))["jobs"]
    batch = crew.post(f"/jobs/batches/{told['batch_id']}/cancel").json()
    assert (batch["counts"]["cancelled"], batch["is_over"]) == (2, True)
    assert crew.job(other["id"])["state"] == "waiting"
    assert crew.post(f"/jobs/batches/{told['batch_id']}/cancel").status_code == 200


def test_a_parked_job_begins_anew_and_is_parked_again(crew):
    (job,) = crew.sent(("x.jpg", b"no picture"))["jobs"]
    first = crew.follow(job["id"])[-1].state
    assert crew.post(f"/jobs/{job['id']}/retry").json()["error"] is None
    second = crew.follow(job["id"])[-1].state
    assert (second["state"], second["error"]) == ("parked", first["error"])
    assert second["ended_at"] > first["ended_at"]


def test_jobs_are_listed_by_state_kind_and_batch(crew, shared_data):
    told = crew.sent(portrait(shared_data, 0), ("x.jpg", b"none"), portrait(shared_data, 1))
    crew.follow(f"batches/{told['batch_id']}")
    other = crew.sent(portrait(shared_data, 2))
    crew.follow(f"batches/{other['batch_id']}")

    def ids(**query):
        return {job["id"] for job in crew.get("/jobs", **query).json()["items"]}

    good, bad, second = (job["id"] for job in told["jobs"])
    third = other["jobs"][0]["id"]
    assert ids() == {good, bad, second, third}
    assert ids(state="parked") == {bad}
    assert ids(batch=told["batch_id"], state="done") == {good, second}
    assert ids(kind="analyze") == ids()
    assert ids(kind="other") == set()
    first = crew.get("/jobs", limit="3").json()
    rest = crew.get("/jobs", limit="3", cursor=first["next"]).json()
    assert first["items"][0]["id"] == third
    assert len(first["items"] + rest["items"]) == 4
    assert rest["next"] is None


def test_queues_are_the_hosts_alone(crew, house, paused):
    assert crew.get("/queues").status_code == 403
    owner = house.owners_token(house.host)
    items = house.ask("GET", "/api/v1/queues", owner).json()["items"]
    assert {item["name"]: item["paused"] for item in items}["pictures"] is True
    assert house.ask("POST", "/api/v1/queues/nothing/pause", owner).status_code == 404
    guest = house.token(house.guest.users[Role.OWNER])
    assert house.ask("POST", "/api/v1/queues/pictures/resume", guest).status_code == 403


def test_prometheus_is_told_of_queues_but_not_whose(crew, house, paused, shared_data):
    crew.sent(portrait(shared_data, 0), portrait(shared_data, 1))
    told = house.ask("GET", "/metrics", house.owners_token(house.host)).text
    lines = dict(line.rsplit(" ", 1) for line in told.splitlines() if line[:1] != "#")
    assert float(lines['visavis_jobs_waiting{queue="pictures"}']) >= 2
    assert float(lines['visavis_jobs_paused{queue="pictures"}']) == 1
    assert float(lines['visavis_jobs_oldest_seconds{queue="pictures"}']) > 0
    assert {'visavis_jobs_retries{queue="pictures"}', 'visavis_jobs_parked{queue="store"}'} <= {
        *lines
    }
    assert crew.tenant.id not in told


def test_prometheus_is_told_how_long_tries_took(crew, house, shared_data):
    told = crew.sent(portrait(shared_data, 0), ("x.jpg", b"no picture"))
    crew.follow(f"batches/{told['batch_id']}")
    text = house.ask("GET", "/metrics", house.owners_token(house.host)).text
    for outcome in ("done", "failed"):
        (line,) = [
            line
            for line in text.splitlines()
            if line.startswith("visavis_job_seconds_count") and f'outcome="{outcome}"' in line
        ]
        assert 'queue="pictures"' in line
        assert float(line.rsplit(" ", 1)[1]) >= 1
