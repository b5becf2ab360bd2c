"""Jobs over HTTP, as a user of a tenant sends them and follows them."""

import json
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from tests.entry.http_house import House, Tenant
from visavis.core.roles import Role
from visavis.usecases.actor import Actor

Picture = tuple[str, bytes]
"""Name and content."""


@dataclass(frozen=True)
class Event:
    """One event of a stream."""

    id: str
    state: dict[str, Any]


@dataclass(frozen=True)
class Crew:
    """A tenant that keeps pictures.

    Attributes:
        house: Where.
        tenant: Theirs.
        token: Of its operator.
    """

    house: House
    tenant: Tenant
    token: str

    @staticmethod
    def of(house: House, name: str = "crew") -> "Crew":
        tenant = house.add_tenant(name)
        owner = Actor(tenant.id, tenant.owner.id, Role.OWNER)
        house.records.privacy.change(owner, keep_pictures=True)
        return Crew(house, tenant, house.token(tenant.users[Role.OPERATOR]))

    def send(self, pictures: Sequence[Picture], key: str = "", **fields: str) -> httpx.Response:
        """Send pictures to be analysed later."""
        headers = {"Authorization": f"Bearer {self.token}"}
        headers |= {"Idempotency-Key": key} if key else {}
        files = [("files", picture) for picture in pictures]
        return self.house.client.post("/api/v1/jobs", headers=headers, files=files, data=fields)

    def sent(self, *pictures: Picture, **fields: str) -> dict[str, Any]:
        answer = self.send(pictures, **fields)
        assert answer.status_code == 202, answer.text
        told: dict[str, Any] = answer.json()
        assert answer.headers["Location"] == f"/api/v1/jobs/batches/{told['batch_id']}"
        return told

    def get(self, path: str, **query: str) -> httpx.Response:
        return self.house.ask("GET", f"/api/v1{path}", self.token, params=query)

    def post(self, path: str) -> httpx.Response:
        return self.house.ask("POST", f"/api/v1{path}", self.token)

    def job(self, job_id: str) -> dict[str, Any]:
        answer = self.get(f"/jobs/{job_id}")
        assert answer.status_code == 200, answer.text
        told: dict[str, Any] = answer.json()
        return told

    @contextmanager
    def stream(self, path: str, last: str = "") -> Iterator[httpx.Response]:
        headers = {"Authorization": f"Bearer {self.token}"}
        headers |= {"Last-Event-ID": last} if last else {}
        url = f"/api/v1/jobs/{path}/events"
        with self.house.client.stream("GET", url, headers=headers) as answer:
            yield answer

    def follow(self, path: str, last: str = "") -> list[Event]:
        """Return all events until the end."""
        with self.stream(path, last) as answer:
            assert answer.status_code == 200, answer.read()
            return list(events(answer.iter_lines()))


def events(lines: Iterator[str]) -> Iterator[Event]:
    """Read the events of a stream as they come."""
    told: dict[str, str] = {}
    for line in lines:
        name, colon, value = line.partition(": ")
        if name and colon:
            told[name] = value
        elif not line and "data" in told:
            assert told["event"] == "state"
            yield Event(told["id"], json.loads(told["data"]))
            told = {}


def hostile(shared_data: Path, count: int) -> list[Picture]:
    """Return some files that are broken, truncated or no pictures at all."""
    with zipfile.ZipFile(shared_data / "robust" / "images.zip") as archive:
        names = sorted(archive.namelist())[:: max(1, len(archive.namelist()) // count)][:count]
        return [(f"{i}.bin", archive.read(name)) for i, name in enumerate(names)]


def portrait(shared_data: Path, number: int) -> Picture:
    """Return the portrait of somebody, 0..; one face."""
    path = sorted((shared_data / "london").glob("*/neutral.jpg"))[number]
    return f"{number}.jpg", path.read_bytes()
