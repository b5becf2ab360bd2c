"""Health, metrics, documentation page and headers, on a real server."""

import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.entry.http_running import faulty_services, portraits, running_private
from visavis.core.errors import ImageFault, InvalidImage
from visavis.core.settings import Settings
from visavis.entry.services import Services


def corrupt() -> None:
    raise InvalidImage(ImageFault.CORRUPT, "it is broken")


@pytest.fixture(scope="module")
def client() -> Iterator[httpx.Client]:
    with running_private(faulty_services(corrupt, Settings())) as client:
        yield client


def figures(client: httpx.Client) -> dict[tuple[str, ...], float]:
    """Return the metrics as name and label values (by label: method, route, status) → value."""
    text = client.get("/metrics").text
    return {
        (sample.name, *(value for _, value in sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_alive_though_not_ready(client: httpx.Client) -> None:
    alive, ready = client.get("/healthz"), client.get("/readyz")

    assert (alive.status_code, alive.json()) == (200, {"status": "alive"})
    assert ready.status_code == 503
    assert ready.json() == {"ready": False, "problems": ["0 of 2 analysis workers are alive"]}


def test_requests_are_counted_by_template_and_nothing_personal_is_kept(
    client: httpx.Client,
) -> None:
    before = figures(client)
    client.get("/healthz")
    client.get("/people/alice")
    client.request("PROPFIND", "/people/bob")
    client.post("/api/v1/analyze", files={"file": ("carol.jpg", b"x")})
    after = figures(client)

    def grown(*key: str) -> float:
        return after.get(key, 0) - before.get(key, 0)

    assert grown("visavis_http_requests_total", "GET", "/healthz", "200") == 1
    assert grown("visavis_http_requests_total", "POST", "/api/v1/analyze", "400") == 1
    assert after["visavis_queue_waiting",] == 7
    timed = {key[1:] for key in after if key[0] == "visavis_http_request_seconds_count"}
    assert {("GET", "other"), ("other", "other")} < timed
    assert {route for _, route in timed} <= {
        "other",
        "/api/v1/analyze",
        *("/healthz", "/readyz", "/metrics"),
    }
    assert not re.search("alice|bob|carol", client.get("/metrics").text)


def test_pictures_and_faces_are_counted(services: Services, shared_data: Path) -> None:
    with running_private(services) as client:
        (path,) = portraits(shared_data, 1)
        pictures = [("a.jpg", path.read_bytes()), ("b.jpg", path.read_bytes()), ("c.txt", b"words")]
        client.post("/api/v1/analyze", files=[("files", picture) for picture in pictures])
        counted = figures(client)

    assert counted["visavis_pictures_total", "analysed"] == 2
    assert counted["visavis_pictures_total", "unsupported"] == 1
    assert counted["visavis_faces_total",] == 2


def test_the_documentation_loads_nothing_from_elsewhere(client: httpx.Client) -> None:
    page = client.get("/docs")
    links = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assets = [client.get(link) for link in links if link.startswith("/")]

    assert len(assets) == 3
    assert all(asset.status_code == 200 and asset.content for asset in assets)
    assert not re.search("https?://", page.text)
    assert "script-src 'self';" in page.headers["content-security-policy"]


@pytest.mark.parametrize("path", ["/healthz", "/docs", "/openapi.json", "/metrics", "/nowhere"])
def test_every_answer_carries_the_security_headers(client: httpx.Client, path: str) -> None:
    answer = client.get(path, headers={"Origin": "https://elsewhere.example"})

    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert "access-control-allow-origin" not in answer.headers
    assert "server" not in answer.headers
