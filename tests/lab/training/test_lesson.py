"""A lesson from real pictures: faces, the teacher's answers, and blends of two faces."""

import numpy as np
import pytest

from tests.lab.portrait_files import piece
from visavis.core.errors import InvalidInput
from visavis.core.settings import ImageOptions
from visavis.lab.people import read_pictures
from visavis.lab.portraits import PortraitReader, for_portraits
from visavis.lab.roots import open_root
from visavis.vision.decoders.lite import SIZE

PICTURES = 80


@pytest.fixture(scope="module")
def folder(shared_data, tmp_path_factory):
    return piece(shared_data, "fairface", tmp_path_factory.mktemp("faces"), PICTURES)[0]


def reader_of(analyzer, folder):
    root = open_root(folder, 10_000_000)
    return PortraitReader(for_portraits(analyzer), root, ImageOptions(), workers=2)


def test_faces_are_cut_and_the_teacher_is_asked_once(analyzer, folder, tmp_path):
    from visavis.lab.training.lesson import KEPT_SIDE, load_lesson

    names = read_pictures(folder)
    notes: list[str] = []
    first = load_lesson(reader_of(analyzer, folder), names, tmp_path, note=notes.append)
    again = load_lesson(reader_of(analyzer, folder), names, tmp_path, note=notes.append)
    assert len(notes) == 1  # the second time it lies there already
    assert len(first) + first.skipped == len(names) == PICTURES
    assert len(first) > 0.9 * PICTURES
    assert first.pixels.shape == (len(first), KEPT_SIDE, KEPT_SIDE, 3)
    assert KEPT_SIDE > SIZE
    assert first.teacher == "dlib_resnet@1"
    for vectors in (first.vectors, first.blended):
        assert vectors.shape == (len(first), 128)
        np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert np.array_equal(first.vectors, again.vectors)
    assert 0 < int(first.held_out.sum()) < len(first) / 3


def test_a_blend_lies_between_its_two_faces(analyzer, folder, tmp_path):
    from visavis.lab.training.lesson import load_lesson

    told = load_lesson(reader_of(analyzer, folder), read_pictures(folder), tmp_path)
    assert (told.other != np.arange(len(told))).all()
    assert ((told.shares >= 0.5) & (told.shares <= 0.8)).all()
    own = np.einsum("nd,nd->n", told.blended, told.vectors)
    others = np.einsum("nd,nd->n", told.blended, told.vectors[told.other])
    between = np.einsum("nd,nd->n", told.vectors, told.vectors[told.other])
    assert own.mean() > others.mean() > between.mean()


def test_a_folder_without_pictures_is_refused(tmp_path):
    (tmp_path / "notes.txt").write_text("no picture")
    with pytest.raises(InvalidInput, match="holds no pictures"):
        read_pictures(tmp_path)
