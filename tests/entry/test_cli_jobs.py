"""Jobs at the command line: pictures are sent, done here or elsewhere, and steered."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from tests.entry.http_jobs import hostile, portrait
from tests.entry.roofs import a_roof
from visavis.core.settings import Settings
from visavis.entry.cli import app
from visavis.entry.services import Records, Services
from visavis.entry.wiring import open_records
from visavis.entry.wiring_work import open_work


@dataclass
class Desk:
    """A data folder, pictures, and the command line over them."""

    folder: Path
    services: Services

    def run(self, *words: str) -> Result:
        """Run a command; the weights are loaded already."""
        roof = a_roof(records=open_records, doing=self._doing)
        data = ["--data", str(self.folder / "data")]
        return CliRunner().invoke(app, ["jobs", *words, *data], obj=roof)

    def told(self, *words: str) -> Any:
        done = self.run(*words, "--json")
        assert done.exit_code == 0, done.output
        return json.loads(done.stdout)

    @contextmanager
    def _doing(self, _: Settings, records: Records) -> Iterator[None]:
        with open_work(records, self.services) as work, work.going_on():
            yield


@pytest.fixture
def desk(tmp_path, services, shared_data, monkeypatch) -> Desk:
    monkeypatch.setenv("VISAVIS_ACCOUNTS__LOGIN", "false")
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    for name, data in (*(portrait(shared_data, i) for i in range(3)), *hostile(shared_data, 4)):
        (pictures / name).write_bytes(data)
    return Desk(tmp_path, services)


def test_pictures_are_sent_and_done_here_where_nobody_else_does_them(desk):
    told = desk.told("submit", str(desk.folder / "pictures"), "--wait", "--features", "points")
    assert len(told["jobs"]) == 7
    by_name = {Path(job["name"]).name: job for job in told["jobs"]}
    assert [by_name[f"{i}.jpg"]["faces"] for i in range(3)] == [1, 1, 1]
    assert {job["state"] for job in told["jobs"]} == {"done", "parked"}
    assert all(job["error"] for job in told["jobs"] if job["state"] == "parked")
    listed = desk.told("list", "--batch", told["batch_id"], "--state", "done")
    assert {job["id"] for job in listed["jobs"]} == {
        job["id"] for job in told["jobs"] if job["state"] == "done"
    }


def test_what_is_sent_waits_and_is_steered(desk):
    picture = str(desk.folder / "pictures" / "0.jpg")
    (job,) = desk.told("submit", picture, "--priority", "1")["jobs"]
    assert (job["state"], job["faces"]) == ("waiting", None)
    shown = desk.told("show", job["id"])
    assert (shown["priority"], shown["kind"]) == (1, "analyze")
    assert desk.run("pause", "pictures").exit_code == 0
    (queue,) = [each for each in desk.told("queues")["queues"] if each["queue"] == "pictures"]
    assert (queue["waiting"], queue["held"]) == (1, True)
    assert desk.run("resume", "pictures").exit_code == 0
    assert "cancelled" in desk.run("cancel", job["id"]).stdout
    twice = desk.run("cancel", job["id"])
    assert (twice.exit_code, "cancelled already" in twice.stderr) == (2, True)
    assert "waiting" in desk.run("retry", job["id"]).stdout
    assert job["id"] in desk.run("list").stdout
    assert "1 waiting" in desk.run("queues").stdout


def test_what_cannot_be_used_is_told(desk):
    bad = desk.folder / "notes.txt"
    bad.write_text("no picture")
    done = desk.run("submit", str(bad), "--wait")
    assert done.exit_code == 2
    assert "parked: " in done.stderr
    assert "notes.txt" in done.stderr
    assert "1 parked, 0 not sent" in done.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("show", "0" * 32), "no such job"),
        (("cancel", "0" * 32), "no such job"),
        (("submit", "nowhere"), "does not exist"),
        (("submit", "pictures", "--features", "beauty"), "beauty"),
        (("pause", "nothing"), "no such queue"),
        (("list", "--state", "odd"), "odd"),
    ],
)
def test_what_cannot_be_is_named(desk, words, said, monkeypatch):
    monkeypatch.chdir(desk.folder)
    result = desk.run(*words)
    assert result.exit_code in {1, 2}
    assert said in result.output
    assert "Traceback" not in result.output


def test_files_that_are_too_large_stop_none_of_the_others(desk, monkeypatch):
    monkeypatch.setenv("VISAVIS_IMAGES__MAX_BYTES", "1000")
    small = desk.folder / "small.bin"
    small.write_bytes(b"x" * 1000)
    told = desk.told("submit", str(small), str(desk.folder / "pictures" / "0.jpg"))
    assert [job["name"] for job in told["jobs"]] == [str(small)]
    (failed,) = told["failures"]
    assert "larger than the 1000 bytes" in failed["reason"]
