"""Maps on disk: those that ship lead both ways; a broken file is named."""

import numpy as np
import pytest

from visavis.core.errors import InvalidInput
from visavis.index.harmonic_files import bundled_maps, maps_in, write_map
from visavis.index.harmonic_fit import fit_harmonic


def unit(vectors):
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


@pytest.fixture(scope="module")
def fitted():
    rng = np.random.default_rng(0)
    there = unit(rng.normal(size=(400, 12)))
    return fit_harmonic("org/one:a@1", "other@1", there, unit(there + 0.1))


def test_those_that_ship_lead_both_ways_and_say_what_similarities_mean():
    ways = {(each.source, each.target): each for each in bundled_maps()}
    assert set(ways) == {
        ("dlib_resnet@1", "visavis_lite@1"),
        ("visavis_lite@1", "dlib_resnet@1"),
    }
    for each in ways.values():
        assert each.dimensions == (128, 128)
        assert each.agreement.nearest > 0.9
        assert each.calibration is not None
        assert each.among is not None
        # Mapped vectors have lost something: strangers are nearer to each other among them.
        assert each.among.threshold(1e-3) > each.calibration.threshold(1e-3) - 0.05


def test_what_is_written_is_read_and_the_newer_one_takes_its_place(tmp_path, fitted):
    path = write_map(fitted, tmp_path / "maps")
    assert path.parent == tmp_path / "maps"
    assert write_map(fitted, tmp_path / "maps") == path
    (read,) = maps_in(tmp_path / "maps")
    assert (read.source, read.target) == ("org/one:a@1", "other@1")
    assert read.among == fitted.among
    probes = unit(np.random.default_rng(1).normal(size=(5, 12)))
    assert np.array_equal(read.apply(probes), fitted.apply(probes))


def test_no_folder_is_no_map_and_a_broken_file_is_named(tmp_path, fitted):
    assert maps_in(tmp_path / "nowhere") == ()
    (tmp_path / "broken.npz").write_bytes(fitted.as_bytes()[:500])
    with pytest.raises(InvalidInput, match=r"broken\.npz"):
        maps_in(tmp_path)
