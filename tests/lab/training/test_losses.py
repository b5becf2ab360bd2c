import numpy as np
import pytest

from visavis.core.attributes import CLASSES, Head

pytestmark = pytest.mark.usefixtures("torch_here")


@pytest.mark.parametrize("head", list(Head))
def test_targets_sum_to_one_and_favour_the_label(head):
    import torch

    from visavis.lab.training.losses import soft_labels

    truth = torch.arange(len(CLASSES[head]))
    targets = soft_labels(head, truth, smoothing=0.06, age_spread=4.0)
    np.testing.assert_allclose(targets.sum(1).numpy(), 1, atol=1e-6)
    assert (targets.argmax(1) == truth).all()


def test_a_neighbouring_age_is_nearer_than_a_distant_one():
    import torch

    from visavis.lab.training.losses import soft_labels

    row = soft_labels(Head.AGE, torch.tensor([4]), smoothing=0, age_spread=4.0)[0]
    assert row[4] > row[3] > row[2] > row[1]
    assert row[4] > row[5] > row[6]


def test_a_face_without_a_label_costs_nothing():
    import torch

    from visavis.lab.training.crops import NO_LABEL
    from visavis.lab.training.losses import loss_of, soft_labels

    logits = torch.randn(3, 2, generator=torch.Generator().manual_seed(0))
    labelled = soft_labels(Head.GENDER, torch.tensor([0, 1]), 0.06, 4.0)
    partly = soft_labels(Head.GENDER, torch.tensor([0, 1, NO_LABEL]), 0.06, 4.0)
    with_it = loss_of([Head.GENDER], [logits], [partly])
    without = loss_of([Head.GENDER], [logits[:2]], [labelled])
    assert float(with_it) == pytest.approx(float(without))
