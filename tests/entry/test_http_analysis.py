"""`POST /api/v1/analyze` on a real server with the real engine."""

import base64
import tempfile
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from tests.entry.http_running import portraits, running_private
from visavis.core.types import Feature, Source
from visavis.entry.http_api.schemas import Problem, Results
from visavis.entry.services import Services
from visavis.usecases.analysis import Analysis
from visavis.usecases.analysis_json import to_dict

URL = "/api/v1/analyze"


@pytest.fixture(scope="module")
def client(services: Services) -> Iterator[httpx.Client]:
    with running_private(services) as client:
        yield client


@pytest.fixture(scope="module")
def portrait(shared_data: Path) -> bytes:
    return portraits(shared_data, 1)[0].read_bytes()


def send(client: httpx.Client, *pictures: tuple[str, bytes], **options: Any) -> httpx.Response:
    return client.post(URL, files=[("files", picture) for picture in pictures], **options)


def results(answer: httpx.Response) -> list[dict[str, Any]]:
    """Check an answer against the documented schema and return its entries."""
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    Results.model_validate(body)
    entries: list[dict[str, Any]] = body["results"]
    return entries


def refusal(answer: httpx.Response) -> Problem:
    """Check that an answer is a problem and says its own status."""
    assert answer.headers["content-type"] == "application/problem+json"
    found = Problem.model_validate(answer.json())
    assert found.status == answer.status_code
    return found


def test_a_portrait_has_one_face_where_the_engine_sees_it(
    client: httpx.Client, services: Services, portrait: bytes
) -> None:
    offline = services.analyses.submit(Source("me.jpg", portrait), {Feature.POINTS}).result()

    (entry,) = results(send(client, ("me.jpg", portrait)))

    expected = to_dict(offline, {Feature.POINTS})
    assert entry | {"took_ms": 0} == expected | {"took_ms": 0}
    assert entry["num_faces"] == 1
    box, nose = entry["faces"][0]["box"], entry["faces"][0]["points"]["nose"]
    assert box["x1"] < nose["x"] < box["x2"]
    assert box["y1"] < nose["y"] < box["y2"]


def test_features_are_what_is_asked_for_in_query_or_form(
    client: httpx.Client, portrait: bytes
) -> None:
    picture = ("me.jpg", portrait)
    (bare,) = results(send(client, picture, params={"features": ""}))
    (query,) = results(send(client, picture, params={"features": "mesh, embedding"}))
    (form,) = results(send(client, picture, data={"features": ["mesh", "embedding"]}))

    assert set(bare["faces"][0]) == {"face_index", "box", "score"}
    assert set(query["faces"][0]) == {*bare["faces"][0], "mesh", "mesh_score", "embedding"}
    assert form["faces"] == query["faces"]
    assert np.shape(query["faces"][0]["mesh"]) == (468, 3)
    assert np.linalg.norm(query["faces"][0]["embedding"]) == pytest.approx(1, abs=1e-5)


def test_unknown_features_and_renderings_are_refused_with_the_known_ones(
    client: httpx.Client, portrait: bytes
) -> None:
    feature = send(client, ("me.jpg", portrait), params={"features": "points,halo"})
    rendering = send(client, ("me.jpg", portrait), data={"render": "oil"})

    assert feature.status_code == rendering.status_code == 422
    assert "halo" in refusal(feature).detail
    assert "points, mesh, embedding" in refusal(feature).detail
    assert "annotated" in refusal(rendering).detail


def test_one_bad_picture_among_many_fails_alone_and_the_order_is_kept(
    client: httpx.Client, shared_data: Path
) -> None:
    good = [(path.parent.name, path.read_bytes()) for path in portraits(shared_data, 3)]
    sent = [
        good[0],
        ("notes.txt", b"not a picture at all"),
        ("cut.jpg", good[1][1][:2000]),
        good[2],
    ]

    answer = send(client, *sent)
    entries = results(answer)

    assert [entry["name"] for entry in entries] == [name for name, _ in sent]
    faults = [entry.get("error", {}).get("category") for entry in entries]
    assert faults == [None, "unsupported", "truncated", None]
    assert answer.json()["failures"] == 2
    assert [entry["num_faces"] for entry in entries if "faces" in entry] == [1, 1]


@pytest.mark.parametrize(
    ("data", "status", "category"),
    [
        (b"plain words", 415, "unsupported"),
        (b"", 400, "truncated"),
        (b"\xff\xd8\xff\xe0 and then nothing of use", 400, "truncated"),
    ],
)
def test_a_lone_bad_picture_is_a_problem_with_its_status(
    client: httpx.Client, data: bytes, status: int, category: str
) -> None:
    found = refusal(send(client, ("x.jpg", data)))

    assert (found.status, found.category) == (status, category)
    assert found.detail


def test_the_annotated_picture_comes_in_the_json_or_alone(
    client: httpx.Client, portrait: bytes
) -> None:
    asked = {"params": {"render": "annotated"}}
    (entry,) = results(send(client, ("me.jpg", portrait), **asked))
    alone = send(client, ("me.jpg", portrait), headers={"Accept": "image/jpeg"}, **asked)
    two = send(client, *[("me.jpg", portrait)] * 2, headers={"Accept": "image/jpeg"}, **asked)

    drawn = base64.b64decode(entry["annotated_jpeg"])
    assert drawn.startswith(b"\xff\xd8\xff")
    assert drawn != portrait
    assert alone.headers["content-type"] == "image/jpeg"
    assert alone.content == drawn
    assert all("annotated_jpeg" in entry for entry in results(two))


def test_large_pictures_never_touch_the_disk(
    client: httpx.Client, portrait: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", "/nowhere/at/all")  # any spooling fails here

    (entry,) = results(send(client, ("big.jpg", portrait + bytes(4_000_000))))

    assert entry["num_faces"] == 1


def test_sixteen_clients_at_once_get_what_the_engine_finds_alone(
    client: httpx.Client, services: Services, shared_data: Path
) -> None:
    sources = [Source(path.parent.name, path.read_bytes()) for path in portraits(shared_data, 16)]
    offline = [services.analyses.submit(source, {Feature.POINTS}).result() for source in sources]

    def ask(source: Source) -> list[dict[str, Any]]:
        with httpx.Client(base_url=client.base_url, timeout=120) as own:
            answers = [send(own, (source.name, source.data)) for _ in range(3)]
        return [results(answer)[0] for answer in answers]

    with ThreadPoolExecutor(16) as pool:
        online = list(pool.map(ask, sources))

    for alone, answers in zip(offline, online, strict=True):
        for answer in answers:
            assert answer["name"] == alone.name
            assert boxes(answer) == pytest.approx(alone.faces.boxes, abs=0.02)


def boxes(entry: dict[str, Any]) -> Any:
    return np.array([list(face["box"].values()) for face in entry["faces"]])


@pytest.mark.slow
def test_hostile_files_give_a_result_or_a_problem_and_the_server_stays_well(
    client: httpx.Client, shared_data: Path, portrait: bytes
) -> None:
    with zipfile.ZipFile(shared_data / "robust" / "images.zip") as archive:
        names = [name for name in archive.namelist() if not name.endswith("/")][::12]
        files = [(name, archive.read(name)) for name in names]

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda file: send(client, file), files))

    for answer in answers:
        if answer.status_code == 200:
            results(answer)
        else:
            assert answer.status_code in {400, 413, 415, 504}, answer.text
            assert refusal(answer).detail
    assert {answer.status_code for answer in answers} >= {200, 415}
    assert client.get("/readyz").json() == {"ready": True, "problems": []}
    assert results(send(client, ("me.jpg", portrait)))[0]["num_faces"] == 1


def test_an_answer_survives_any_file_name(client: httpx.Client, portrait: bytes) -> None:
    name = "../..\\a/Ünïcode \N{GRINNING FACE} <b>\"'.jpg"

    (entry,) = results(send(client, (name, portrait)))

    assert "/" not in entry["name"]
    assert "\\" not in entry["name"]
    assert entry["name"].startswith("Ünïcode \N{GRINNING FACE}")


def test_the_pictures_of_one_request_are_not_mixed_up(
    client: httpx.Client, services: Services, shared_data: Path
) -> None:
    pictures = [(path.parent.name, path.read_bytes()) for path in portraits(shared_data, 8)]

    entries = results(send(client, *pictures))

    for (name, data), entry in zip(pictures, entries, strict=True):
        alone = services.analyses.submit(Source(name, data), {Feature.POINTS}).result()
        assert isinstance(alone, Analysis)
        assert entry["sha256"] == alone.sha256
        assert boxes(entry) == pytest.approx(alone.faces.boxes, abs=0.02)


def test_an_upload_by_chunks_is_read_like_any_other(client: httpx.Client, portrait: bytes) -> None:
    whole = httpx.Request("POST", "http://x", files={"file": ("me.jpg", BytesIO(portrait))})
    body = whole.read()

    answer = client.post(
        URL,
        content=(body[i : i + 1000] for i in range(0, len(body), 1000)),
        headers={"Content-Type": whole.headers["Content-Type"]},
    )

    assert answer.request.headers["Transfer-Encoding"] == "chunked"
    assert results(answer)[0]["num_faces"] == 1
