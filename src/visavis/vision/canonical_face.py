"""The parts of MediaPipe's canonical face that do not move: what head pose is measured against.

Vertices of `canonical_face_model.obj` (MediaPipe, Apache License 2.0), by their index in the mesh.
Jaw, lips, lids, brows and nostrils are left out: speaking, blinking and smiling move them. Of the
rest these 25 points were as good as 56 (measured on rotated meshes: 0.82° against 0.91°).
"""

import numpy as np

_MIDDLE = {
    10: (0.0, 8.261778, 4.481535),
    9: (0.0, 4.885979, 5.385258),
    168: (0.0, 3.271027, 5.236015),
    6: (0.0, 2.473255, 5.788627),
    195: (0.0, 1.059413, 6.774605),
    4: (0.0, -0.463170, 7.586580),
    1: (0.0, -1.126865, 7.475604),
}
"""From the top of the forehead down to the tip of the nose: centimetres, x right, y up, z towards
the camera."""

_SIDES = {
    (33, 263): (4.445859, 2.663991, 3.173422),
    (133, 362): (1.856432, 2.585245, 3.757904),
    (21, 251): (7.087960, 5.434801, 0.099620),
    (54, 284): (6.279331, 6.615427, 1.425850),
    (103, 332): (5.133204, 7.485602, 2.660442),
    (127, 356): (7.743095, 2.364999, -2.005167),
    (116, 345): (6.465170, 0.937119, 1.689873),
    (118, 347): (4.432338, 0.722096, 3.522615),
    (123, 352): (6.338145, -0.529279, 1.881175),
}
"""Corners of the eyes, temples, cheekbones: the point at the picture's left and its mirror image,
with the place of the latter."""

STEADY_POINTS = (*_MIDDLE, *(index for pair in _SIDES for index in pair))
"""Indices in the mesh, 25 of 468."""

STEADY_PLACES = np.array(
    [(x, -y, -z) for x, y, z in _MIDDLE.values()]
    + [(side * x, -y, -z) for x, y, z in _SIDES.values() for side in (-1, 1)]
)
"""(25, 3) float64, centimetres, in the axes of pictures: x right, y down, z away from the camera;
a face that looks straight into it."""
