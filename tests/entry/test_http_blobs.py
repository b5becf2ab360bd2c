"""Files over HTTP: streamed in, read back in parts, shared by links; hostile names and types."""

import hashlib
import socket
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from urllib.parse import urlsplit

import httpx
import pytest

from tests.entry.http_running import faulty_services, running
from tests.usecases.conftest import House, make_house
from visavis.core.settings import load_settings
from visavis.credentials.roles import Permission
from visavis.credentials.tokens import hash_secret, new_secret
from visavis.entry.http_api import limits
from visavis.entry.http_api.app import create_app
from visavis.entry.http_api.schemas import Problem
from visavis.entry.services import Records
from visavis.entry.wiring import open_people, open_records
from visavis.usecases.actor import Actor

URL = "/api/v1/blobs"
MOST = 300_000
JPEG = b"\xff\xd8\xff\xe0" + bytes(range(256)) * 400
SHA256 = hashlib.sha256(JPEG).hexdigest()
NEVER = "0" * 64


@dataclass(frozen=True)
class Site:
    """A server with two tenants."""

    client: httpx.Client
    records: Records
    house: House
    other: House

    def login(self, actor: Actor, *scopes: Permission) -> dict[str, str]:
        """Make a key of a user with all their permissions, and send it."""
        secret, ground = new_secret(), self.records.ground
        with ground.store.work() as work:
            work.api_keys.add(
                actor.tenant_id,
                actor.user_id,
                "test",
                hash_secret(secret),
                scopes or Permission,
                ground.clock(),
            )
        return {"Authorization": f"Bearer {secret}"}

    def send(self, content: bytes = JPEG, kind: str = "image/jpeg", **more: str) -> httpx.Response:
        headers = self.login(self.house.operator) | {"Content-Type": kind}
        return self.client.post(URL, content=content, headers=headers, params=more)

    def read(self, sha256: str = SHA256, **headers: str) -> httpx.Response:
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.get(f"{URL}/{sha256}", headers=self.login(self.house.viewer) | given)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    settings = load_settings(
        data=tmp_path_factory.mktemp("site"),
        server={"max_request_bytes": MOST, "site": "https://faces.example"},
        throttle={"per_address": "100000 per minute"},
    )
    services = faulty_services(lambda: None, settings)
    with (
        closing(open_records(settings)) as records,
        running(create_app(services, records, open_people(services, records))) as client,
    ):
        house = make_house(records.ground)
        yield Site(client, records, house, make_house(records.ground, "second"))
    assert list(settings.data.glob("blobs/partial/*")) == [], "what was refused left something"


@pytest.fixture
def kept(site: Site) -> Iterator[str]:
    answer = site.send()
    assert answer.status_code == 201, answer.text
    assert answer.headers["location"] == f"{URL}/{SHA256}"
    assert (answer.json()["sha256"], answer.json()["size"]) == (SHA256, len(JPEG))
    yield SHA256
    site.client.delete(f"{URL}/{SHA256}", headers=site.login(site.house.operator))


def test_a_file_comes_back_as_it_was_and_is_never_shown(site: Site, kept: str) -> None:
    answer = site.read()
    assert (answer.status_code, answer.content) == (200, JPEG)
    assert answer.headers["content-type"] == "image/jpeg"
    assert answer.headers["content-length"] == str(len(JPEG))
    assert answer.headers["content-disposition"].startswith("attachment; ")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"].startswith("private")
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert answer.headers["etag"] == f'"{SHA256}"'
    looked = site.client.head(f"{URL}/{kept}", headers=site.login(site.house.viewer))
    assert (looked.status_code, looked.content) == (200, b"")
    assert looked.headers["content-length"] == str(len(JPEG))


@pytest.mark.parametrize(
    ("asked", "start", "end"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=10-19", 10, 20),
        ("bytes=100000-", 100_000, len(JPEG)),
        ("bytes=-5", len(JPEG) - 5, len(JPEG)),
        ("bytes=-9999999", 0, len(JPEG)),
        ("bytes=5-9999999999999999999", 5, len(JPEG)),
    ],
)
def test_a_range_is_answered_with_that_part(
    site: Site, kept: str, asked: str, start: int, end: int
) -> None:
    answer = site.read(Range=asked)
    assert (answer.status_code, answer.content) == (206, JPEG[start:end])
    assert answer.headers["content-range"] == f"bytes {start}-{end - 1}/{len(JPEG)}"
    assert answer.headers["content-length"] == str(end - start)


@pytest.mark.parametrize(
    "asked",
    ["bytes=-", "bytes=5-1", "bytes=0-1,5-6", "lines=1-2", "bytes=a-b", "bytes=1", "9" * 500,
     "bytes=" + "9" * 30 + "-", "bytes=²-³"],
)  # fmt: skip
def test_what_is_no_range_is_answered_whole(site: Site, kept: str, asked: str) -> None:
    headers = site.login(site.house.viewer)
    raw = [*((k.encode(), v.encode()) for k, v in headers.items()), (b"Range", asked.encode())]
    answer = site.client.get(f"{URL}/{kept}", headers=raw)
    assert (answer.status_code, answer.content) == (200, JPEG)


@pytest.mark.parametrize("asked", [f"bytes={len(JPEG)}-", "bytes=-0", "bytes=999999-9999999"])
def test_a_range_beyond_the_file_is_told(site: Site, kept: str, asked: str) -> None:
    answer = site.read(Range=asked)
    assert answer.status_code == 416
    assert answer.headers["content-range"] == f"bytes */{len(JPEG)}"


def test_a_copy_that_is_still_good_is_not_sent_again(site: Site, kept: str) -> None:
    for known in (f'"{SHA256}"', f'"x", W/"{SHA256}"', "*"):
        answer = site.read(If_None_Match=known)
        assert (answer.status_code, answer.content) == (304, b"")
    assert site.read(If_None_Match=f'"{NEVER}"').status_code == 200
    assert site.read(Range="bytes=0-1", If_Range=f'"{SHA256}"').status_code == 206
    assert site.read(Range="bytes=0-1", If_Range=f'"{NEVER}"').status_code == 200


def test_another_tenants_file_is_answered_as_one_that_never_was(site: Site, kept: str) -> None:
    headers = site.login(site.other.owner)
    order = {"seconds": 60, "name": "a.jpg"}
    for method, path, body in (
        ("GET", f"{URL}/%s", None),
        ("HEAD", f"{URL}/%s", None),
        ("DELETE", f"{URL}/%s", None),
        ("POST", f"{URL}/%s/link", order),
    ):
        theirs, never = (
            site.client.request(method, path % name, headers=headers, json=body)
            for name in (kept, NEVER)
        )
        assert theirs.status_code == never.status_code == 404
        if method != "HEAD":
            assert theirs.json() | {"instance": ""} == never.json() | {"instance": ""}
    assert site.read().content == JPEG


@pytest.mark.parametrize(
    "name",
    ["..", "%2e%2e", "%2e%2e%2f%2e%2e%2fetc%2fpasswd", "..%5c..", "%00", f"{SHA256}%00", ".",
     f"{SHA256}%0a", SHA256.upper(), SHA256[:-1], f"{SHA256}/", f"./{SHA256}", "%ff", "~",
     "a" * 9999],
)  # fmt: skip
@pytest.mark.parametrize("method", ["GET", "HEAD", "DELETE"])
def test_no_other_name_leads_anywhere(site: Site, kept: str, method: str, name: str) -> None:
    """Sent as it is: clients would tidy it up."""
    url, lines = urlsplit(str(site.client.base_url)), site.login(site.house.owner)
    headers = "".join(f"{k}: {v}\r\n" for k, v in lines.items())
    with closing(socket.create_connection((url.hostname, url.port), timeout=30)) as sock:
        request = f"{method} {URL}/{name} HTTP/1.1\r\nHost: x\r\n{headers}Connection: close\r\n\r\n"
        sock.sendall(request.encode())
        answer = b"".join(iter(lambda: sock.recv(65536), b""))
    status = int(answer.split()[1])
    assert status in {400, 404, 405, 422, 307}, answer[:200]
    assert JPEG[:50] not in answer
    assert site.read().content == JPEG


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        ("", JPEG),
        ("text/html", b"<script>alert(1)</script>"),
        ("image/svg+xml", b"<svg onload='alert(1)'/>"),
        ("image/jpeg", b"<script>alert(1)</script>"),
        ("image/png", JPEG),
        ("image/jpeg, text/html", JPEG),
        ("application/octet-stream", JPEG),
        ("multipart/form-data; boundary=B", b"--B--"),
        ("image/jpeg", b""),
        ("application/json", b"<!doctype html>{}"),
    ],
)
def test_a_file_that_is_not_what_it_says_is_refused(site: Site, kind: str, content: bytes) -> None:
    answer = site.send(content, kind)
    assert answer.status_code == 422
    assert Problem.model_validate(answer.json()).detail


def test_a_file_that_is_too_large_is_refused_as_it_comes(site: Site) -> None:
    def endless() -> Iterator[bytes]:
        for _ in range(50):
            yield JPEG[:10_000]

    headers = site.login(site.house.operator) | {"Content-Type": "image/jpeg"}
    assert site.client.post(URL, content=endless(), headers=headers).status_code == 413
    assert site.send(JPEG.ljust(MOST + 1, b"x")).status_code == 413


def test_a_file_that_comes_too_slowly_is_refused(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "GAP_S", 0.05)
    url, lines = urlsplit(str(site.client.base_url)), site.login(site.house.operator)
    lines |= {"Host": "x", "Content-Type": "image/jpeg", "Content-Length": "5000"}
    head = "".join(f"{k}: {v}\r\n" for k, v in lines.items())
    with closing(socket.create_connection((url.hostname, url.port), timeout=30)) as sock:
        sock.sendall(f"POST {URL} HTTP/1.1\r\n{head}\r\n".encode() + JPEG[:600])
        answer = b"".join(iter(lambda: sock.recv(65536), b""))
    assert answer.split()[1] == b"408"


def test_a_sender_who_leaves_leaves_nothing(site: Site) -> None:
    url, lines = urlsplit(str(site.client.base_url)), site.login(site.house.operator)
    lines |= {"Host": "x", "Content-Type": "image/jpeg", "Content-Length": str(len(JPEG))}
    head = "".join(f"{k}: {v}\r\n" for k, v in lines.items())
    for _ in range(40):  # more than there are threads for uploads
        with closing(socket.create_connection((url.hostname, url.port), timeout=30)) as sock:
            sock.sendall(f"POST {URL} HTTP/1.1\r\n{head}\r\n".encode() + JPEG[:999])
    assert site.send().status_code == 201
    assert site.read().content == JPEG


def test_who_may_not_read_or_write_may_not(site: Site, kept: str) -> None:
    client, headers = site.client, {"Content-Type": "image/jpeg"}
    assert client.get(f"{URL}/{kept}").status_code == 401
    assert client.post(URL, content=JPEG, headers=headers).status_code == 401
    viewer = site.login(site.house.viewer)
    assert client.post(URL, content=JPEG, headers=headers | viewer).status_code == 403
    assert client.delete(f"{URL}/{kept}", headers=viewer).status_code == 403
    order = {"seconds": 60, "name": "a.jpg"}
    assert client.post(f"{URL}/{kept}/link", json=order, headers=viewer).status_code == 403
    narrow = site.login(site.house.owner, Permission.PHOTOS_READ)
    assert client.post(URL, content=JPEG, headers=headers | narrow).status_code == 403
    assert client.get(f"{URL}/{kept}", headers=narrow).status_code == 200


def test_a_file_of_somebody_needs_somebody_of_this_tenant(site: Site) -> None:
    ground = site.records.ground
    with ground.store.work() as work:
        mine = work.subjects.add(site.house.tenant_id, ground.clock()).id
        theirs = work.subjects.add(site.other.tenant_id, ground.clock()).id
    assert site.send(subject_id=theirs).status_code == 404
    assert site.send(subject_id="../..").status_code == 422
    answer = site.send(JPEG + b"of a subject", subject_id=mine)
    assert answer.status_code == 201
    with ground.store.reading() as work:
        (use,) = work.blob_rows.uses_of_subject(site.house.tenant_id, mine)
    assert use.sha256 == answer.json()["sha256"]


def test_deleting_deletes(site: Site, kept: str) -> None:
    headers = site.login(site.house.operator)
    assert site.client.delete(f"{URL}/{kept}", headers=headers).status_code == 204
    assert site.client.delete(f"{URL}/{kept}", headers=headers).status_code == 404
    assert site.read().status_code == 404


def make_link(site: Site, sha256: str, **order: object) -> str:
    headers = site.login(site.house.operator)
    answer = site.client.post(f"{URL}/{sha256}/link", json=order, headers=headers)
    assert answer.status_code == 201, answer.text
    url = str(answer.json()["url"])
    assert url.startswith("https://faces.example/api/v1/shared?")
    return url.removeprefix("https://faces.example")


def test_a_link_opens_its_file_for_everybody(site: Site, kept: str) -> None:
    path = make_link(site, kept, name='Zoë "the cat".jpg', seconds=60)
    answer = site.client.get(path)
    assert (answer.status_code, answer.content) == (200, JPEG)
    told = answer.headers["content-disposition"]
    assert told == (
        'attachment; filename="Zo_ _the cat_.jpg"; '
        "filename*=UTF-8''Zo%C3%AB%20%22the%20cat%22.jpg"
    )
    assert "no-store" in answer.headers["cache-control"]
    part = site.client.get(path, headers={"Range": "bytes=1-2"})
    assert (part.status_code, part.content) == (206, JPEG[1:3])
    assert site.client.get(make_link(site, kept)).content == JPEG


def test_a_wrong_link_is_403_and_says_nothing_else(site: Site, kept: str) -> None:
    path = make_link(site, kept)
    query = urlsplit(path).query
    for wrong in (
        "", "?", "?v=1", f"?{query}&x=1", f"?{query[:-1]}", f"?{query.replace(kept, NEVER)}",
        f"?{query.replace(site.house.tenant_id, site.other.tenant_id)}", f"?{query.upper()}",
        f"?{query}%00", "?" + "a=1&" * 500, "?\N{SNOWMAN}", f"?%20{query}",
    ):  # fmt: skip
        answer = site.client.get(f"/api/v1/shared{wrong}")
        assert answer.status_code == 403, wrong
        assert Problem.model_validate(answer.json()).title == "That is not allowed"
    site.client.delete(f"{URL}/{kept}", headers=site.login(site.house.operator))
    assert site.client.get(path).status_code == 403


@pytest.mark.parametrize(
    "order",
    [{"seconds": 0}, {"seconds": 10**12}, {"name": "../x"}, {"name": "a\\b"}, {"name": "a\nb"},
     {"name": "x" * 300}, {"seconds": "soon"}, {"more": 1}, {"name": "a\u202eb"}],
)  # fmt: skip
def test_a_link_that_cannot_be_made_is_refused(site: Site, kept: str, order: object) -> None:
    headers = site.login(site.house.operator)
    answer = site.client.post(f"{URL}/{kept}/link", json=order, headers=headers)
    assert answer.status_code == 422
