"""Weights over https."""

import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from visavis.core.errors import WeightsCorrupt, WeightsUnavailable
from visavis.vision.weights.fetching import url as module
from visavis.vision.weights.fetching.url import fetch_url
from visavis.vision.weights.progress import Silent
from visavis.vision.weights.sources import UrlSource

CONTENT = bytes(range(256)) * 1024
URL = "https://weights.example/a.onnx"
Answer = Callable[[httpx.Request], httpx.Response]


def fetched(tmp_path: Path, answer: Answer, source: UrlSource | None = None) -> bytes:
    target = tmp_path / "raw"
    transport = httpx.MockTransport(answer)
    fetch_url(source or UrlSource(URL), "tiny", target, Silent(), transport)
    assert [path.name for path in tmp_path.iterdir()] == ["raw"]
    return target.read_bytes()


def test_a_file_is_streamed_through_redirects(tmp_path: Path) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.host == "weights.example":
            return httpx.Response(302, headers={"Location": "https://mirror.example/b"})
        return httpx.Response(200, content=CONTENT)

    assert fetched(tmp_path, answer) == CONTENT


def test_progress_knows_the_whole(tmp_path: Path) -> None:
    class Told(Silent):
        last: tuple[int, int | None] = (0, None)

        def track(self, what: str, done: int, total: int | None) -> None:
            self.last = (done, total)

    told = Told()
    transport = httpx.MockTransport(lambda _: httpx.Response(200, content=CONTENT))
    fetch_url(UrlSource(URL), "tiny", tmp_path / "raw", told, transport)
    assert told.last == (len(CONTENT), len(CONTENT))


def test_a_member_of_a_zip_is_taken(tmp_path: Path) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("models/det.onnx", CONTENT)
        archive.writestr("../evil", b"")
    source = UrlSource(URL, "models/det.onnx")
    ok = httpx.Response(200, content=packed.getvalue())
    assert fetched(tmp_path, lambda _: ok, source) == CONTENT


@pytest.mark.parametrize("url", ["http://weights.example/a", "file:///etc/passwd", "nonsense"])
def test_anything_but_https_is_refused(tmp_path: Path, url: str) -> None:
    def redirect(request: httpx.Request) -> httpx.Response:
        return httpx.Response(301, headers={"Location": "http://weights.example/a"})

    with pytest.raises(WeightsUnavailable):
        fetched(tmp_path, lambda _: httpx.Response(200, content=CONTENT), UrlSource(url))
    with pytest.raises(WeightsUnavailable, match="over https only"):
        fetched(tmp_path, redirect)


def test_a_server_that_refuses_is_named_with_the_way_out(tmp_path: Path) -> None:
    with pytest.raises(WeightsUnavailable, match=r"404.*models pull tiny --from FILE"):
        fetched(tmp_path, lambda _: httpx.Response(404))

    def unreachable(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("no route to host", request=request)

    with pytest.raises(WeightsUnavailable, match="no route to host"):
        fetched(tmp_path, unreachable)


def test_an_endless_answer_is_cut_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_BYTES", 1000)
    with pytest.raises(WeightsCorrupt, match="larger than 1000 bytes"):
        fetched(tmp_path, lambda _: httpx.Response(200, content=CONTENT))
