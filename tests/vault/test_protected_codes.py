"""Codes find what the templates would find, and fit nobody else's codes."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from visavis.vault.protected_codes import (
    BITS,
    CODE_BYTES,
    CodeMaker,
    cosine_of,
    distances,
    rotations,
)

SECRET = bytes(range(32))


def units(n, dimensions=128, seed=0):
    drawn = np.random.default_rng(seed).normal(size=(n, dimensions)).astype(np.float32)
    return drawn / np.linalg.norm(drawn, axis=1, keepdims=True)


@pytest.mark.parametrize("dimensions", [128, 192, 512, 600])
def test_the_directions_are_orthogonal_in_each_turn(dimensions):
    turn = rotations(SECRET, "e", dimensions)
    assert turn.shape == (dimensions, BITS)
    for start in range(0, BITS, dimensions):
        block = turn[:, start : start + dimensions]
        np.testing.assert_allclose(block.T @ block, np.eye(block.shape[1]), atol=1e-5)


def test_coordinates_of_the_directions_are_those_of_evenly_drawn_ones():
    turn = rotations(SECRET, "e", 128) * np.sqrt(128)
    assert abs(turn.mean()) < 0.02
    assert turn.std() == pytest.approx(1, abs=0.01)
    assert (turn**4).mean() == pytest.approx(3, abs=0.1)  # normal, but for the sphere


@settings(max_examples=25)
@given(st.integers(0, 2**32 - 1), st.floats(-0.95, 0.95))
def test_the_share_of_equal_bits_tells_the_angle(seed, cosine):
    one, other = units(2, seed=seed)
    other -= (other @ one) * one
    other = cosine * one + np.sqrt(1 - cosine**2) * other / np.linalg.norm(other)
    codes = CodeMaker(SECRET, "e", 128).codes(np.stack([one, other]).astype(np.float32))
    estimate = cosine_of(distances(codes[0], codes[1:]))[0]
    assert estimate == pytest.approx(cosine, abs=0.35)  # five times the spread of 512 bits


def test_neighbours_by_code_are_neighbours_by_template():
    gallery = units(5000)
    noise = np.random.default_rng(1).normal(scale=0.03, size=(200, 128)).astype(np.float32)
    codes = CodeMaker(SECRET, "e", 128).codes(gallery)
    probes = CodeMaker(SECRET, "e", 128).codes(gallery[:200] + noise)
    found = [int(distances(probe, codes).argmin()) for probe in probes]
    assert np.mean(np.array(found) == np.arange(200)) > 0.99


@pytest.mark.parametrize(
    ("secret", "embedder"),
    [(bytes(32), "e"), (SECRET[::-1], "e"), (SECRET, "another embedder")],
)
def test_codes_of_another_tenant_version_or_embedder_tell_nothing(secret, embedder):
    templates = units(400)
    ours = CodeMaker(SECRET, "e", 128).codes(templates)
    theirs = CodeMaker(secret, embedder, 128).codes(templates)
    apart = [distances(a, b[None])[0] for a, b in zip(ours, theirs, strict=True)]
    assert np.mean(apart) == pytest.approx(BITS / 2, abs=4)


def test_codes_are_the_same_in_every_process_and_of_every_length_of_template():
    templates = units(3)
    first = CodeMaker(SECRET, "e", 128).codes(templates)
    assert first.shape == (3, CODE_BYTES)
    assert first.dtype == np.uint8
    assert (CodeMaker(SECRET, "e", 128).codes(templates * 7) == first).all()


@pytest.mark.parametrize("dimensions", [0, 5000])
def test_absurd_dimensions_are_refused(dimensions):
    with pytest.raises(ValueError, match="dimensions"):
        CodeMaker(SECRET, "e", dimensions)
