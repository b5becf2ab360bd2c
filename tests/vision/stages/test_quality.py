"""Quality of real faces made worse in known ways."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image, ImageFilter

from tests.vision.pictures import portrait
from tests.vision.stages.covers import with_hair, with_mask, with_sunglasses
from visavis.core.settings import QualityOptions
from visavis.core.types import QUALITY_PARTS, Faces, Feature
from visavis.vision.opencv import mirror
from visavis.vision.stages.gate import ADVICE, FaceFacts, Reason, facts_of, reasons
from visavis.vision.stages.observe import OBSERVED
from visavis.vision.stages.observe import observe as observe_all
from visavis.vision.stages.quality import whole_of


def observe(image, faces, features) -> Any:
    """Return one picture's faces; what was asked for is there."""
    return observe_all([(image, faces)], features)[0]


PEOPLE = ("005", "010", "027", "045", "086", "132")
GOOD = FaceFacts(meshed=True, width_px=120, turn_degrees=5, luma=120)


@pytest.fixture(scope="module")
def people(analyzer, shared_data):
    """Portraits with the faces found on them."""
    images = [portrait(shared_data, person) for person in PEOPLE]
    return list(zip(images, analyzer.analyze(images, {Feature.MESH}), strict=True))


def quality(people, change=lambda image, faces: image, part=None):
    """Return the parts (people, 7), or one of them, after a change to the pixels."""
    rows = [observe(change(i, faces), faces, {Feature.QUALITY}).quality[0] for i, faces in people]
    return np.array(rows) if part is None else np.array(rows)[:, QUALITY_PARTS.index(part)]


def blurred(radius):
    return lambda image, faces: np.asarray(
        Image.fromarray(image).filter(ImageFilter.GaussianBlur(radius * wide(faces) / 100))
    )


def wide(faces):
    """Return about the width of the face in pixels."""
    return 1.35 * float(np.linalg.norm(faces.mesh[0, 263, :2] - faces.mesh[0, 33, :2]))


def enlarged_from(width):
    def change(image, faces):
        picture, share = Image.fromarray(image), width / wide(faces)
        small = picture.resize((round(picture.width * share), round(picture.height * share)))
        return np.asarray(small.resize(picture.size, Image.Resampling.BICUBIC))

    return change


def dragged(length):
    def change(image, faces):
        steps = range(max(1, round(length * wide(faces) / 100)))
        return np.mean([np.roll(image, step, axis=1) for step in steps], axis=0).astype(np.uint8)

    return change


def noisy(image, faces):
    dirt = np.random.default_rng(0).normal(0, 8, image.shape)
    return np.clip(image + dirt, 0, 255).astype(np.uint8)


def test_studio_portraits_are_good(people):
    assert quality(people, part="overall").min() > 70


@pytest.mark.parametrize(
    "worse",
    [
        [blurred(radius) for radius in (0, 1, 2, 3, 4)],
        [dragged(length) for length in (0, 4, 8, 16)],
        [enlarged_from(width) for width in (60, 40, 30, 20, 12)],
    ],
    ids=["blur", "motion", "enlarging"],
)
def test_sharpness_falls(people, worse):
    series = np.array([quality(people, change, "sharpness") for change in worse])
    assert (np.diff(series, axis=0) <= 0.5).all()
    assert (series[-1] < series[0] - 30).all()


def test_noise_is_not_mistaken_for_sharpness(people):
    def both(image, faces):
        return noisy(blurred(3)(image, faces), faces)

    assert quality(people, both, "sharpness").max() < 60
    assert quality(people, noisy, "sharpness") == pytest.approx(
        quality(people, part="sharpness"), abs=10
    )


@pytest.mark.parametrize("gain", [0.1, 8.0])
def test_underexposed_and_glaring_faces_have_the_wrong_brightness(people, gain):
    def exposed(image, faces):
        return np.clip(image * gain, 0, 255).astype(np.uint8)

    assert quality(people, exposed, "brightness").max() < 30
    assert quality(people, part="brightness").min() > 90


def test_contrast_falls_with_haze(people):
    def hazy(image, faces):
        return (110 + image * 0.12).astype(np.uint8)

    assert quality(people, hazy, "contrast").max() < 30


def test_size_grows_with_the_face_until_the_chip_is_full(analyzer, shared_data):
    picture = Image.fromarray(portrait(shared_data))
    images = [np.asarray(picture.resize((side, side))) for side in (60, 120, 240, 720)]
    sizes = [faces.quality[0, 4] for faces in analyzer.analyze(images, {Feature.QUALITY})]
    assert sizes == sorted(sizes)
    assert sizes[0] < 60 < 99 < sizes[-1]


def test_turning_away_costs_pose_and_whole(people):
    image, faces = people[0]
    squeezed = faces.mesh.copy()
    squeezed[:, :, 0] -= 4 * (squeezed[:, :, 2] - squeezed[:, :, 2].mean()) * 0.5
    turned = faces.with_mesh(squeezed, faces.mesh_scores)
    before = observe(image, faces, {Feature.QUALITY}).quality[0]
    after = observe(image, turned, {Feature.QUALITY}).quality[0]
    assert after[5] < before[5]


@pytest.mark.parametrize("cover", [with_mask, with_sunglasses, with_hair])
def test_covers_are_seen(people, cover):
    bare, covered = quality(people, part="occlusion"), quality(people, cover, "occlusion")
    assert (covered < bare).all()
    assert np.median(covered) < 40 < 70 < bare.min()


def test_a_mirrored_picture_is_as_good(analyzer, people):
    mirrored = analyzer.analyze([mirror(image) for image, _ in people], {Feature.QUALITY})
    there = np.concatenate([faces.quality for faces in mirrored])
    apart = np.abs(there - quality(people))  # the mesh is laid anew and differs a little
    assert apart.max() < 15
    assert apart.mean() < 3


def test_faces_are_judged_each_for_itself_and_wherever_they_lie(people):
    image, faces = people[0]
    shift = np.array([37, 21], np.float32)
    canvas = np.zeros((image.shape[0] + 50, image.shape[1] + 50, 3), np.uint8)
    canvas[21 : 21 + image.shape[0], 37 : 37 + image.shape[1]] = image
    moved = Faces(faces.boxes + np.tile(shift, 2), faces.scores, faces.points + shift).with_mesh(
        faces.mesh + np.append(shift, 0).astype(np.float32), faces.mesh_scores
    )
    here, there = observe(image, faces, OBSERVED), observe(canvas, moved, OBSERVED)
    assert there.quality == pytest.approx(here.quality, abs=3)
    assert there.expression == pytest.approx(here.expression, abs=0.1)
    many = moved.select([0, 0, 0])
    again = observe(canvas, many, OBSERVED)
    thrice = np.repeat(there.quality, 3, axis=0)
    assert again.quality == pytest.approx(thrice, abs=1e-3, nan_ok=True)


def test_pictures_observed_together_and_alone_give_the_same(people):
    nobody = (np.zeros((5, 5, 3), np.uint8), Faces.none())
    bare = Faces(people[0][1].boxes, people[0][1].scores, people[0][1].points)
    pairs = [people[0], nobody, *people[1:], (people[0][0], bare), *people * 3]
    for (image, found), faces in zip(pairs, observe_all(pairs, OBSERVED), strict=True):
        alone = observe(image, found, OBSERVED)
        for name in ("pose", "quality", "expression"):
            assert getattr(faces, name) == pytest.approx(
                getattr(alone, name), abs=1e-3, nan_ok=True
            )


def test_part_of_a_face_beyond_the_edge_counts_as_covered(people):
    image, faces = people[0]
    middle = int(faces.points[0, 2, 0])
    half = observe(np.ascontiguousarray(image[:, :middle]), faces, {Feature.QUALITY}).quality
    assert half[0, 6] < 60


def test_a_face_without_a_mesh_is_judged_by_the_rest(people):
    image, faces = people[0]
    bare = Faces(faces.boxes, faces.scores, faces.points)
    row = observe(image, bare, {Feature.QUALITY}).quality[0]
    assert np.isnan(row[5:]).all()
    assert np.isfinite(row[:5]).all()
    assert row[0] < 30


@pytest.mark.parametrize("shape", [(1, 1), (2, 3), (1, 500), (40, 40)])
@pytest.mark.parametrize("value", [np.nan, 0.0, np.inf, 1e7, -300.0])
def test_broken_faces_raise_nothing(shape, value):
    places = np.full((2, 468, 3), value, np.float32)
    faces = Faces(np.full((2, 4), 5, np.float32), np.ones(2, np.float32), places[:, :5, :2])
    seen = observe(np.zeros((*shape, 3), np.uint8), faces.with_mesh(places, faces.scores), OBSERVED)
    assert in_range(seen)
    assert len(facts_of(np.zeros((*shape, 3), np.uint8), seen)) == 2


@given(
    st.integers(0, 2**32 - 1),
    st.floats(0, 1e4),
    st.integers(1, 60),
    st.integers(1, 60),
)
def test_any_mesh_on_any_picture_gives_values_in_range_or_none(seed, spread, height, width):
    dice = np.random.default_rng(seed)
    mesh = dice.normal(30, spread, (1, 468, 3)).astype(np.float32)
    image = dice.integers(0, 255, (height, width, 3), np.uint8)
    faces = Faces(
        np.array([[3, 3, 30, 30]], np.float32), np.ones(1, np.float32), mesh[:, :5, :2].copy()
    )
    assert in_range(observe(image, faces.with_mesh(mesh, faces.scores), OBSERVED))


def in_range(faces):
    def within(values, low, high):
        return ((values >= low) & (values <= high) | np.isnan(values)).all()

    return (
        within(faces.quality, 0, 100)
        and within(faces.expression[:, :4], 0, 1)
        and within(faces.expression[:, 4], -1, 1)
        and within(faces.pose, -180, 180)
    )


def test_no_faces_no_rows():
    seen = observe(np.zeros((1, 1, 3), np.uint8), Faces.none(), OBSERVED)
    assert (seen.pose.shape, seen.quality.shape, seen.expression.shape) == ((0, 3), (0, 7), (0, 5))
    assert facts_of(np.zeros((1, 1, 3), np.uint8), Faces.none()) == []


@given(arrays(np.float32, (1, 6), elements=st.floats(0, 100, width=32)), st.integers(0, 5))
def test_the_whole_lies_between_worst_and_mean_and_falls_with_each_part(parts, which):
    whole = whole_of(parts)[0]
    assert parts.min() - 1e-3 <= whole <= parts.mean() + 1e-3
    worse = parts.copy()
    worse[0, which] /= 2
    assert whole_of(worse)[0] <= whole + 1e-3


def row(**parts):
    """Return a row of quality, 90 in all parts that are not given."""
    return np.array([parts.get(name, 90) for name in QUALITY_PARTS], np.float32)


@pytest.mark.parametrize(
    ("parts", "facts", "expected"),
    [
        ({}, GOOD, ()),
        ({"sharpness": 5}, GOOD, (Reason.BLURRED,)),
        ({"contrast": 5}, GOOD, (Reason.LOW_CONTRAST,)),
        ({"occlusion": 5}, GOOD, (Reason.COVERED,)),
        ({"brightness": 5}, FaceFacts(True, 120, 5, 20), (Reason.TOO_DARK,)),
        ({"brightness": 5}, FaceFacts(True, 120, 5, 240), (Reason.TOO_BRIGHT,)),
        ({}, FaceFacts(True, 12, 5, 120), (Reason.TOO_SMALL,)),
        ({}, FaceFacts(True, 120, 70, 120), (Reason.TURNED_AWAY,)),
        (
            {"pose": np.nan, "occlusion": np.nan},
            FaceFacts(False, 120, np.nan, 120),
            (Reason.NO_MESH,),
        ),
        ({"overall": 10}, GOOD, (Reason.POOR,)),
        ({"overall": 10, "sharpness": 5, "occlusion": 5}, GOOD, (Reason.BLURRED, Reason.COVERED)),
    ],
)
def test_the_gate_names_what_is_wrong(parts, facts, expected):
    assert reasons(row(**parts), facts, QualityOptions()) == expected


def test_a_gate_without_limits_lets_any_meshed_face_pass():
    everything = QualityOptions(
        **dict.fromkeys(QualityOptions.model_fields, 0) | {"max_turn_degrees": 180}
    )
    worst = row(**dict.fromkeys(QUALITY_PARTS, 0))
    assert reasons(worst, FaceFacts(True, 1, 170, 0), everything) == ()


def test_each_reason_tells_the_person_what_to_do():
    assert set(ADVICE) == set(Reason)
    for advice in ADVICE.values():
        assert ": " in advice
        assert advice.endswith(".")


def test_portraits_pass_the_gate_and_masked_ones_do_not(people):
    def judge(image, faces):
        row = observe(image, faces, {Feature.QUALITY}).quality[0]
        return reasons(row, facts_of(image, faces)[0], QualityOptions())

    assert [judge(image, faces) for image, faces in people] == [()] * len(people)
    refused = [judge(with_mask(image, faces), faces) for image, faces in people]
    assert sum(Reason.COVERED in found for found in refused) >= 5
