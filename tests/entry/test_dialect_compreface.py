"""CompreFace's API over HTTP: what its SDK does not do, and what is refused."""

import base64
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from typing import Any
from uuid import uuid4

import httpx
import pytest
from PIL import Image, ImageFilter

from tests.entry.dialect_shop import ALL, Shop, file_of, open_shop, refused
from tests.entry.http_house import House, serving_house
from tests.entry.http_running import running_private
from tests.usecases.enrolled import portrait
from tests.usecases.test_enrolment import beside, nobody
from visavis.core.roles import Role
from visavis.core.types import Source
from visavis.entry.http_api.dialects.compreface import examples
from visavis.store.kinds import Mode


@pytest.fixture(scope="module")
def house(tmp_path_factory, services) -> Iterator[House]:
    with serving_house(tmp_path_factory.mktemp("compreface"), services=services) as served:
        yield served


@pytest.fixture
def shop(house) -> Shop:
    return open_shop(house)


def ask(shop: Shop, method: str, path: str, key: str = "", **sent: object) -> httpx.Response:
    """Ask as a program with a key that may do everything, or with another key."""
    return shop.house.client.request(
        method,
        f"/api/v1{path}",
        headers={"x-api-key": key or shop.key()},
        **sent,  # type: ignore[arg-type]
    )


def add(shop: Shop, picture: Source, name: str, key: str = "") -> httpx.Response:
    """Enrol a face."""
    params = {"subject": name}
    return ask(shop, "POST", "/recognition/faces", key, params=params, files=file_of(picture))


def recognised(shop: Shop, picture: Source, **params: object) -> list[dict[str, Any]]:
    """Return whom the one face of a picture is like."""
    answer = ask(shop, "POST", "/recognition/recognize", files=file_of(picture), params=params)
    assert answer.status_code == 200, answer.text
    (face,) = answer.json()["result"]
    subjects: list[dict[str, Any]] = face["subjects"]
    return subjects


def embedding(shop: Shop, picture: Source) -> list[float]:
    """Return the vector of the one face of a picture."""
    params = {"face_plugins": "calculator"}
    answer = ask(shop, "POST", "/detection/detect", files=file_of(picture), params=params)
    vector: list[float] = answer.json()["result"][0]["embedding"]
    return vector


def test_pictures_may_be_base64_in_json(shop, shared_data):
    ann, smiling = portrait(shared_data, 0), portrait(shared_data, 0, smiling=True)
    texts = [base64.b64encode(each.data).decode() for each in (ann, smiling)]
    made = ask(shop, "POST", "/recognition/faces?subject=Ann", json={"file": texts[0]})
    assert made.status_code == 201
    who = ask(shop, "POST", "/recognition/recognize", json={"file": texts[1]}).json()
    assert who["result"][0]["subjects"][0]["subject"] == "Ann"
    pair = {"source_image": texts[0], "target_image": texts[1]}
    same = ask(shop, "POST", "/verification/verify", json=pair).json()["result"][0]
    assert same["face_matches"][0]["similarity"] > 0.96


def test_strangers_are_far_from_everybody(shop, shared_data):
    assert add(shop, portrait(shared_data, 0), "Ann").status_code == 201
    (nearest,) = recognised(shop, portrait(shared_data, 5))
    assert nearest["similarity"] < 0.8
    assert len(recognised(shop, portrait(shared_data, 5), prediction_count=-1)) == 1


def test_nobody_is_like_anybody_where_nobody_is_enrolled(shop, shared_data):
    assert recognised(shop, portrait(shared_data, 0)) == []


def test_the_largest_faces_come_first(shop, shared_data):
    picture = beside(portrait(shared_data, 0), portrait(shared_data, 1))
    found = ask(shop, "POST", "/detection/detect", files=file_of(picture)).json()["result"]
    sizes = [
        (box["x_max"] - box["x_min"]) * (box["y_max"] - box["y_min"])
        for box in (face["box"] for face in found)
    ]
    assert len(sizes) == 2
    assert sizes == sorted(sizes, reverse=True)
    params = {"limit": 1}
    one = ask(shop, "POST", "/detection/detect", files=file_of(picture), params=params).json()
    assert one["result"] == found[:1]


def test_embeddings_are_recognised_and_compared(shop, shared_data):
    image = add(shop, portrait(shared_data, 0), "Ann").json()["image_id"]
    ann, bob = (
        embedding(shop, portrait(shared_data, 0, smiling=True)),
        embedding(shop, portrait(shared_data, 1)),
    )
    sent = {"embeddings": [bob, ann]}
    who = ask(shop, "POST", "/recognition/embeddings/recognize", json=sent).json()["result"]
    assert [each["embedding"] for each in who] == [pytest.approx(bob), pytest.approx(ann)]
    assert who[1]["similarities"][0]["subject"] == "Ann"
    assert who[1]["similarities"][0]["similarity"] > 0.96
    path = f"/recognition/embeddings/faces/{image}/verify"
    for told in (
        ask(shop, "POST", path, json=sent).json()["result"],
        ask(
            shop,
            "POST",
            "/verification/embeddings/verify",
            json={"source": ann, "targets": [bob, ann]},
        ).json()["result"],
    ):
        assert [set(each) for each in told] == [{"embedding", "similarity"}] * 2
        assert told[0]["similarity"] > 0.96 > told[1]["similarity"]
        assert told[0]["embedding"] == pytest.approx(ann)


@pytest.mark.parametrize(
    "embeddings",
    [[], [[1.0] * 3], [[0.0] * 128], [[1e39] * 128], [[0.5] * 9_999], ["a"], "a", None, [[]]],
)
def test_wrong_embeddings_are_refused(shop, shared_data, embeddings):
    image = add(shop, portrait(shared_data, 0), "Ann").json()["image_id"]
    sent = {"embeddings": embeddings}
    for path in ("recognize", f"faces/{image}/verify"):
        answer = ask(shop, "POST", f"/recognition/embeddings/{path}", json=sent)
        refused(answer, 400, 37)
    for sent in (
        {"source": [1.0] * 128, "targets": embeddings},
        {"source": (embeddings or [None])[0], "targets": [[1.0] * 128]},
    ):
        refused(ask(shop, "POST", "/verification/embeddings/verify", json=sent), 400, 37)


def test_several_faces_are_removed_at_once(shop, shared_data):
    images = [add(shop, portrait(shared_data, i), f"No. {i}").json()["image_id"] for i in range(2)]
    gone = ask(shop, "POST", "/recognition/faces/delete", json=[images[0], str(uuid4())])
    assert gone.json() == [{"image_id": images[0], "subject": "No. 0"}]
    assert ask(shop, "DELETE", "/recognition/faces").json() == {"deleted": 1}
    assert shop.templates() == 0
    assert shop.subjects() == 2


def test_all_faces_are_removed_some_at_a_time(shop, shared_data, monkeypatch):
    monkeypatch.setattr(examples, "AT_ONCE", 2)
    for i in range(3):
        add(shop, portrait(shared_data, i), f"No. {i}")
    assert ask(shop, "DELETE", "/recognition/faces").json() == {"deleted": 3}
    assert (shop.templates(), shop.subjects()) == (0, 3)


def test_a_slash_at_the_end_is_no_part_of_a_name(shop, shared_data):
    add(shop, portrait(shared_data, 0), "Bob")
    renamed = ask(shop, "PUT", "/recognition/subjects/Bob/", json={"subject": "Rob"})
    assert renamed.json() == {"updated": True}
    assert ask(shop, "DELETE", "/recognition/subjects/Rob/").json() == {"subject": "Rob"}
    refused(ask(shop, "DELETE", "/recognition/subjects//"), 404, 42)


def test_faces_come_in_pages_and_of_one_subject(shop, shared_data):
    images = [add(shop, portrait(shared_data, i), f"No. {i}").json() for i in range(3)]
    first = ask(shop, "GET", "/recognition/faces?page=0&size=2").json()
    second = ask(shop, "GET", "/recognition/faces?page=1&size=2").json()
    assert first["faces"] + second["faces"] == images[::-1]
    assert (second["page_number"], second["total_pages"], second["total_elements"]) == (1, 2, 3)
    one = ask(shop, "GET", "/recognition/faces/?subject=No. 1").json()
    assert (one["faces"], one["total_elements"]) == ([images[1]], 1)
    none = ask(shop, "GET", "/recognition/faces?subject=Nobody").json()
    assert (none["faces"], none["total_pages"]) == ([], 0)
    refused(ask(shop, "GET", "/recognition/faces?page=1000000&size=2000"), 400, 26)


def test_pictures_are_given_back_only_where_they_are_kept(shop, shared_data):
    picture = portrait(shared_data, 0)
    image = add(shop, picture, "Ann").json()["image_id"]
    empty = ask(shop, "GET", f"/recognition/faces/{image}/img")
    assert (empty.status_code, empty.content) == (200, b"")
    shop.house.records.privacy.change(shop.owner, keep_pictures=True)
    image = add(shop, picture, "Ann").json()["image_id"]
    assert ask(shop, "GET", f"/recognition/faces/{image}/img").content == picture.data
    other = open_shop(shop.house)
    assert ask(other, "GET", f"/recognition/faces/{image}/img").content == b""
    refused(ask(shop, "GET", f"/static/{shop.key()}/images/{image}"), 404, 0)


def test_nothing_is_kept_of_a_face_that_cannot_be_enrolled(shop, shared_data):
    both = beside(portrait(shared_data, 0), portrait(shared_data, 1))
    assert refused(add(shop, nobody(), "Zoe"), 400, 28) == "No face is found in the given image"
    assert refused(add(shop, both, "Zoe"), 400, 31) == "More than one face in the source image"
    refused(add(shop, Source("a.jpg", b"no picture"), "Zoe"), 400, 21)
    refused(add(shop, portrait(shared_data, 0), "  "), 400, 26)
    refused(add(shop, portrait(shared_data, 0), "Zoe\x00"), 400, 26)
    refused(ask(shop, "POST", "/recognition/faces", files=file_of(both)), 400, 33)
    refused(ask(shop, "POST", "/recognition/faces?subject=Zoe", files=file_of(both, "x")), 400, 34)
    refused(ask(shop, "POST", "/recognition/faces?subject=Zoe", json={"file": "no!"}), 400, 21)
    refused(ask(shop, "POST", "/recognition/faces?subject=Zoe", content=b"a"), 415, 34)
    assert (shop.subjects(), shop.templates()) == (0, 0)


def test_a_blurred_face_is_not_enrolled(shop, shared_data):
    blurred, out = portrait(shared_data, 0), BytesIO()
    Image.open(BytesIO(blurred.data)).filter(ImageFilter.GaussianBlur(12)).save(out, "JPEG")
    sentence = refused(add(shop, Source("blurred.jpg", out.getvalue()), "Ann"), 400)
    assert sentence
    assert (shop.subjects(), shop.templates()) == (0, 0)


def test_programs_enrol_only_whom_the_organisation_answers_for(house, shared_data):
    shop = open_shop(house, agreed=False)
    for answer in (
        add(shop, portrait(shared_data, 0), "Ann"),
        ask(shop, "POST", "/recognition/subjects", json={"subject": "Ann"}),
    ):
        assert "--agreed-elsewhere" in refused(answer, 403, 0)
    assert shop.subjects() == 0


def test_the_mode_is_heeded_before_anything_is_made_of_a_face(shop, shared_data):
    shop.house.records.privacy.change(shop.owner, mode=Mode.ANONYMOUS, confirm=True)
    ann = file_of(portrait(shared_data, 0))
    refused(add(shop, portrait(shared_data, 0), "Ann"), 403, 0)
    refused(ask(shop, "POST", "/recognition/recognize", files=ann), 403, 0)
    pair = file_of(portrait(shared_data, 0), "source_image") | file_of(
        portrait(shared_data, 1), "target_image"
    )
    refused(ask(shop, "POST", "/verification/verify", files=pair), 403, 0)
    assert ask(shop, "POST", "/detection/detect", files=ann).status_code == 200


def test_scopes_and_roles_are_heeded(shop, shared_data):
    ann = file_of(portrait(shared_data, 0))
    image = add(shop, portrait(shared_data, 0), "Ann").json()["image_id"]
    for path, scope in (
        ("POST /recognition/faces?subject=Zoe", "people:write"),
        ("POST /recognition/recognize", "recognise"),
        (f"POST /recognition/faces/{image}/verify", "recognise"),
        ("POST /detection/detect", "analyse"),
        ("GET /recognition/subjects", "people:read"),
        ("DELETE /recognition/faces", "people:write"),
        ("DELETE /recognition/subjects", "people:erase"),
        ("DELETE /recognition/subjects/Ann", "people:erase"),
    ):
        method, where = path.split(" ")
        key = shop.key(*(set(ALL) - {scope}))
        sent = {"files": ann} if method == "POST" else {}
        assert scope in refused(ask(shop, method, where, key, **sent), 403, 0)
    key = shop.key(role=Role.OPERATOR)
    refused(ask(shop, "DELETE", "/recognition/subjects/Ann", key), 403, 0)
    assert (shop.subjects(), shop.templates()) == (1, 1)


def test_another_organisation_is_not_seen(house, shared_data):
    shop, other = open_shop(house, "one"), open_shop(house, "other")
    image = add(shop, portrait(shared_data, 0), "Ann").json()["image_id"]
    ann = file_of(portrait(shared_data, 0))
    assert recognised(other, portrait(shared_data, 0)) == []
    assert ask(other, "GET", "/recognition/subjects").json() == {"subjects": []}
    assert ask(other, "GET", "/recognition/faces").json()["total_elements"] == 0
    refused(ask(other, "POST", f"/recognition/faces/{image}/verify", files=ann), 404, 44)
    refused(ask(other, "DELETE", f"/recognition/faces/{image}"), 404, 44)
    assert ask(other, "POST", "/recognition/faces/delete", json=[image]).json() == []
    refused(ask(other, "DELETE", "/recognition/subjects/Ann"), 404, 42)
    refused(ask(other, "PUT", "/recognition/subjects/Ann", json={"subject": "B"}), 404, 42)
    assert ask(other, "DELETE", "/recognition/subjects").json() == {"deleted": 0}
    assert (shop.subjects(), shop.templates()) == (1, 1)


def test_whoever_was_erased_is_not_found(shop, shared_data):
    image = add(shop, portrait(shared_data, 0), "Ann").json()["image_id"]
    assert ask(shop, "DELETE", "/recognition/subjects/Ann").json() == {"subject": "Ann"}
    assert recognised(shop, portrait(shared_data, 0, smiling=True)) == []
    ann = file_of(portrait(shared_data, 0))
    refused(ask(shop, "POST", f"/recognition/faces/{image}/verify", files=ann), 404, 44)
    refused(ask(shop, "DELETE", "/recognition/subjects/Ann"), 404, 42)


def test_people_of_collections_and_without_a_reference(shop, shared_data):
    """Those of collections are not this dialect's; whoever has no reference goes by their id."""
    records = shop.house.records
    members = records.collections.create(shop.owner, "members")
    records.newcomers.add(shop.owner, reference="Ann", collection=members.id)
    nameless = records.newcomers.add(shop.owner, name="Bob")
    assert ask(shop, "GET", "/recognition/subjects/").json() == {"subjects": [nameless.id]}
    made = add(shop, portrait(shared_data, 1), nameless.id).json()
    assert made["subject"] == nameless.id
    assert recognised(shop, portrait(shared_data, 1, smiling=True))[0]["subject"] == nameless.id
    refused(ask(shop, "DELETE", "/recognition/subjects/Ann"), 404, 42)


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"limit": -1}, 26),
        ({"limit": "x"}, 26),
        ({"det_prob_threshold": 1.5}, 26),
        ({"face_plugins": "horoscope"}, 26),
        ({"detect_faces": "false"}, 26),
        ({"prediction_count": 0}, 12),
        ({"prediction_count": -2}, 12),
    ],
)
def test_wrong_parameters_are_refused(shop, shared_data, params, code):
    ann = file_of(portrait(shared_data, 0))
    refused(ask(shop, "POST", "/recognition/recognize", files=ann, params=params), 400, code)


def test_the_key_is_asked_for_first(shop):
    client = shop.house.client
    path = "/api/v1/recognition/subjects"
    assert refused(client.get(path), 400, 20) == "Missing header: x-api-key"
    bearer = {"Authorization": f"Bearer {shop.key()}"}
    refused(client.get(path, headers=bearer), 400, 20)
    key_id, secret = shop.house.add_key(shop.tenant.owner, *ALL)
    shop.house.records.api_keys.revoke(shop.owner, key_id)
    sentence = refused(ask(shop, "GET", "/recognition/subjects", secret), 404, 10)
    assert secret not in sentence
    assert client.get("/api/v1/config").json()["maxFileSize"] > 0
    assert client.get("/api/v1/consistence/status").json()["dbIsInconsistent"] is False
    refused(client.post("/api/v1/migrate"), 404, 0)


def test_it_can_be_switched_off(tmp_path):
    with serving_house(tmp_path, dialects={"compreface": False}) as house:
        shop = open_shop(house)
        for path in ("/recognition/subjects", "/config", "/consistence/status"):
            answer = ask(shop, "GET", path)
            assert answer.status_code == 404
            assert answer.headers["content-type"] == "application/problem+json"


def test_a_private_machine_takes_any_key(services, shared_data):
    with running_private(services) as client:
        answer = client.post(
            "/api/v1/detection/detect",
            headers={"x-api-key": "anything"},
            files=file_of(portrait(shared_data, 0)),
        )
        assert len(answer.json()["result"]) == 1


def test_programs_that_add_somebody_at_the_same_time_make_one_person(shop, shared_data):
    key, pictures = shop.key(), [portrait(shared_data, 0, smiling=i % 2 > 0) for i in range(4)]
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda picture: add(shop, picture, "Ann", key), pictures))
    assert [answer.status_code for answer in answers] == [201] * 4
    assert (shop.subjects(), shop.templates()) == (1, 4)


@pytest.mark.parametrize(
    ("content", "kind", "status", "code"),
    [
        (b"--x\r\nbroken", "multipart/form-data; boundary=x", 400, 34),
        (b"", "multipart/form-data", 400, 34),
        (b"{", "application/json", 400, 34),
        (b"[]", "application/json", 400, 26),
        (b'{"file": 7}', "application/json", 400, 34),
        (b'{"file": {"a": "b"}}', "application/json", 400, 34),
        (b"\xff\xd8", "image/jpeg", 415, 34),
    ],
)
def test_broken_bodies_are_refused(shop, content, kind, status, code):
    headers = {"x-api-key": shop.key(), "content-type": kind}
    for path in ("detection/detect", "recognition/recognize"):
        client = shop.house.client
        answer = client.post(f"/api/v1/{path}", headers=headers, content=content)
        refused(answer, status, code)
