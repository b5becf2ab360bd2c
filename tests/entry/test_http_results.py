"""Results over HTTP: listed, searched, read as older programs do, exported and removed."""

import csv
import io
from collections.abc import Iterator

import pytest

from tests.entry.http_house import House, serving_house
from tests.entry.http_people import Door
from tests.usecases.kept_results import FEATURES, analysis, keep, kept, picture
from visavis.core.roles import Role
from visavis.store.kinds import Mode
from visavis.store.results import Result

NEVER = "ab" * 32


@pytest.fixture(scope="module")
def house(tmp_path_factory) -> Iterator[House]:
    with serving_house(tmp_path_factory.mktemp("results")) as house:
        yield house


@pytest.fixture
def door(house) -> Door:
    door = Door.of(house, "studio")
    with house.records.ground.store.work() as work:
        work.tenants.change(door.tenant.id, mode=Mode.ANONYMOUS)
    return door


def put(door: Door, number: int = 0, **told: object) -> Result:
    return kept(door.house.records.results, door.tenant.id, number, **told)


def names(door: Door, query: str) -> set[str]:
    answer = door.get(f"/results{query}", Role.VIEWER)
    assert answer.status_code == 200, answer.text
    return {each["sha256"] for each in answer.json()["items"]}


def test_a_result_is_read_with_its_pictures(door):
    data = picture()
    found = analysis(data, name="müller.jpg")
    made = keep(door.house.records.results, door.tenant.id, found, data, job_id="cd" * 16)
    listed = door.get("/results", Role.VIEWER).json()
    assert listed["next"] is None
    assert listed["items"][0] | {"created_at": ""} == {
        "sha256": made.sha256,
        "created_at": "",
        "width": 64,
        "height": 48,
        "num_faces": 2,
        "pack": "default",
        "features": sorted(FEATURES),
        "job_id": "cd" * 16,
        "batch_id": None,
    }
    assert "müller" not in str(listed)
    answer = door.get(f"/results/{made.sha256}", Role.VIEWER)
    told = answer.json()
    assert told["visavis"]["analysis"]["name"] == "müller.jpg"
    assert answer.headers["cache-control"] == "private, no-store"
    for path, kind, content in (
        (told["image_path"], "image/jpeg", data),
        (told["visavis"]["annotated_path"], "image/jpeg", found.annotated),
    ):
        picture_ = door.get(path.removeprefix("/api/v1"), Role.VIEWER)
        assert picture_.content == content
        assert picture_.headers["content-type"] == kind
        assert picture_.headers["cache-control"] == "private, no-store"
        assert picture_.headers["x-content-type-options"] == "nosniff"
        assert picture_.headers["content-disposition"].startswith("attachment")


def test_what_is_asked_for_is_found(door):
    young = put(door, 1, ages=("3-9",), genders=("female",), smiles=(0.9,))
    couple = put(door, 2)
    nobody = put(door, 3, ages=())
    one, two, none = young.sha256, couple.sha256, nobody.sha256
    assert names(door, "") == {one, two, none}
    assert names(door, "?least_faces=1") == {one, two}
    assert names(door, "?most_faces=1") == {one, none}
    assert names(door, "?oldest=12&gender=female") == {one}
    assert names(door, "?oldest=12&gender=male") == set()
    assert names(door, "?youngest=30") == {two}
    assert names(door, "?smile=false") == {two}
    assert names(door, "?least_score=0.9") == {one, two}
    assert names(door, "?from=2000-01-01&to=2000-01-02T03:04:05Z") == set()
    assert names(door, "?from=2000-01-01T00:00:00%2B02:00") == {one, two, none}
    assert names(door, f"?batch_id={'ab' * 16}") == set()
    first = door.get("/results?limit=2").json()
    rest = door.get(f"/results?limit=2&cursor={first['next']}").json()
    assert [each["sha256"] for each in first["items"] + rest["items"]] == [none, two, one]
    for odd in (
        *("?gender=woman", "?youngest=-1", "?oldest=x", "?smile=perhaps", "?from=yesterday"),
        *("?to=0001-01-01T00:00:00%2B14:00", "?least_score=2", "?job_id=1", "?cursor=1"),
    ):
        assert door.get(f"/results{odd}").status_code == 422, odd


def test_the_faces_are_exported_as_a_table(door):
    put(door, 1, name="=cmd.jpg", ages=("3-9",), genders=("female",))
    put(door, 2, name="two.jpg")
    answer = door.get("/results.csv?least_faces=1", Role.VIEWER)
    assert answer.headers["content-type"].startswith("text/csv")
    assert answer.headers["cache-control"] == "private, no-store"
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [row["file"] for row in rows] == ["two.jpg", "two.jpg", "'=cmd.jpg"]
    assert rows[2]["age_value"] == "3-9"
    assert len(door.get("/results.csv?oldest=5").text.splitlines()) == 1


def test_a_result_is_removed_once(door):
    made = put(door)
    path = f"/results/{made.sha256}"
    assert door.ask("DELETE", path, Role.VIEWER).status_code == 403
    assert door.ask("DELETE", path, Role.OPERATOR).status_code == 204
    for way in (path, f"{path}/picture", f"{path}/annotated", f"/results/{NEVER}"):
        assert door.get(way).status_code == 404, way
    assert door.ask("DELETE", path).status_code == 404
    assert door.get("/results/../../x").status_code in {404, 405}
    assert door.get(f"/results/{made.sha256.upper()}").status_code == 422


def test_nobody_reads_results_of_another_organisation(door, house):
    made, stranger = put(door), Door.of(house, "other")
    assert stranger.get("/results").json()["items"] == []
    for way in ("", "/picture", "/annotated"):
        assert stranger.get(f"/results/{made.sha256}{way}").status_code == 404
    assert stranger.ask("DELETE", f"/results/{made.sha256}").status_code == 404
    assert len(stranger.get("/results.csv").text.splitlines()) == 1
