"""CompreFace's own Python SDK, unmodified, against our server."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import require_or_skip
from tests.entry.dialect_shop import Shop, open_shop
from tests.entry.http_house import House, serving_house

PROGRAM = Path(__file__).with_name("compreface_program.py")
WANTED = ("compreface-sdk==0.6.0", "urllib3==1.26.20", "requests==2.32.5")
"""It cannot be imported beside newer versions of urllib3, so it gets a folder of its own."""

ALL = {"limit": 0, "det_prob_threshold": 0.5, "status": True}
PLUGINS = "calculator,age,gender,landmarks,mask"


@pytest.fixture(scope="module")
def sdk(tmp_path_factory) -> Path:
    """Give a folder with the SDK, or skip where it cannot be had."""
    folder: Path = tmp_path_factory.mktemp("sdk")
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--target", str(folder)]
    made = subprocess.run([*command, *WANTED], capture_output=True, text=True, check=False)
    if made.returncode:
        why = "".join(made.stderr.strip().splitlines()[-1:])
        require_or_skip("compreface-sdk", f"CompreFace's SDK cannot be installed: {why}")
    return folder


@pytest.fixture(scope="module")
def house(tmp_path_factory, services) -> Iterator[House]:
    with serving_house(tmp_path_factory.mktemp("compreface"), services=services) as served:
        yield served


@pytest.fixture
def shop(house) -> Shop:
    return open_shop(house)


@pytest.fixture
def pictures(shared_data) -> dict[str, str]:
    """Return pictures of Ann and Bob."""
    ann, bob, *_ = sorted((shared_data / "london").glob("*/neutral.jpg"))
    return {
        "ann": str(ann),
        "ann_smiling": str(ann.with_name("smiling.jpg")),
        "bob": str(bob),
        "nobody": str(next((shared_data / "retail").rglob("*.parquet"))),
    }


def ran(sdk: Path, shop: Shop, *calls: tuple[Any, ...], key: str = "") -> list[Any]:
    """Have the SDK do several things, each a name, arguments and options; return the answers."""
    domain, _, port = shop.url.rpartition(":")
    told = [
        (what, [each for each in given if not isinstance(each, dict)], _options(given))
        for what, *given in calls
    ]
    asked = {"domain": domain, "port": port, "key": key or shop.key(), "calls": told}
    done = subprocess.run(
        [sys.executable, "-W", "ignore", str(PROGRAM)],
        input=json.dumps(asked),
        capture_output=True,
        text=True,
        check=False,
        env={"PYTHONPATH": str(sdk), "PATH": os.environ["PATH"]},
    )
    assert done.returncode == 0, done.stderr
    answers: list[Any] = json.loads(done.stdout)
    return answers


def _options(given: list[Any]) -> dict[str, Any]:
    return {"options": given[-1]} if given and isinstance(given[-1], dict) else {}


def test_subjects_are_added_listed_renamed_and_deleted(sdk, shop):
    added, again, listed, renamed, after, deleted, rest, all_gone = ran(
        sdk,
        shop,
        ("subjects.add", "Ann Lee"),
        ("subjects.add", "Ann Lee"),
        ("subjects.list",),
        ("subjects.update", "Ann Lee", "Anna"),
        ("subjects.list",),
        ("subjects.delete", "Anna"),
        ("subjects.add", "Bob"),
        ("subjects.delete_all",),
    )
    assert added == {"subject": "Ann Lee"}
    assert again == {"message": "Subject already exists", "code": 43}
    assert listed == {"subjects": ["Ann Lee"]}
    assert renamed == {"updated": True}
    assert after == {"subjects": ["Anna"]}
    assert deleted == {"subject": "Anna"}
    assert rest == {"subject": "Bob"}
    assert all_gone == {"deleted": 1}
    assert not shop.subjects()


def test_faces_are_enrolled_and_people_recognised(sdk, shop, pictures):
    made, _, listed, known, unknown = ran(
        sdk,
        shop,
        ("faces.add", pictures["ann"], "Ann", {"det_prob_threshold": 0.5}),
        ("faces.add", pictures["bob"], "Bob"),
        ("faces.list",),
        ("recognize", pictures["ann_smiling"], ALL | {"prediction_count": 2}),
        ("recognize", pictures["nobody"]),
    )
    assert made["subject"] == "Ann"
    assert made in listed["faces"]
    assert (listed["page_number"], listed["page_size"]) == (0, 20)
    assert (listed["total_pages"], listed["total_elements"]) == (1, 2)
    (face,) = known["result"]
    first, second = face["subjects"]
    assert first["subject"] == "Ann"
    assert first["similarity"] > 0.96 > second["similarity"]
    assert second["subject"] == "Bob"
    assert known["plugins_versions"]["calculator"] == "dlib_resnet@1"
    assert unknown["code"] == 21


def test_two_subjects_become_one(sdk, shop, pictures):
    _, _, merged, subjects, faces = ran(
        sdk,
        shop,
        ("faces.add", pictures["ann"], "Ann"),
        ("faces.add", pictures["ann_smiling"], "Anna"),
        ("subjects.update", "Ann", "Anna"),
        ("subjects.list",),
        ("faces.list",),
    )
    assert merged == {"updated": True}
    assert subjects == {"subjects": ["Anna"]}
    assert [each["subject"] for each in faces["faces"]] == ["Anna", "Anna"]


def test_a_face_is_verified_against_an_enrolled_one(sdk, shop, pictures):
    (made,) = ran(sdk, shop, ("faces.add", pictures["ann"], "Ann"))
    image = made["image_id"]
    same, other, gone, again, left, everything = ran(
        sdk,
        shop,
        ("faces.verify", pictures["ann_smiling"], image, ALL),
        ("faces.verify", pictures["bob"], image),
        ("faces.delete", image),
        ("faces.delete", image),
        ("subjects.list",),
        ("faces.delete_all", "Ann"),
    )
    assert same["result"][0]["similarity"] > 0.96 > other["result"][0]["similarity"]
    assert gone == made
    assert again == {"message": "Image not found", "code": 44}
    assert left == {"subjects": ["Ann"]}
    assert everything == {"deleted": 0}


def test_faces_are_found_and_two_pictures_compared(sdk, shop, pictures):
    detected, same, other = ran(
        sdk,
        shop,
        ("detect", pictures["ann"], ALL | {"face_plugins": PLUGINS}),
        ("verify", pictures["ann"], pictures["ann_smiling"]),
        ("verify", pictures["ann"], pictures["bob"], ALL),
    )
    (face,) = detected["result"]
    box = face["box"]
    assert box["x_min"] < box["x_max"]
    assert box["y_min"] < box["y_max"]
    assert box["probability"] > 0.9
    assert all(isinstance(side, int) for name, side in box.items() if name != "probability")
    assert len(face["landmarks"]) == 5
    assert len(face["embedding"]) == 128
    assert face["age"]["low"] < face["age"]["high"]
    assert face["gender"]["value"] in {"male", "female"}
    assert "mask" not in face
    assert detected["plugins_versions"]["mask"] == "not offered here"
    assert face["execution_time"]["detector"] > 0
    (told,) = same["result"]
    assert set(told) == {"source_image_face", "face_matches"}
    assert told["face_matches"][0]["similarity"] > 0.96
    (told,) = other["result"]
    assert told["face_matches"][0]["similarity"] < 0.8
    assert told["plugins_versions"]["detector"] == "default"


def test_a_wrong_key_opens_nothing(sdk, shop, pictures):
    answers = ran(
        sdk,
        shop,
        ("subjects.list",),
        ("detect", pictures["ann"]),
        ("verify", pictures["ann"], pictures["bob"]),
        key="00000000-0000-0000-0000-000000000002",
    )
    assert [each["code"] for each in answers] == [10, 10, 10]
    assert answers[1]["message"] == "Detection service with this API Key not found"
