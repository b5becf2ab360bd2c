"""Head pose: real meshes turned by known angles, seen by cameras near and far."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from scripts.bench.figures import Figure
from scripts.bench.ground import Ground
from scripts.bench.timing import take_turns
from visavis.core.types import POSE_ANGLES, Feature
from visavis.vision.canonical_face import STEADY_PLACES, STEADY_POINTS
from visavis.vision.stages.observe import OBSERVED, observe
from visavis.vision.stages.pose import pose_of

MOST_DEGREES = 3.0
MOST_TURN = (60.0, 40.0, 60.0)
TURNS = 600
DISTANCES_CM = (None, 150.0, 75.0, 45.0)
"""Of the camera; None is infinitely far (orthographic)."""


def measure(ground: Ground) -> Iterator[Figure]:
    """Compare with the truth, then with the mirrored and turned picture, then the clock."""
    meshes = np.concatenate([faces.mesh for _, faces in ground.portraits if faces.mesh is not None])
    heads = straightened(meshes)
    errors = {_name(far): np.abs(errors_at(heads, far)) for far in DISTANCES_CM}
    mean = float(np.mean([each.mean() for each in errors.values()]))
    angles = np.mean([each.mean(axis=0) for each in errors.values()], axis=0)
    worst = max(float(each.max()) for each in errors.values())
    cameras = ", ".join(f"{name} {each.mean():.2f}" for name, each in errors.items())
    yield Figure(
        f"pose of {len(heads)} real meshes turned by yaw ±60, pitch ±40, roll ±60: mean error",
        f"≤ {MOST_DEGREES:.0f}°",
        f"{mean:.2f}° ("
        + ", ".join(f"{n} {v:.2f}" for n, v in zip(POSE_ANGLES, angles, strict=True))
        + f"; camera {cameras}; worst {worst:.1f}°)",
        mean <= MOST_DEGREES,
        {"mean": mean, "angles": angles.tolist(), "worst": worst},
    )
    yield _cost(ground)


def straightened(meshes: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return (n, 468, 3) centimetres: each mesh turned and scaled as the canonical face is.

    The middle of the steady points is the origin, so that cameras point at it. This
    uses the depths of the mesh, which the pose does not: it is another way to say what straight is
    (Procrustes; Umeyama 1991).
    """
    heads = []
    for mesh in meshes.astype(np.float64):
        steady = mesh[STEADY_POINTS, :]
        own, middle = steady - steady.mean(axis=0), STEADY_PLACES.mean(axis=0)
        u, spread, vt = np.linalg.svd(own.T @ (STEADY_PLACES - middle))
        scale = spread.sum() / (own**2).sum()
        heads.append((mesh - steady.mean(axis=0)) @ u @ vt * scale)
    return np.array(heads)


def turn(yaw: float, pitch: float, roll: float) -> NDArray[np.float64]:
    """Return the rotation (3, 3) in the axes of pictures, from degrees as in `POSE_ANGLES`."""
    (cy, cp, cr), (sy, sp, sr) = (f(np.radians([yaw, pitch, roll])) for f in (np.cos, np.sin))
    nod = np.array([[1, 0, 0], [0, cp, sp], [0, -sp, cp]])
    shake = np.array([[cy, 0, -sy], [0, 1, 0], [sy, 0, cy]])
    lean = np.array([[cr, -sr, 0], [sr, cr, 0], [0, 0, 1]])
    together: NDArray[np.float64] = lean @ shake @ nod
    return together


def seen(head: NDArray[np.float64], far_cm: float | None) -> NDArray[np.float64]:
    """Return how a camera sees a head (468, 3): x y in pixels, depth 0."""
    grow = 10.0 if far_cm is None else 10.0 * far_cm / (far_cm + head[:, 2:])
    return np.column_stack([head[:, :2] * grow + 300, np.zeros(len(head))])


def errors_at(heads: NDArray[np.float64], far_cm: float | None) -> NDArray[np.float64]:
    """Return (TURNS, 3) degrees: measured less true."""
    most = np.array(MOST_TURN)
    truths = np.random.default_rng(7).uniform(-most, most, (TURNS, 3))
    views = [seen(heads[i % len(heads)] @ turn(*t).T, far_cm) for i, t in enumerate(truths)]
    found = pose_of(np.array(views, np.float32))
    wrapped: NDArray[np.float64] = (found - truths + 180) % 360 - 180
    return wrapped


def _name(far_cm: float | None) -> str:
    return "infinitely far" if far_cm is None else f"{far_cm:.0f} cm"


def _cost(ground: Ground) -> Figure:
    pairs = ground.portraits[:16]
    features: dict[str, frozenset[Feature]] = {
        "pose": frozenset({Feature.POSE}),
        "all three": OBSERVED,
    }
    times = take_turns(
        {"mesh": lambda: ground.analyzer.mesh(pairs)}
        | {name: lambda wanted=wanted: observe(pairs, wanted) for name, wanted in features.items()}
    )
    ms = {name: 1000 * seconds / len(pairs) for name, seconds in times.items()}
    return Figure(
        "pose, quality and expression, added a face, against the mesh's own time",
        "",
        f"pose {ms['pose']:.3f} ms, all three {ms['all three']:.3f} ms = "
        f"{ms['all three'] / ms['mesh']:.2f} of the mesh's {ms['mesh']:.2f} ms "
        "(one face a picture of 720 px)",
        None,
        {"ms_per_face": ms},
    )
