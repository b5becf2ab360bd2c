"""The small embedder: what it is told to say, and that it learns to say it."""

import numpy as np
import pytest

from tests.conftest import require_or_skip
from visavis.core.errors import InvalidInput
from visavis.core.settings import load_settings
from visavis.vision.decoders.lite import SIZE
from visavis.vision.weights.shelf import WeightShelf

pytestmark = pytest.mark.usefixtures("torch_here")

FACES = 320


@pytest.fixture(scope="module")
def teacher(weights):
    path = WeightShelf(load_settings().cache).path("dlib_resnet")
    if path is None:
        require_or_skip("weights", "no dlib_resnet here; run `visavis models pull`")
    return path


@pytest.fixture(scope="module")
def lesson(torch_here):
    """Give pictures whose vectors say where they are bright: quick to make, quick to learn."""
    from visavis.lab.training.lesson import KEPT_SIDE, Lesson

    rng = np.random.default_rng(0)
    coarse = rng.integers(0, 256, (FACES, 4, 4, 3)).astype(np.uint8)
    pixels = np.kron(coarse, np.ones((1, 29, 29, 1), np.uint8))[:, :KEPT_SIDE, :KEPT_SIDE]
    seen = coarse.reshape(FACES, -1) @ rng.normal(size=(48, 128)) + 3000
    vectors = (seen / np.linalg.norm(seen, axis=1, keepdims=True)).astype(np.float32)
    other = rng.permutation(FACES)
    shares = rng.uniform(0.5, 0.8, FACES).astype(np.float32)
    mixed = shares[:, None] * vectors + (1 - shares[:, None]) * vectors[other]
    blended = (mixed / np.linalg.norm(mixed, axis=1, keepdims=True)).astype(np.float32)
    held_out = np.arange(FACES) % 8 == 0
    return Lesson(pixels, vectors, other, shares, blended, held_out, "0" * 64, "dlib_resnet@1", 0)


def test_a_turn_keeps_all_angles_and_another_seed_is_another_turn():
    import torch

    from visavis.lab.training.pupil import turn_of, wanted

    turn = turn_of(3, 128)
    assert torch.equal(turn, turn_of(3, 128))
    np.testing.assert_allclose((turn @ turn.T).numpy(), np.eye(128), atol=1e-5)
    vectors = torch.nn.functional.normalize(torch.randn(40, 128) + 1, dim=1)
    centre = vectors.mean(0)
    goal = wanted(vectors, centre, turn)
    plain = torch.nn.functional.normalize(vectors - centre, dim=1)
    np.testing.assert_allclose((goal @ goal.T).numpy(), (plain @ plain.T).numpy(), atol=1e-5)
    assert float((goal * plain).sum(1).abs().mean()) < 0.3
    assert not torch.allclose(turn, turn_of(4, 128))


def test_the_loss_is_nothing_for_the_goal_and_grows_away_from_it():
    import torch

    from visavis.lab.training.pupil import loss_of

    goal = torch.nn.functional.normalize(torch.randn(32, 128), dim=1)
    assert float(loss_of(3 * goal, goal, 10)) == pytest.approx(0, abs=1e-5)
    near, far = (goal + by * torch.randn(32, 128) for by in (0.05, 0.3))
    assert 0 < float(loss_of(near, goal, 10)) < float(loss_of(far, goal, 10))


def test_it_learns_goes_on_after_an_interruption_and_is_exported_exactly(lesson, teacher, tmp_path):
    from visavis.lab.training.distilling import LARGEST_DIFFERENCE, METADATA_KEY, distil
    from visavis.lab.training.pupil import PupilRecipe, make_pupil
    from visavis.lab.training.recipes import Augmentation
    from visavis.lab.training.run import Origin
    from visavis.lab.training.teaching import Teaching
    from visavis.vision.engines.onnx_engine import read_metadata

    still = Augmentation(turn_degrees=0, zoom=0, shift=0, cover=0, blur=0.1)
    recipe = PupilRecipe(epochs=8, batch=20, ema=0.9, blended=0.2, augmentation=still)
    before = Teaching(make_pupil(teacher, 1), lesson, recipe, tmp_path / "none").agreement()
    said: list[str] = []

    def stop(told: str) -> None:
        said.append(told)
        if len(said) == 1:
            raise KeyboardInterrupt

    made = None
    origin, target = Origin("made up", "none"), tmp_path / "out/lite.onnx"
    while made is None:
        try:
            made = distil(lesson, recipe, teacher, origin, tmp_path, target, note=stop)
        except KeyboardInterrupt:
            continue
    assert "going on after epoch 1 of 8" in said
    assert made.facts["cosine_to_teacher"] > before + 0.15
    assert made.facts["export_difference"] <= LARGEST_DIFFERENCE
    assert (made.facts["faces"], made.facts["held_out"]) == (FACES * 7 // 8, FACES // 8)
    assert METADATA_KEY in read_metadata(made.path)
    assert target.stat().st_size < 5_000_000
    assert not list(tmp_path.glob("*.checkpoint"))


def test_the_exported_file_takes_chips_as_the_decoder_makes_them(teacher, tmp_path):
    from visavis.core.settings import RuntimeOptions
    from visavis.lab.training.distilling import to_onnx
    from visavis.lab.training.pupil import make_pupil
    from visavis.vision.decoders.lite import Lite
    from visavis.vision.engines.onnx_engine import OnnxEngine

    to_onnx(make_pupil(teacher, 1).eval(), tmp_path / "lite.onnx")
    engine = OnnxEngine(tmp_path / "lite.onnx", RuntimeOptions())
    chips = [np.full((SIZE, SIZE, 3), level, np.uint8) for level in (10, 200)]
    (out,) = engine.run(Lite().prepare(chips))
    assert out.shape == (2, 128)
    assert np.isfinite(out).all()
    assert engine.fixed_size == (SIZE, SIZE)


def test_too_few_faces_teach_nothing(lesson, teacher, tmp_path):
    from dataclasses import replace

    from visavis.lab.training.distilling import distil
    from visavis.lab.training.pupil import PupilRecipe
    from visavis.lab.training.run import Origin

    few = replace(lesson, held_out=np.arange(FACES) >= 100)
    told = few, PupilRecipe(), teacher, Origin("", ""), tmp_path, tmp_path / "lite.onnx"
    with pytest.raises(InvalidInput, match="100 faces are too few"):
        distil(*told)
