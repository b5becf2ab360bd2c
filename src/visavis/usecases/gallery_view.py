"""How one search looks at a gallery of several embedders: every comparison happens in one space.

Templates of other embedders are brought to the one that is searched by a map, as they are opened:
the comparison is as exact as the map. A similarity with a mapped vector lies elsewhere than one
without, so it is told as the similarity that strangers reach as rarely: thresholds and error rates
hold for all.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from visavis.core.types import Floats
from visavis.index.calibration import Calibration
from visavis.index.harmonics import Harmonics
from visavis.usecases.gallery_filling import Part

_ROUNDED = 12
_WORTH_A_TABLE = 200
_TABLE = 257


class Meanings(Protocol):
    """Tells what similarities mean, as `Scores` does."""

    def of(self, tenant_id: str, embedder: str) -> Calibration:
        """Return the calibration of an embedder for a tenant."""
        ...


class Open(Protocol):
    """A template, open, with where it comes from."""

    @property
    def id(self) -> str:
        """Its own."""
        ...

    @property
    def vector(self) -> Floats:
        """(d,) float32."""
        ...

    @property
    def embedder(self) -> str:
        """What made it, or whose vectors it was brought to."""
        ...

    @property
    def source(self) -> str:
        """What it was brought over from; empty = it was made of a picture."""
        ...

    @property
    def copy_of(self) -> str:
        """The template that it was brought over from, where that is there; else empty."""
        ...


@dataclass(frozen=True, slots=True)
class View:
    """How one search looks at a gallery.

    Attributes:
        probe: What made the probes.
        target: In whose space all is compared.
        others: Embedders whose templates are brought there.
        harmonics: The maps.
        scores: What similarities mean; None = as they are.
        tenant_id: Whose.
    """

    probe: str
    target: str
    others: tuple[str, ...] = ()
    harmonics: Harmonics = field(default_factory=Harmonics)
    scores: Meanings | None = None
    tenant_id: str = ""

    def parts(self, collection: str) -> tuple[Part, ...]:
        """Return the parts of the gallery that are searched."""
        return tuple(Part(each, collection) for each in (self.target, *self.others))

    def bring(self, probes: Floats, embedder: str) -> Floats:
        """Return probes (n, d) as vectors of an embedder.

        Raises:
            NoHarmonicMap: no map leads there.
        """
        return self.harmonics.bring(probes, self.probe, embedder)

    def comparable(self, opened: Sequence[Open]) -> dict[str, Floats]:
        """Return the vectors that count, by the id of the template, as vectors of the target.

        A copy counts in its own space only: elsewhere, what it was made from does.
        """
        found: dict[str, Floats] = {}
        for embedder in (self.target, *self.others):
            theirs = [one for one in opened if one.embedder == embedder]
            if embedder != self.target:
                theirs = [one for one in theirs if not one.copy_of]
            for same in _by_dimension(theirs):
                stacked = np.stack([one.vector for one in same])
                brought = self.harmonics.bring(stacked, embedder, self.target)
                found |= {one.id: vector for one, vector in zip(same, brought, strict=True)}
        return found

    def told(self, opened: Sequence[Open], cosines: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return cosines (m, n) of templates with probes as similarities of the probes' embedder.

        Args:
            opened: The m templates.
            cosines: Of their vectors with those of the probes, in the space of the target.
        """
        if self.scores is None:
            return cosines
        told = cosines.copy()
        for source in {self._source(one) for one in opened}:
            rows = [i for i, one in enumerate(opened) if self._source(one) == source]
            curve = self._curve(source)
            if curve is not None:
                told[rows] = self._alike(cosines[rows], curve)
        return told

    def _source(self, one: Open) -> str:
        """Return from which embedder a template was mapped to the target; empty = it was not."""
        return one.embedder if one.embedder != self.target else one.source

    def _curve(self, source: str) -> Calibration | None:
        """Return what cosines with templates from `source` mean; None = what they mean anyway."""
        mapped = {each for each in (source, self._source_of_probe()) if each}
        if not mapped:
            return None
        maps = [self.harmonics.find(each, self.target) for each in mapped if self._leads(each)]
        both = bool(source and self._source_of_probe())
        curves = [each.among if both else each.calibration for each in maps]
        known = [curve for curve in curves if curve is not None]
        # Two vectors that came by different ways: the curve on which strangers are most alike.
        return max(known, key=lambda curve: curve.threshold(1e-3), default=None)

    def _leads(self, source: str) -> bool:
        return self.harmonics.leads(source, self.target)

    def _source_of_probe(self) -> str:
        return self.probe if self.probe != self.target else ""

    def _alike(self, cosines: NDArray[np.float64], curve: Calibration) -> NDArray[np.float64]:
        assert self.scores is not None  # noqa: S101  # asked before
        own = self.scores.of(self.tenant_id, self.probe)
        return _equal(cosines, curve, own).round(_ROUNDED)


def _by_dimension(opened: Sequence[Open]) -> list[list[Open]]:
    found: dict[int, list[Open]] = {}
    for one in opened:
        found.setdefault(len(one.vector), []).append(one)
    return list(found.values())


def _equal(
    cosines: NDArray[np.float64], curve: Calibration, own: Calibration
) -> NDArray[np.float64]:
    """Return the cosines that strangers reach on `own` as rarely as `cosines` on `curve`."""
    flat = cosines.ravel()
    if len(flat) <= _WORTH_A_TABLE:
        return own.as_rare_as(curve, flat).reshape(cosines.shape)
    grid = np.linspace(flat.min(), flat.max(), _TABLE)
    if grid[0] == grid[-1]:
        return np.full(cosines.shape, own.as_rare_as(curve, grid[:1])[0])
    return np.interp(flat, grid, own.as_rare_as(curve, grid)).reshape(cosines.shape)
