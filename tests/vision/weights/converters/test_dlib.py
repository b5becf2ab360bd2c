"""dlib networks: real faces against dlib itself, and small networks against plain numpy."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.lib.stride_tricks import sliding_window_view

from tests.vision.weights.converters import dlib_files as write
from tests.vision.weights.faces import crops
from tests.vision.weights.running import Array, run
from visavis.core.errors import ConversionRefused
from visavis.vision.weights.converters import dlib as converter

RNG = np.random.default_rng(3)


def floats(*shape: int) -> Array:
    return RNG.normal(size=shape).astype(np.float32)


def test_embeddings_are_dlibs_own_on_real_faces(ready_weights: Path, shared_data: Path) -> None:
    dlib: Any = pytest.importorskip("dlib")
    chips = crops(shared_data, count=24, size=150)
    raw = ready_weights / "dlib_resnet" / "raw"
    net = dlib.face_recognition_model_v1(str(raw))
    theirs = np.stack([net.compute_face_descriptor(chip) for chip in chips])
    graph = (ready_weights / "dlib_resnet" / "model.onnx").read_bytes()
    batch = chips.transpose(0, 3, 1, 2).astype(np.float32)
    (ours,) = run(graph, batch)
    singles = np.concatenate([run(graph, batch[i : i + 1])[0] for i in range(len(batch))])
    assert ours.shape == (24, 128)
    assert np.abs(ours - theirs).max() <= 1e-5
    assert np.abs(singles - ours).max() <= 1e-6
    data = raw.read_bytes()
    assert converter.convert(data) == converter.convert(data), "the same file, the same graph"


def test_residual_blocks_are_read_from_the_file() -> None:
    w1, b1, gamma, beta = floats(4, 3, 3, 3), floats(4), floats(4), floats(4)
    w2, b2, w3 = floats(6, 4, 3, 3), floats(6), floats(6 * 5 * 5, 7)
    data = write.network(
        write.sized_input(20, 20),
        write.con(w1, b1, padding=1),
        write.affine(gamma, beta),
        write.relu(),
        write.MARK,
        write.con(w2, b2, stride=2),
        write.MARK,
        write.MARK,
        write.pool("avg", 2, 2),
        write.add_prev(),
        write.relu(),
        write.pool("max", 3, 2, 1),
        write.fc(w3, None),
    )
    image = RNG.uniform(0, 255, (2, 3, 20, 20)).astype(np.float32)

    x = (image - np.array([120, 110.5, 100.25])[:, None, None]) / 256
    x = _conv(x, w1, b1, 1, 1) * gamma[:, None, None] + beta[:, None, None]
    tag = np.maximum(x, 0)
    block = np.pad(_conv(tag, w2, b2, 2, 0), ((0, 0), (0, 0), (0, 1), (0, 1)))
    pooled = np.pad(_pool(tag, 2, 2, 0, np.nanmean), ((0, 0), (0, 2), (0, 0), (0, 0)))
    x = _pool(np.maximum(block + pooled, 0), 3, 2, 1, np.nanmax)
    expected = x.reshape(2, -1) @ w3

    np.testing.assert_allclose(run(converter.convert(data), image)[0], expected, atol=2e-3)


def test_newer_records_and_free_sizes() -> None:
    w1, w2, b2 = floats(5, 3, 3, 3), floats(5, 4), floats(4)
    data = write.network(
        write.free_input(),
        write.con(w1, None, padding=1, relu=True),
        write.affine(gamma := floats(5), beta := floats(5)),
        write.pool("avg", 3, 1, 1),
        write.pool("avg", 0, 1),
        write.fc(w2, b2),
        loss=None,
    )
    graph = converter.convert(data)
    for rows, columns in ((40, 33), (21, 64)):
        image = RNG.uniform(0, 255, (1, 3, rows, columns)).astype(np.float32)
        x = (image - np.array([120, 110.5, 100.25])[:, None, None]) / 256
        x = np.maximum(_conv(x, w1, np.zeros(5), 1, 1), 0)
        x = _pool(x * gamma[:, None, None] + beta[:, None, None], 3, 1, 1, np.nanmean)
        np.testing.assert_allclose(
            run(graph, image)[0], x.mean((2, 3)) @ w2 + b2, atol=1e-4, rtol=1e-4
        )


CON = write.con(np.ones((2, 3, 3, 3)), np.ones(2), padding=1)
SIZED = write.sized_input(8, 8)
UNEVEN = write.network(
    write.free_input(),
    CON,
    write.MARK,
    write.con(np.ones((2, 2, 3, 3)), np.ones(2), stride=2),
    write.MARK,
    write.MARK,
    write.pool("avg", 2, 2),
    write.add_prev(),
)
"""Of an even side the two branches leave different sizes, of an odd one the same."""


@pytest.mark.parametrize(
    ("data", "named"),
    [
        (write.network(SIZED, CON, write.text("prelu_")), "prelu_"),
        (write.network(write.text("input_grayscale"), CON), "input_grayscale"),
        (write.network(SIZED, CON, loss="loss_mmod_"), "loss_mmod_"),
        (write.network(SIZED, CON, write.add_prev()), "add_prev_ has no tag"),
        (write.network(SIZED, CON, write.MARK, write.relu()), "tags are never added"),
        (write.network(SIZED, CON, write.MARK, write.MARK), "skip has no tag"),
        (write.network(SIZED, CON, write.affine(np.ones(2), np.ones(2), 1)), "affine_"),
        (write.network(SIZED, CON, write.affine(np.ones(3), np.ones(3))), "affine_ has 6 param"),
        (write.network(SIZED, CON, write.fc(np.ones((9, 4)), None)), "do not fit together"),
        (write.network(SIZED, CON, write.pool("max", 9, 1)), "window larger"),
        (write.network(SIZED, CON, write.pool("max", 3, 0)), "max_pool_ has a size"),
        (write.network(SIZED, CON)[:-2], "ends in the middle|no number"),
        (write.network(SIZED, CON) + b"more", "4 bytes follow"),
        (write.network(SIZED, write.con(np.full((1, 3, 1, 1), np.nan), None)), "not finite|para"),
        (UNEVEN, "differ from picture to picture"),
    ],
)
def test_what_is_not_understood_is_refused_by_name(data: bytes, named: str) -> None:
    with pytest.raises(ConversionRefused, match=named):
        converter.convert(data)


def _conv(x: Array, w: Array, b: Array, stride: int, padding: int) -> Array:
    """Slide w over x, (n, k, rows, columns), in double precision."""
    x = np.pad(x, ((0, 0), (0, 0), (padding,) * 2, (padding,) * 2))
    windows = sliding_window_view(x, w.shape[2:], axis=(2, 3))[:, :, ::stride, ::stride]
    result: Array = np.einsum("nkrcij,fkij->nfrc", windows, w.astype(float)) + b[:, None, None]
    return result


def _pool(x: Array, size: int, stride: int, padding: int, reduce: Any) -> Array:
    """Reduce windows of x; padding does not count."""
    edge = ((0, 0), (0, 0), (padding,) * 2, (padding,) * 2)
    x = np.pad(x, edge, constant_values=np.nan)
    windows = sliding_window_view(x, (size, size), axis=(2, 3))[:, :, ::stride, ::stride]
    result: Array = reduce(windows, axis=(-1, -2))
    return result
