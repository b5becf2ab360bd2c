"""DeepFace's API, asked as its users ask it: JSON with data URIs, forms, and forms with files."""

import base64
import math
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.entry.dialect_shop import ALL, Shop, file_of, open_shop, refused
from tests.entry.http_house import House, serving_house
from tests.usecases.enrolled import portrait
from tests.usecases.test_enrolment import beside, nobody
from visavis.core.attributes import Head
from visavis.core.types import Source
from visavis.store.kinds import Mode


@pytest.fixture(scope="module")
def house(tmp_path_factory, services) -> Iterator[House]:
    with serving_house(tmp_path_factory.mktemp("deepface"), services=services) as served:
        yield served


@pytest.fixture
def shop(house) -> Shop:
    return open_shop(house)


def uri(picture: Source) -> str:
    """Return a picture as DeepFace's programs put it into JSON."""
    return "data:image/jpeg;base64," + base64.b64encode(picture.data).decode()


def ask(shop: Shop, path: str, key: str = "", **sent: object) -> httpx.Response:
    """Ask as a program with a key that may do everything, or with another key."""
    headers = {"Authorization": f"Bearer {key or shop.key()}"}
    return shop.house.client.post(path, headers=headers, **sent)  # type: ignore[arg-type]


def asked(shop: Shop, path: str, **sent: object) -> dict[str, Any]:
    """Return what is answered to JSON."""
    answer = ask(shop, path, json=sent)
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


def register(shop: Shop, picture: Source, name: str | None = None) -> dict[str, Any]:
    return asked(shop, "/register", img=uri(picture), **({"img_name": name} if name else {}))


def found(shop: Shop, picture: Source, **said: object) -> list[list[dict[str, Any]]]:
    """Return whom the faces of a picture show."""
    results: list[list[dict[str, Any]]]
    results = asked(shop, "/search", img=uri(picture), **said)["results"]
    return results


def test_faces_are_represented(shop, shared_data):
    (face,) = asked(shop, "/represent", img=uri(portrait(shared_data, 0)))["results"]
    assert set(face) == {"embedding", "facial_area", "face_confidence"}
    assert math.hypot(*face["embedding"]) == pytest.approx(1, abs=1e-3)
    area = face["facial_area"]
    assert set(area) == {"x", "y", "w", "h", "left_eye", "right_eye"}
    assert area["left_eye"][0] > area["right_eye"][0]  # as seen by whoever it is
    both = uri(beside(portrait(shared_data, 0), portrait(shared_data, 1)))
    one, two = asked(shop, "/represent", img=both)["results"]
    sizes = [each["facial_area"]["w"] * each["facial_area"]["h"] for each in (one, two)]
    assert sizes == sorted(sizes, reverse=True)
    assert asked(shop, "/represent", img=both, max_faces=1)["results"] == [one]


def test_every_way_of_sending_a_picture_gives_the_same(shop, shared_data):
    picture = portrait(shared_data, 0)
    plain = asked(shop, "/represent", img=uri(picture))
    for sent in (
        {"json": {"img_path": uri(picture)}},
        {"files": file_of(picture, "img")},
        {"files": file_of(picture, "img"), "data": {"model_name": "Facenet", "align": "true"}},
        {"data": {"img": uri(picture)}},
    ):
        answer = ask(shop, "/represent", **sent)
        assert answer.status_code == 200, answer.text
        assert answer.json() == plain


@pytest.mark.parametrize("metric", ["cosine", "euclidean", "euclidean_l2", "angular"])
def test_two_pictures_are_verified(shop, shared_data, metric):
    ann, smiling, bob = (
        uri(portrait(shared_data, 0)),
        uri(portrait(shared_data, 0, smiling=True)),
        uri(portrait(shared_data, 1)),
    )
    same = asked(shop, "/verify", img1=ann, img2=smiling, distance_metric=metric)
    other = asked(shop, "/verify", img1=ann, img2=bob, distance_metric=metric)
    assert set(same) == {
        "verified",
        "distance",
        "threshold",
        "confidence",
        "model",
        "detector_backend",
        "similarity_metric",
        "facial_areas",
        "time",
    }
    assert (same["verified"], other["verified"]) == (True, False)
    assert same["distance"] < same["threshold"] < other["distance"]
    assert same["confidence"] > 80 > other["confidence"]
    assert same["model"] == "dlib_resnet@1"
    assert set(same["facial_areas"]) == {"img1", "img2"}


def test_a_threshold_of_ones_own_is_heeded(shop, shared_data):
    pair = {
        "img1": uri(portrait(shared_data, 0)),
        "img2": uri(portrait(shared_data, 0, smiling=True)),
    }
    for threshold, verified in ((0, False), (2, True)):
        told = asked(shop, "/verify", **pair, threshold=threshold)
        assert (told["verified"], told["threshold"]) == (verified, threshold)


def test_only_the_largest_faces_are_compared(shop, shared_data):
    """Somebody in the background opens no door."""
    ann, bob = portrait(shared_data, 0), portrait(shared_data, 1)
    both, faces = beside(ann, bob), asked(shop, "/represent", img=uri(beside(ann, bob)))["results"]
    told = asked(shop, "/verify", img1=uri(both), img2=uri(ann))
    largest = faces[0]["facial_area"]
    assert told["facial_areas"]["img1"] == largest


def test_faces_are_analysed_as_far_as_it_is_allowed(shop, shared_data):
    ann = uri(portrait(shared_data, 0))
    (face,) = asked(shop, "/analyze", img=ann)["results"]
    assert set(face) == {
        "region",
        "face_confidence",
        "age",
        "gender",
        "dominant_gender",
    }
    assert isinstance(face["age"], int)
    assert set(face["gender"]) == {"Woman", "Man"}
    assert sum(face["gender"].values()) == pytest.approx(100, abs=0.1)
    assert face["dominant_gender"] == max(face["gender"], key=face["gender"].get)
    (face,) = asked(shop, "/analyze", img=ann, actions=["age"])["results"]
    assert "gender" not in face
    (form,) = ask(shop, "/analyze", data={"img": ann, "actions": "['age']"}).json()["results"]
    assert form == face
    sentence = refused(ask(shop, "/analyze", json={"img": ann, "actions": ["emotion"]}), 403)
    assert sentence.startswith("Exception while analyzing: ")
    refused(ask(shop, "/analyze", json={"img": ann, "actions": ["beauty"]}), 400)
    shop.house.records.privacy.change(shop.owner, attributes={Head.AGE})
    (face,) = asked(shop, "/analyze", img=ann)["results"]
    assert "gender" not in face


def test_people_are_registered_and_found(shop, shared_data):
    ann, smiling = portrait(shared_data, 0), portrait(shared_data, 0, smiling=True)
    assert register(shop, ann, "ann.jpg") == {"inserted": 1}
    assert register(shop, smiling, "ann.jpg") == {"inserted": 1}
    assert register(shop, portrait(shared_data, 1), "bob.jpg") == {"inserted": 1}
    assert asked(shop, "/build/index") == {"message": "Index built successfully"}
    assert (shop.subjects(), shop.templates()) == (2, 3)
    ((row,),) = found(shop, smiling)
    assert set(row) == {
        "id",
        "img_name",
        "model_name",
        "detector_backend",
        "aligned",
        "l2_normalized",
        "search_method",
        "target_x",
        "target_y",
        "target_w",
        "target_h",
        "threshold",
        "distance_metric",
        "distance",
        "confidence",
    }
    assert row["img_name"] == "ann.jpg"
    assert row["distance"] == pytest.approx(0, abs=1e-4)
    assert found(shop, portrait(shared_data, 5)) == [[]]
    ((nearest, next_one),) = found(shop, smiling, similarity_search=True)
    assert (nearest["img_name"], next_one["img_name"]) == ("ann.jpg", "bob.jpg")
    ((nearest,),) = found(shop, smiling, similarity_search=True, k=1, distance_metric="angular")
    assert (nearest["img_name"], nearest["distance_metric"]) == ("ann.jpg", "angular")
    both = found(shop, beside(portrait(shared_data, 1), ann), search_method="ann")
    assert {rows[0]["img_name"] for rows in both} == {"ann.jpg", "bob.jpg"}


def test_whoever_has_no_name_goes_by_an_id(shop, shared_data):
    register(shop, portrait(shared_data, 0))
    ((row,),) = found(shop, portrait(shared_data, 0))
    assert len(str(row["img_name"])) == 32


def test_nobody_can_be_found_where_nobody_is(shop, shared_data):
    answer = ask(shop, "/search", json={"img": uri(portrait(shared_data, 0))})
    assert "No embeddings found in the database" in refused(answer, 400)


def test_pictures_without_faces(shop, shared_data):
    empty = uri(nobody())
    pair = {"img1": empty, "img2": uri(portrait(shared_data, 0))}
    for path, sent in (
        ("/represent", {"img": empty}),
        ("/analyze", {"img": empty}),
        ("/register", {"img": empty, "img_name": "ann"}),
        ("/verify", pair),
        ("/verify", pair | {"enforce_detection": False}),
    ):
        assert "no face" in refused(ask(shop, path, json=sent), 400)
    for path in ("/represent", "/analyze"):
        assert asked(shop, path, img=empty, enforce_detection=False) == {"results": []}
    assert shop.subjects() == 0


@pytest.mark.parametrize("where", ["/etc/passwd", "http://127.0.0.1:1/a.jpg", "ann.jpg", "", None])
def test_addresses_and_paths_are_never_opened(shop, where):
    for path in ("/represent", "/analyze", "/register", "/search"):
        answer = ask(shop, path, json={"img": where})
        assert answer.status_code == 400
        assert list(answer.json()) == ["exception"]
    assert list(ask(shop, "/verify", json={"img1": where}).json()) == ["exception"]


@pytest.mark.parametrize(
    "said",
    [
        {"anti_spoofing": True},
        {"anti_spoofing": "yes"},
        {"align": False},
        {"expand_percentage": 10},
        {"model_name": "Clearview"},
        {"model_name": 7},
        {"detector_backend": "skip"},
        {"max_faces": 0},
        {"max_faces": "many"},
        {"max_faces": "nan"},
        {"enforce_detection": "perhaps"},
        {"return_face": True},
        {"minmax_normalize": True},
        {"cryptosystem": {"algorithm": "x"}},
        {"connection_details": "postgres://somewhere"},
    ],
)
def test_what_would_mean_something_else_is_refused(shop, shared_data, said):
    sent = {"img": uri(portrait(shared_data, 0)), **said}
    sentence = refused(ask(shop, "/represent", json=sent), 400)
    assert sentence.startswith("Exception while representing: ")
    assert "Traceback" not in sentence


@pytest.mark.parametrize(
    "said",
    [
        {"k": 0},
        {"k": "x"},
        {"search_method": "guess"},
        {"distance_metric": "hamming"},
        {"similarity_search": "maybe"},
    ],
)
def test_wrong_searches_are_refused(shop, shared_data, said):
    refused(ask(shop, "/search", json={"img": uri(portrait(shared_data, 0)), **said}), 400)


def test_what_changes_nothing_is_taken(shop, shared_data):
    said = {"model_name": "VGG-Face", "detector_backend": "retinaface", "normalization": "base"}
    said |= {"anti_spoofing": "false", "align": "true", "expand_percentage": "0"}
    (face,) = asked(shop, "/represent", img=uri(portrait(shared_data, 0)), **said)["results"]
    assert len(face["embedding"]) == 128


def test_broken_bodies_are_refused(shop):
    assert list(ask(shop, "/represent", json=["img"]).json()) == ["error"]
    refused(ask(shop, "/represent", json="img"), 400)
    refused(ask(shop, "/represent", json={"img": "data:image/jpeg;base64,AAAA"}), 400)
    answer = ask(shop, "/represent", json={"img": "data:image/jpeg;base64,?"})
    assert answer.json() == {"exception": "'img' is not base64"}


def test_programs_register_only_whom_the_organisation_answers_for(house, shared_data):
    shop = open_shop(house, agreed=False)
    sent = {"img": uri(portrait(shared_data, 0)), "img_name": "ann"}
    assert "--agreed-elsewhere" in refused(ask(shop, "/register", json=sent), 403)
    assert shop.subjects() == 0


def test_mode_scopes_and_keys_are_heeded(shop, shared_data):
    ann = uri(portrait(shared_data, 0))
    sent = {"img": ann, "img1": ann, "img2": ann, "img_name": "ann"}
    for path, scope in (
        ("/represent", "analyse"),
        ("/analyze", "analyse"),
        ("/verify", "recognise"),
        ("/search", "recognise"),
        ("/register", "people:write"),
        ("/build/index", "people:write"),
    ):
        key = shop.key(*(set(ALL) - {scope}))
        assert scope in refused(ask(shop, path, key, json=sent), 403)
        refused(ask(shop, path, "nothing", json=sent), 401)
        assert shop.house.client.post(path, json=sent).status_code == 401
    shop.house.records.privacy.change(shop.owner, mode=Mode.ANONYMOUS, confirm=True)
    for path in ("/verify", "/search", "/register"):
        refused(ask(shop, path, json=sent), 403)
    assert shop.subjects() == 0


def test_another_organisation_and_the_erased_are_not_found(house, shared_data):
    shop, other = open_shop(house, "one"), open_shop(house, "other")
    register(shop, portrait(shared_data, 0), "ann")
    register(other, portrait(shared_data, 1), "bob")
    assert found(other, portrait(shared_data, 0)) == [[]]
    ((row,),) = found(other, portrait(shared_data, 0), similarity_search=True)
    assert row["img_name"] == "bob"
    (ann,) = shop.house.records.subjects.page(shop.owner).items
    shop.house.records.erasure.erase(shop.owner, ann.id)
    answer = ask(shop, "/search", json={"img": uri(portrait(shared_data, 0))})
    assert "No embeddings" in refused(answer, 400)


def test_it_can_be_switched_off(tmp_path):
    with serving_house(tmp_path, dialects={"deepface": False}) as house:
        shop = open_shop(house)
        for path in ("/represent", "/verify", "/search"):
            answer = ask(shop, path, json={})
            assert answer.status_code == 404
            assert answer.headers["content-type"] == "application/problem+json"
