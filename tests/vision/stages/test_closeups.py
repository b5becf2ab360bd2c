"""Each face is cut out once, and everybody still sees what they would have cut out themselves."""

import numpy as np
import pytest

from tests.vision.pictures import portrait
from visavis.core.types import Feature
from visavis.vision.decoders.dlib_resnet import chip_matrices
from visavis.vision.heads.card import CropSpec
from visavis.vision.opencv import resize
from visavis.vision.stages.align import align
from visavis.vision.stages.answers import crops_of
from visavis.vision.stages.closeups import LARGE, PADDING, closeups, widths_of
from visavis.vision.warp import cut


@pytest.fixture(scope="module", params=[720, 240], ids="{} px".format)
def seen(request, analyzer, shared_data):
    """A portrait at its own size and at one where the face has fewer pixels than its closeup."""
    image = resize(portrait(shared_data, "005"), request.param, request.param)
    (faces,) = analyzer.analyze([image], {Feature.MESH})
    (closer,) = closeups([(image, faces)])
    return image, faces, closer


def apart(one, other):
    """Return the mean difference of two pictures, grey levels."""
    return np.abs(one.astype(int) - other).mean()


def test_the_embedders_chip_is_the_middle_of_the_closeup(seen, analyzer):
    image, faces, closer = seen
    (chip,) = align(image, faces, analyzer.embed.decoder)
    (middle,) = closer.middle(150, 0.25)
    assert apart(middle, chip) < 0.6
    assert apart(middle, chip[:, ::-1]) > 5


@pytest.mark.parametrize("spec", [(150, 0.25), (96, 0.25), (64, 0.0), (180, 0.4), (100, 0.1)])
def test_a_head_sees_what_it_would_have_cut_out_itself(seen, spec):
    image, faces, closer = seen
    crop = CropSpec(size=spec[0], padding=spec[1])
    (own,) = (cut(image, matrix, crop.size) for matrix in chip_matrices(faces, *spec))
    (given,) = crops_of(closer, crop)
    assert given.shape == own.shape == (crop.size, crop.size, 3)
    assert apart(given, own) < 3.5


@pytest.mark.parametrize("spec", [(224, 0.25), (128, 0.6)])
def test_who_wants_more_room_or_finer_pixels_gets_a_cut_of_its_own(seen, spec):
    image, faces, closer = seen
    assert closer.middle(*spec) is None
    (own,) = (cut(image, matrix, spec[0]) for matrix in chip_matrices(faces, *spec))
    (given,) = crops_of(closer, CropSpec(size=spec[0], padding=spec[1]))
    assert (given == own).all()


def test_the_mesh_lies_on_the_closeup_where_it_lies_on_the_picture(seen):
    _, faces, closer = seen
    matrix = chip_matrices(faces, LARGE, PADDING)[0]
    corner = closer.mesh_there[0, 33, :2] @ matrix[:, :2].T + matrix[:, 2]
    assert closer.mesh[0, 33] == pytest.approx((corner + 0.5) * 128 / 180 - 0.5, abs=1e-3)
    assert closer.width_px == pytest.approx(widths_of(faces))
    assert closer.visible.all()


def test_a_face_that_is_none_is_black_and_asks_no_head_in_vain(seen):
    image, faces, _ = seen
    nowhere = faces.with_mesh(np.full_like(faces.mesh, np.nan), faces.scores)
    nowhere = nowhere.with_points(np.zeros_like(faces.points))
    (closer,) = closeups([(image, nowhere)])
    assert np.isnan(closer.width_px).all()
    for spec in ((150, 0.25), (224, 0.25)):
        assert not crops_of(closer, CropSpec(size=spec[0], padding=spec[1])).any()
