"""Maps between embedders, fitted on faces without names and measured on labelled pairs."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import islice

import numpy as np

from visavis.core.errors import InvalidInput
from visavis.core.types import Floats
from visavis.index.harmonic_fit import fit_harmonic
from visavis.index.harmonics import HarmonicMap, Harmonics
from visavis.lab.pairs import Pairs
from visavis.lab.portraits import Portrait
from visavis.lab.verification import VerificationReport, report
from visavis.vision.analyzer import Analyzer
from visavis.vision.stages.align import align
from visavis.vision.stages.embed import MOST_AT_ONCE, Embed


@dataclass(frozen=True, slots=True, eq=False)
class Twins:
    """The same faces as two embedders see them.

    Attributes:
        source: Id of the one.
        target: Id of the other.
        there: (n, a) float32, the vectors of the one.
        here: (n, b) float32, those of the other.
    """

    source: str
    target: str
    there: Floats
    here: Floats

    def both_ways(self) -> tuple[HarmonicMap, HarmonicMap]:
        """Return the map from the one to the other, and the map back.

        Raises:
            InvalidInput: there are too few faces.
        """
        return (
            fit_harmonic(self.source, self.target, self.there, self.here),
            fit_harmonic(self.target, self.source, self.here, self.there),
        )


def embed_twice(source: Analyzer, target: Analyzer, portraits: Iterable[Portrait]) -> Twins:
    """Embed faces by two packs; where none was found there is nothing to compare.

    Args:
        source: The one pack.
        target: The other; the first one's detector and mesh found the faces.
        portraits: The faces.

    Raises:
        InvalidInput: no face was found.
    """
    seen = (portrait for portrait in portraits if not portrait.assumed)
    parts: list[tuple[Floats, Floats]] = []
    while batch := list(islice(seen, MOST_AT_ONCE)):
        vectors = _vectors(source.embed, batch), _vectors(target.embed, batch)
        good = np.isfinite(vectors[0]).all(axis=1) & np.isfinite(vectors[1]).all(axis=1)
        parts.append((vectors[0][good], vectors[1][good]))
    if not parts:
        raise InvalidInput("no face was found on the pictures; check --faces")
    there, here = (np.concatenate(each) for each in zip(*parts, strict=True))
    return Twins(source.embedder, target.embedder, there, here)


def _vectors(embed: Embed, batch: list[Portrait]) -> Floats:
    return embed.embed(chip for p in batch for chip in align(p.image, p.faces, embed.decoder))


@dataclass(frozen=True, slots=True)
class HarmonyReport:
    """Verification within and across two embedders.

    Attributes:
        source: The one.
        target: The other.
        within_source: Both pictures by the one.
        within_target: Both pictures by the other.
        mapped: The first picture by the one, brought over; the second by the other.
        unmapped: The same without the map; None = their vectors are of different length.
    """

    source: str
    target: str
    within_source: VerificationReport
    within_target: VerificationReport
    mapped: VerificationReport
    unmapped: VerificationReport | None

    @property
    def loss(self) -> float:
        """How much accuracy the map costs beside the weaker of the two, 0..1."""
        weaker = min(self.within_source.accuracy, self.within_target.accuracy)
        return weaker - self.mapped.accuracy


def measure(
    pairs: Pairs,
    source: str,
    target: str,
    there: Mapping[str, Floats],
    here: Mapping[str, Floats],
    harmonics: Harmonics,
) -> HarmonyReport:
    """Judge pairs within and across two embedders.

    Args:
        pairs: Which pictures to compare.
        source: The one embedder.
        target: The other.
        there: (a,) float32 of unit length by picture, of the one.
        here: (b,) float32 of unit length by picture, of the other.
        harmonics: The maps.

    Raises:
        NoHarmonicMap: no map leads from the one to the other.
        InvalidInput: no pair of different people could be compared.
    """
    mapped = {
        name: harmonics.bring(vector[None], source, target)[0] for name, vector in there.items()
    }
    alike = {len(vector) for each in (there, here) for vector in each.values()}
    across = f"{source} → {target}"
    unmapped = None
    if len(alike) == 1:
        unmapped = report(pairs, there, f"{across}, no map", others=here)
    return HarmonyReport(
        source=source,
        target=target,
        within_source=report(pairs, there, source),
        within_target=report(pairs, here, target),
        mapped=report(pairs, mapped, across, others=here),
        unmapped=unmapped,
    )
