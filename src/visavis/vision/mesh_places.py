"""Where the parts of a face lie in the mesh: indices of points, by name.

Left and right as seen in the picture. Paired regions list mirrored points in the same order.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import TypeAlias

Points: TypeAlias = tuple[int, ...]

LIDS_LEFT = (
    (33, 33),
    (161, 163),
    (160, 144),
    (159, 145),
    (158, 153),
    (157, 154),
    (133, 133),
)
"""Upper and lower lid of the eye, from its left corner to its right one."""

LIDS_RIGHT = (
    (362, 362),
    (384, 381),
    (385, 380),
    (386, 374),
    (387, 373),
    (388, 390),
    (263, 263),
)
"""The same of the other eye."""

MIDDLE_REGIONS: Mapping[str, Points] = MappingProxyType(
    {
        "forehead": (10, 151, 9, 8, 108, 337),
        "bridge": (168, 6, 197, 195, 122, 351),
        "nose": (4, 1, 5, 45, 275, 2),
        "lip": (164, 167, 393, 165, 391, 92, 322),
        "mouth": (0, 17, 61, 291, 37, 267, 84, 314),
        "chin": (18, 200, 199, 83, 313, 175),
    }
)
"""Regions on the face's middle line; `lip` is the skin above the mouth."""

PAIRED_REGIONS: Mapping[str, tuple[Points, Points]] = MappingProxyType(
    {
        "brow": ((103, 104, 54, 68, 63, 105), (332, 333, 284, 298, 293, 334)),
        "eye": ((33, 133, 159, 145, 160, 144, 158, 153), (263, 362, 386, 374, 387, 373, 385, 380)),
        "cheekbone": ((117, 118, 101, 119, 100, 50), (346, 347, 330, 348, 329, 280)),
        "cheek": ((205, 207, 187, 147, 213, 192), (425, 427, 411, 376, 433, 416)),
        "jaw": ((172, 136, 150, 169, 135, 138), (397, 365, 379, 394, 364, 367)),
    }
)
"""Regions left and right of it."""

SKIN: Points = tuple(
    index
    for region in (
        *PAIRED_REGIONS["cheekbone"],
        *PAIRED_REGIONS["cheek"],
        MIDDLE_REGIONS["forehead"],
        MIDDLE_REGIONS["nose"],
        MIDDLE_REGIONS["bridge"],
    )
    for index in region
)
"""Points that are skin on nearly every face."""
