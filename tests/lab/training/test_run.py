"""A whole run over real faces, small: it learns, resumes, and writes a head file that serves."""

import numpy as np
import pytest

from tests.lab.training.conftest import SPEC
from visavis.core.attributes import Head
from visavis.core.errors import InvalidInput
from visavis.core.settings import load_settings
from visavis.vision.heads.shelf import load_net
from visavis.vision.weights.shelf import WeightShelf

pytestmark = pytest.mark.usefixtures("torch_here", "weights")


@pytest.fixture(scope="module")
def recipe(torch_here):
    from visavis.lab.training.recipes import Recipe

    return Recipe(
        name="trial", heads=(Head.AGE, Head.GENDER), crop=SPEC, epochs=2, batch=64, blocks=13
    )


@pytest.fixture(scope="module")
def embedder(weights):
    return WeightShelf(load_settings().cache).path("dlib_resnet")


@pytest.fixture(scope="module")
def trained(crops, recipe, embedder, tmp_path_factory):
    from visavis.lab.training.epochs import Told
    from visavis.lab.training.run import Origin, train

    told: list[Told] = []
    made = train(
        crops, recipe, embedder, Origin("FairFace", "CC-BY-4.0"),
        tmp_path_factory.mktemp("run"), tell=told.append,
    )  # fmt: skip
    return made, told


def test_it_learns_and_the_file_serves_what_it_learned(trained, crops):
    from visavis.lab.training.augment import centred

    made, _ = trained
    net = load_net(made.path, load_settings().runtime)
    assert net.card == made.card
    assert set(net.card.heads) == {Head.AGE, Head.GENDER}
    held_out = np.flatnonzero(crops.held_out)
    answers = net.engine.run(centred(crops.pixels[held_out], SPEC.size))
    for head in made.card.heads:
        probabilities = answers[net.outputs[head]]
        np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-5)
        np.testing.assert_allclose(
            probabilities.mean(axis=0), made.card.heads[head].shares, atol=1e-4
        )
    gender = answers[net.outputs[Head.GENDER]].argmax(axis=1)
    assert (gender == crops.truth[Head.GENDER][held_out]).mean() > 0.65
    assert made.path.stat().st_size < 7_000_000


def test_progress_is_told_and_the_checkpoint_is_gone(trained, recipe):
    made, told = trained
    assert [t.step for t in told] == sorted({t.step for t in told})
    assert all(t.steps == told[0].steps >= t.step for t in told)
    assert [path.suffix for path in made.path.parent.iterdir()] == [".onnx"]


def test_the_card_tells_how_it_was_made(trained, crops, recipe):
    made, _ = trained
    training = made.card.training
    assert training["recipe"] == recipe.model_dump(mode="json")
    assert training["data_sha256"] == crops.sha256
    assert training["faces"] + training["held_out"] == len(crops)
    assert min(training["eight_bit_agreement"].values()) > 0.8


def test_an_interrupted_run_goes_on_and_ends_as_if_it_had_not_been(
    crops, recipe, embedder, tmp_path, monkeypatch
):
    import torch

    from visavis.lab.training.loop import Training
    from visavis.lab.training.nets import make_net

    short = crops.__class__(
        crops.pixels[:200], {h: t[:200] for h, t in crops.truth.items()}, crops.held_out[:200],
        crops.sha256, crops.spec,
    )  # fmt: skip
    whole = Training(make_net(recipe, embedder), short, recipe, tmp_path / "a").run(lambda _: None)

    class Interrupted(Exception):
        pass

    cut = Training(make_net(recipe, embedder), short, recipe, tmp_path / "b")
    keep = cut._keep

    def keep_and_stop():
        keep()
        raise Interrupted

    monkeypatch.setattr(
        cut, "_keep", keep_and_stop
    )  # the fault: the process ends after the first epoch
    with pytest.raises(Interrupted):
        cut.run(lambda _: None)
    again = Training(make_net(recipe, embedder), short, recipe, tmp_path / "b")
    assert again.epoch == 1
    resumed = again.run(lambda _: None)
    for one, other in zip(whole.parameters(), resumed.parameters(), strict=True):
        assert torch.allclose(one, other, atol=1e-5)


def test_a_checkpoint_that_was_cut_short_means_to_start_over(crops, recipe, embedder, tmp_path):
    from visavis.lab.training.loop import Training
    from visavis.lab.training.nets import make_net

    for damaged in (b"", b"PK\x03\x04 cut short", b"no checkpoint at all"):
        (tmp_path / "c").write_bytes(damaged)
        assert Training(make_net(recipe, embedder), crops, recipe, tmp_path / "c").epoch == 0


def test_too_few_faces_or_a_class_nobody_shows_is_one_sentence(crops, recipe):
    from visavis.lab.training.run import check_enough

    few = crops.__class__(
        crops.pixels[:100], {h: t[:100] for h, t in crops.truth.items()}, crops.held_out[:100],
        crops.sha256, crops.spec,
    )  # fmt: skip
    with pytest.raises(InvalidInput, match="held out for calibration"):
        check_enough(few, recipe)
    men = {**crops.truth, Head.GENDER: np.ones_like(crops.truth[Head.GENDER])}
    with pytest.raises(InvalidInput, match="no face shows gender 'female'"):
        check_enough(
            crops.__class__(crops.pixels, men, np.arange(len(crops)) % 8 == 0, "", crops.spec),
            recipe,
        )
