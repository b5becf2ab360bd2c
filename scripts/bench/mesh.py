"""The face mesh against LiteRT: same points, how much faster."""

from collections.abc import Iterator

import cv2
import numpy as np

from scripts.bench.figures import Figure
from scripts.bench.ground import Ground
from scripts.bench.peers import litert
from scripts.bench.timing import ratio, take_turns
from visavis.core.settings import RuntimeOptions
from visavis.core.types import MESH_POINTS, Floats, Pixels
from visavis.vision.engines.onnx_engine import OnnxEngine
from visavis.vision.stages.mesh import SIZE, crops_of
from visavis.vision.warp import cut

CROPS = 40
MOST_DIFFERENCE_PX = 0.05


def measure(ground: Ground) -> Iterator[Figure]:
    """Compare on crops of real portraits."""
    crops = [cut(image, crops_of(faces)[0], SIZE) for image, faces in ground.portraits[:CROPS]]
    planes: list[Floats] = [_tensor(crop) for crop in crops]
    pixels = [np.ascontiguousarray(plane.transpose(0, 2, 3, 1)) for plane in planes]
    peer = litert(ground, ground.cores)
    engine = OnnxEngine(ground.weight("mesh"), RuntimeOptions(intra_op_threads=0))
    theirs = np.stack([_points(peer(crop)) for crop in pixels])
    ours = np.stack([_points(engine.run(plane)) for plane in planes])
    worst = float(np.abs(ours - theirs).max())
    yield Figure(
        f"mesh against LiteRT, {len(crops)} crops: largest difference of a coordinate",
        f"≤ {MOST_DIFFERENCE_PX} px of {SIZE}",
        f"{worst:.1e} px",
        worst <= MOST_DIFFERENCE_PX,
        {"max_abs_difference_px": worst, "crops": len(crops)},
    )
    times = take_turns(
        {
            "litert": lambda: [peer(crop) for crop in pixels],
            "ours": lambda: [engine.run(plane) for plane in planes],
        }
    )
    ms = {name: 1000 * seconds / len(crops) for name, seconds in times.items()}
    yield Figure(
        "mesh speed against LiteRT, one crop at a time, all cores",
        "",
        f"{ms['ours']:.2f} ms, LiteRT {ms['litert']:.2f} ms: {ratio(ms['litert'], ms['ours'])}",
        None,
        {"ms_per_crop": ms},
    )


def _tensor(crop: Pixels) -> Floats:
    """Return (1, 3, 192, 192) float32, 0..1."""
    planes: Floats = np.asarray(cv2.dnn.blobFromImage(crop, 1 / 255), np.float32)
    return planes


def _points(outputs: list[Floats]) -> Floats:
    """Return the output that holds the mesh, (468, 3)."""
    return next(o for o in outputs if o.size == 3 * MESH_POINTS).reshape(MESH_POINTS, 3)
