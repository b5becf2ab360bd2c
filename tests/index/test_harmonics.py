"""Maps between embedders: vectors of the one become comparable with those of the other."""

import io
import json
import zipfile

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from visavis.core.errors import InvalidInput
from visavis.index.harmonic_fit import LEAST_PAIRS, fit_harmonic
from visavis.index.harmonics import HarmonicMap, Harmonics, NoHarmonicMap

OLD, NEW = "old@1", "new@1"


def faces(count, dimensions, seed=0):
    """Unit vectors of faces, drawn together around a common direction as embedders do."""
    rng = np.random.default_rng(seed)
    drawn = rng.normal(size=(count, dimensions)) + 0.3
    return unit(drawn)


def unit(vectors):
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def rotation(dimensions, seed=1):
    turned, _ = np.linalg.qr(np.random.default_rng(seed).normal(size=(dimensions, dimensions)))
    return turned


def other_view(vectors, dimensions, noise=0.0, bent=0.0, seed=2):
    """What another embedder makes of the same faces: turned, bent, with noise of its own."""
    rng = np.random.default_rng(seed)
    turn = rng.normal(size=(vectors.shape[1], dimensions)) / np.sqrt(vectors.shape[1])
    seen = vectors @ turn
    seen = seen + bent * np.abs(vectors @ rng.normal(size=turn.shape)) / np.sqrt(dimensions)
    return unit(
        seen + noise / np.sqrt(dimensions) * np.random.default_rng(9).normal(size=seen.shape)
    )


def cosines(a, b):
    return np.einsum("nd,nd->n", a, b)


def test_a_turn_is_found_exactly_and_the_simplest_kind_is_taken():
    there = faces(1_500, 32)
    turn = rotation(32)

    fitted = fit_harmonic(OLD, NEW, there[:1_000], (there[:1_000] @ turn).astype(np.float32))

    assert fitted.agreement.kind == "turn"
    assert fitted.agreement.nearest == 1
    assert cosines(fitted.apply(there[1_000:]), there[1_000:] @ turn).min() > 0.9999


def test_a_map_keeps_to_held_out_faces_what_its_agreement_promises():
    there = faces(3_000, 48)
    here = other_view(there, 64, noise=0.3)

    fitted = fit_harmonic(OLD, NEW, there[:2_000], here[:2_000])

    held_out = cosines(fitted.apply(there[2_000:]), here[2_000:])
    assert fitted.agreement.kind == "ridge"
    assert fitted.agreement.pairs == 2_000
    assert held_out.mean() == pytest.approx(fitted.agreement.cosine, abs=0.01)
    assert held_out.mean() > 0.9
    assert fitted.agreement.nearest > 0.99


def test_an_embedder_that_differs_by_more_than_a_line_is_followed():
    there = faces(4_000, 24)
    here = other_view(there, 24, bent=3.0)

    fitted = fit_harmonic(OLD, NEW, there[:3_000], here[:3_000])

    straight = np.linalg.lstsq(there[:3_000], here[:3_000], rcond=None)[0]
    by_line = cosines(unit(there[3_000:] @ straight), here[3_000:]).mean()
    assert fitted.agreement.kind == "bent"
    assert cosines(fitted.apply(there[3_000:]), here[3_000:]).mean() > by_line + 0.01


@pytest.mark.parametrize("dimensions", [(40, 16), (16, 40)])
def test_embedders_of_other_dimensions_are_joined(dimensions):
    there = faces(1_000, dimensions[0])
    here = other_view(there, dimensions[1])

    fitted = fit_harmonic(OLD, NEW, there, here)

    mapped = fitted.apply(there)
    assert fitted.dimensions == dimensions
    assert mapped.shape == here.shape
    assert mapped.dtype == np.float32
    assert np.linalg.norm(mapped, axis=1) == pytest.approx(1, abs=1e-5)
    assert fitted.apply(there[:0]).shape == (0, dimensions[1])


def test_embedders_with_nothing_in_common_are_told_so():
    fitted = fit_harmonic(
        OLD, NEW, faces(1_000, 32, seed=3), unit(np.random.default_rng(4).normal(size=(1_000, 32)))
    )

    assert fitted.agreement.cosine < 0.2
    assert fitted.agreement.nearest < 0.05


@given(st.floats(0.001, 1000), st.integers(0, 50))
def test_the_length_of_a_vector_says_nothing(scale, i):
    mapped = MAP.apply((VECTORS[i : i + 1] * scale).astype(np.float32))

    assert mapped == pytest.approx(MAP.apply(VECTORS[i : i + 1]), abs=1e-5)


VECTORS = faces(400, 16)
MAP = fit_harmonic(OLD, NEW, VECTORS, other_view(VECTORS, 8, noise=0.1, bent=1.0))


def test_the_bytes_are_the_map():
    again = HarmonicMap.from_bytes(MAP.as_bytes())

    assert (again.source, again.target, again.agreement) == (OLD, NEW, MAP.agreement)
    assert (again.apply(VECTORS) == MAP.apply(VECTORS)).all()
    assert again.as_bytes() == MAP.as_bytes()
    assert again.calibration == MAP.calibration is not None


def packed(**parts):
    """Bytes of a map with some parts exchanged."""
    with np.load(io.BytesIO(MAP.as_bytes())) as archive:
        arrays = {name: archive[name] for name in archive.files}
    facts = json.loads(arrays["facts"].tobytes())
    if told := parts.pop("facts", None):
        arrays["facts"] = np.frombuffer(json.dumps(facts | told).encode(), np.uint8)
    out = io.BytesIO()
    np.savez(out, **(arrays | parts))
    return out.getvalue()


class Dangerous:
    def __reduce__(self):
        return (pytest.fail, ("it was unpickled",))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"PK\x03\x04 and no more",
        MAP.as_bytes()[:-30],
        packed(facts={"format": "visavis.harmonic/2"}),
        packed(facts={"source": "../old"}),
        packed(facts={"target": OLD}),
        packed(facts={"more": 1}),
        packed(facts={"agreement": {}}),
        packed(facts={"calibration": "{}"}),
        packed(weights=MAP.weights[1:]),
        packed(weights=MAP.weights.astype(np.float64)),
        packed(weights=np.full_like(MAP.weights, np.nan)),
        packed(weights=MAP.weights[0]),
        packed(weights=np.array(5, np.float32)),
        packed(weights=np.array([Dangerous()], object)),
    ],
)
def test_bytes_that_are_no_map_are_refused_and_nothing_in_them_runs(data):
    with pytest.raises(InvalidInput):
        HarmonicMap.from_bytes(data)


def test_bytes_that_would_fill_the_memory_are_refused():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in ("facts", "bends", "weights"):
            archive.writestr(f"{name}.npy", bytes(100 * 1024 * 1024))

    with pytest.raises(InvalidInput, match="too many"):
        HarmonicMap.from_bytes(out.getvalue())


def test_spaces_are_never_mixed_without_a_map():
    harmonics = Harmonics([MAP])

    assert harmonics.bring(VECTORS, NEW, NEW) is VECTORS
    assert (harmonics.bring(VECTORS, OLD, NEW) == MAP.apply(VECTORS)).all()
    assert harmonics.leads(OLD, NEW)
    assert not harmonics.leads(NEW, OLD)
    with pytest.raises(NoHarmonicMap, match=r"new@1 cannot be compared with those of old@1"):
        harmonics.bring(VECTORS[:, :8], NEW, OLD)


def test_what_a_map_cannot_take_is_refused():
    with pytest.raises(InvalidInput, match="16 numbers"):
        MAP.apply(VECTORS[:, :8])
    with pytest.raises(InvalidInput, match="0 or not finite"):
        MAP.apply(np.zeros((1, 16), np.float32))
    with pytest.raises(InvalidInput, match="0 or not finite"):
        MAP.apply(np.full((1, 16), np.inf, np.float32))


@pytest.mark.parametrize(
    ("there", "here", "words"),
    [
        (VECTORS[: LEAST_PAIRS - 1], VECTORS[: LEAST_PAIRS - 1], "too few"),
        (VECTORS, VECTORS[1:], "go together"),
        (VECTORS[0], VECTORS[0], "go together"),
        (VECTORS, VECTORS * 0, "0 or not finite"),
    ],
)
def test_what_nothing_can_be_learned_from_is_refused(there, here, words):
    with pytest.raises(InvalidInput, match=words):
        fit_harmonic(OLD, NEW, there, here)


def test_a_map_says_what_its_similarities_mean():
    there = faces(3_000, 48)
    here = other_view(there, 64, noise=1.0)

    fitted = fit_harmonic(OLD, NEW, there[:2_000], here[:2_000])

    cross = fitted.apply(there[2_000:]) @ here[2_000:].T
    impostors = cross[~np.eye(len(cross), dtype=bool)]
    assert fitted.calibration is not None
    assert fitted.calibration.embedder == NEW
    for rate in (0.1, 0.01, 0.001):
        observed = (impostors >= fitted.calibration.threshold(rate)).mean()
        assert observed / rate == pytest.approx(1, rel=0.3)


def test_faces_of_one_person_are_no_impostors_and_stay_in_one_fold():
    people = [f"p{i // 4}" for i in range(2_000)]
    middles = np.repeat(faces(500, 32, seed=5), 4, axis=0)
    there = unit(middles + 0.03 * faces(2_000, 32, seed=6))
    here = other_view(there, 24, noise=0.2)

    known, unknown = (
        fit_harmonic(OLD, NEW, there, here, people),
        fit_harmonic(OLD, NEW, there, here),
    )

    assert known.calibration is not None
    assert unknown.calibration is not None
    assert known.calibration.threshold(0.001) < unknown.calibration.threshold(0.001) - 0.01
    with pytest.raises(InvalidInput, match="one for each face"):
        fit_harmonic(OLD, NEW, there, here, people[1:])
    with pytest.raises(InvalidInput, match="of 2 people"):
        fit_harmonic(OLD, NEW, there, here, ["a", "b"] * 1_000)


def test_faces_that_all_look_alike_still_give_a_map():
    same = np.ones((200, 8), np.float32)

    fitted = fit_harmonic(OLD, NEW, same, same)

    assert cosines(fitted.apply(same), unit(same)).min() > 0.999
    assert fitted.calibration is None


def test_a_map_from_an_embedder_to_itself_is_no_map():
    with pytest.raises(InvalidInput, match="one embedder to another"):
        fit_harmonic(OLD, OLD, VECTORS, VECTORS)
