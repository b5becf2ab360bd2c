"""Portraits of real data sets: each picture once, a face on each, nothing lost on the way."""

import cv2
import numpy as np
import pytest

from tests.lab.portrait_files import piece
from visavis.core.errors import InvalidInput, Unavailable
from visavis.core.settings import DetectOptions, ImageOptions
from visavis.lab.portraits import PortraitReader, for_portraits, portrait_options
from visavis.lab.roots import open_root


def reader_of(analyzer, folder, workers=2):
    ticks: list[int] = []
    root = open_root(folder, ImageOptions().max_bytes)
    return PortraitReader(
        for_portraits(analyzer), root, ImageOptions(), workers, tick=lambda: ticks.append(1)
    ), ticks


@pytest.fixture
def pictures(shared_data, tmp_path):
    """Twelve pictures of FairFace, and their names."""
    folder, (_, *rows) = piece(shared_data, "fairface", tmp_path, 12)
    return folder, [row[0] for row in rows]


def write_grey(folder, name):
    """Write a picture on which there is no face."""
    cv2.imwrite(str(folder / name), np.full((100, 80, 3), 128, np.uint8))


@pytest.mark.parametrize("workers", [1, 3])
def test_each_picture_gives_one_face_with_a_mesh_and_one_tick(analyzer, pictures, workers):
    folder, names = pictures
    reader, ticks = reader_of(analyzer, folder, workers)
    portraits = list(reader.read(names))

    assert [portrait.name for portrait in portraits if not portrait.assumed] == [
        name for name in names if name not in {p.name for p in portraits if p.assumed}
    ]
    assert {portrait.name for portrait in portraits} == set(names)
    assert len(ticks) == len(names)
    for portrait in portraits:
        assert len(portrait.faces) == 1
        assert portrait.faces.mesh is not None


def test_a_name_given_twice_is_read_once(analyzer, pictures):
    folder, names = pictures
    reader, ticks = reader_of(analyzer, folder)

    assert len(list(reader.read(names[:3] + names[:3]))) == len(ticks) == 3


def test_a_face_that_is_not_seen_is_taken_to_lie_where_the_others_lie(analyzer, pictures):
    folder, names = pictures
    write_grey(folder, "grey.png")
    reader, ticks = reader_of(analyzer, folder)
    *found, last = reader.read(["grey.png", *names])

    centres = [p.faces.boxes[0].reshape(2, 2).mean(axis=0) / p.image.shape[1::-1] for p in found]
    assert last.name == "grey.png"
    assert last.assumed
    assert np.allclose(
        last.faces.boxes[0].reshape(2, 2).mean(axis=0) / (80, 100),
        np.median(centres, axis=0),
        atol=0.05,
    )
    assert last.faces.scores.tolist() == [0]
    assert len(ticks) == len(names) + 1


def test_pictures_that_cannot_be_read_are_listed_and_stop_nothing(analyzer, pictures):
    folder, names = pictures
    (folder / "text.png").write_text("no picture")
    reader, ticks = reader_of(analyzer, folder)
    portraits = list(reader.read(["gone.png", *names[:3], "text.png"]))

    assert len(portraits) == 3
    assert {(f.name, f.category) for f in reader.failures} == {
        ("gone.png", "unreadable"),
        ("text.png", "unsupported"),
    }
    assert len(ticks) == 5


def test_small_grey_pictures_of_faces_are_found_too(analyzer, shared_data, tmp_path):
    folder, (_, *rows) = piece(shared_data, "fer2013", tmp_path, 20)
    reader, _ = reader_of(analyzer, folder)
    portraits = list(reader.read([row[0] for row in rows]))

    assert len(portraits) == 20
    assert sum(portrait.assumed for portrait in portraits) <= 4


@pytest.mark.parametrize(
    ("names", "error", "sentence"),
    [
        (["gone.png"], InvalidInput, "none of the listed pictures"),
        (["../x.png", "grey.png"], InvalidInput, "outside the root"),
        (["grey.png"], Unavailable, "no listed picture shows a face"),
        (["text.png", "gone.png"], Unavailable, "no listed picture can be read; the first: the co"),
    ],
)
def test_a_list_without_a_face_is_refused_with_a_sentence(
    analyzer, tmp_path, names, error, sentence
):
    write_grey(tmp_path, "grey.png")
    (tmp_path / "text.png").write_text("no picture")
    reader, _ = reader_of(analyzer, tmp_path)

    with pytest.raises(error, match=sentence):
        list(reader.read(names))


def test_a_reader_may_be_left_before_the_end(analyzer, pictures):
    folder, names = pictures
    reader, _ = reader_of(analyzer, folder)
    portraits = reader.read(names)

    assert next(portraits).name in names
    portraits.close()


def test_portrait_options_change_only_how_large_a_face_is_looked_for():
    options = DetectOptions(score_threshold=0.7)
    changed = portrait_options(options)

    assert changed.score_threshold == 0.7
    assert changed.long_side_px == 192
    assert changed.second_look_px == 0
    assert not changed.try_rotations
