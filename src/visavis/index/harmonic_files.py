"""Files of harmonic maps: those that ship, and those that a deployment fitted itself."""

from functools import lru_cache
from pathlib import Path

from visavis.core.errors import InvalidInput
from visavis.index.harmonics import MOST_BYTES, HarmonicMap

BUNDLED = Path(__file__).parent / "maps"
_ENDING = ".npz"


@lru_cache(maxsize=1)
def bundled_maps() -> tuple[HarmonicMap, ...]:
    """Return the maps that ship."""
    return maps_in(BUNDLED)


def maps_in(folder: Path) -> tuple[HarmonicMap, ...]:
    """Return the maps that lie in a folder; none where there is no such folder.

    Raises:
        InvalidInput: a file is no map, or a broken one; the message names it.
    """
    return tuple(_read(path) for path in sorted(folder.glob(f"*{_ENDING}")))


def write_map(fitted: HarmonicMap, folder: Path) -> Path:
    """Put a map into a folder, in place of an older one between the same embedders."""
    folder.mkdir(parents=True, exist_ok=True)
    names = (each.replace("/", "_").replace(":", "_") for each in (fitted.source, fitted.target))
    path = folder / ("--".join(names) + _ENDING)
    partial = path.with_suffix(".part")
    partial.write_bytes(fitted.as_bytes())
    partial.replace(path)
    return path


def _read(path: Path) -> HarmonicMap:
    with path.open("rb") as file:
        data = file.read(MOST_BYTES + 1)
    try:
        return HarmonicMap.from_bytes(data)
    except InvalidInput as exc:
        raise InvalidInput(f"{path.name}: {exc}") from exc
