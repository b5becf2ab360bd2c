"""The search indexes: time of a probe, memory, growth, what lists miss, filling and starting.

People are spread as those of real faces are (`faces_like`). Every person has four templates; probes
are further pictures of theirs.
"""

import math
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from scripts.bench.faces_like import Crowd
from scripts.bench.figures import Figure, Missing
from scripts.bench.ground import Ground
from visavis.core.types import Floats
from visavis.index.base import Space
from visavis.index.faiss_index import FaissIndex
from visavis.index.ids import written
from visavis.index.snapshots import Snapshots
from visavis.vault.protected_codes import CodeMaker
from visavis.vault.sealing import Context, DataKey

MANY = 1_000_000
SIZES = (250_000, 1_000_000, 4_000_000)
DIMENSIONS = 128
TEMPLATES_EACH = 4
AT_ONCE = 50_000
PROBES = 200
PROBES_FOR_RECALL = 2000
MOST_BYTES = 100.0
MOST_EXPONENT = 0.6
LEAST_RECALL = 0.999
MOST_START_S = 5.0
SPACE = Space("a" * 32, "bench@1", 1)

Codes = NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class Gallery:
    """Templates and probes of the same people.

    Attributes:
        ids: Of the templates.
        codes: (n, 64) uint8.
        vectors: (n, 128) float32, the same templates open.
        probes: (2000, 64) uint8.
        open_probes: (2000, 128) float32.
        whose: (2000,) which person each probe is of: template i is of person i modulo their number.
    """

    ids: list[str]
    codes: Codes
    vectors: Floats
    probes: Codes
    open_probes: Floats
    whose: NDArray[np.int64]


def measure(_ground: Ground) -> Iterator[Figure]:
    """Measure the index that serves, and what it stands on."""
    try:
        import faiss
    except ImportError as exc:
        raise Missing("faiss is not installed; pip install faiss-cpu") from exc
    faiss.omp_set_num_threads(1)
    yield from _filled()
    yield _growth("every entry", 10 * MANY, None)
    yield _growth("by lists", 1000, LEAST_RECALL)


def _filled() -> Iterator[Figure]:
    drawn, index = gallery(MANY), FaissIndex(2 * MANY)
    add_s = _took(lambda: index.add(SPACE, drawn.ids, drawn.codes))
    yield _one_probe(index, drawn)
    yield _memory(index)
    yield _filling(add_s)
    yield _start(index)


def _one_probe(index: FaissIndex, gallery: Gallery) -> Figure:
    import faiss

    plain = faiss.IndexFlatIP(DIMENSIONS)
    plain.add(gallery.vectors)
    ours_ms = _p50_ms(lambda i: index.search(SPACE, gallery.probes[i : i + 1], 10))
    floor_ms = _p50_ms(lambda i: faiss.knn_hamming(gallery.probes[i : i + 1], gallery.codes, 10))
    plain_ms = _p50_ms(lambda i: plain.search(gallery.open_probes[i : i + 1], 10), PROBES // 4)
    return Figure(
        f"one probe among {MANY:,} protected templates, every one compared, one core, median",
        "",
        f"{ours_ms:.2f} ms; the same scan by FAISS alone {floor_ms:.2f} ms; open vectors of "
        f"{DIMENSIONS} numbers in IndexFlatIP {plain_ms:.1f} ms, {plain_ms / ours_ms:.1f} times "
        "as long",
        None,
        {"index_ms": ours_ms, "faiss_ms": floor_ms, "flat_ip_ms": plain_ms},
    )


def _memory(index: FaissIndex) -> Figure:
    each = index.nbytes(SPACE) / MANY
    return Figure(
        "memory of a protected template in the index",
        f"≤ {MOST_BYTES:g} bytes",
        f"{each:.1f} bytes, 64 of them its code",
        each <= MOST_BYTES,
        {"bytes": each},
    )


def _filling(seconds: float) -> Figure:
    return Figure(
        f"add {MANY:,} protected templates at once, without lists",
        "",
        f"{seconds:.1f} s",
        None,
        {"seconds": seconds},
    )


def _start(index: FaissIndex) -> Figure:
    """Save into sealed files and open them again."""
    key = DataKey.of(1, bytes(32))
    with tempfile.TemporaryDirectory() as folder:
        snapshots = Snapshots(
            Path(folder),
            lambda space, plain: key.seal(plain, _context(space)),
            lambda space, data: key.unseal(data, _context(space)),
        )
        filled = FaissIndex(2 * MANY, snapshots)
        ids = sorted(index.ids(SPACE))
        filled.add(SPACE, ids, np.random.default_rng(0).integers(0, 256, (MANY, 64), np.uint8))
        save_s = _took(filled.save)
        again = FaissIndex(2 * MANY, snapshots)
        start_s = _took(lambda: again.count(SPACE))
        whole = again.count(SPACE) == MANY
    return Figure(
        f"start with a sealed snapshot of {MANY:,} protected templates",
        f"≤ {MOST_START_S:g} s",
        f"{start_s:.2f} s, all there: {whole}; saving took {save_s:.2f} s",
        whole and start_s <= MOST_START_S,
        {"start_s": start_s, "save_s": save_s},
    )


def _growth(how: str, lists_from: int, least_recall: float | None) -> Figure:
    """Search galleries of several sizes."""
    times, recalls, fills = [], [], []
    for count in SIZES:
        index, kept = FaissIndex(lists_from), gallery(count, is_open=False)
        fills.append(_took(lambda: index.add(SPACE, kept.ids, kept.codes)))  # noqa: B023  # at once
        times.append(_p50_ms(lambda i: index.search(SPACE, kept.probes[i : i + 1], 1)))  # noqa: B023
        recalls.append(_recall(index, kept) if least_recall else 1.0)
    exponent = math.log(times[-1] / times[0]) / math.log(SIZES[-1] / SIZES[0])
    asked = f"≤ N^{MOST_EXPONENT:g}; recall@1 ≥ {least_recall:g}" if least_recall else "≤ N^1"
    met = exponent <= (MOST_EXPONENT if least_recall else 1) and min(recalls) >= (least_recall or 0)
    told = f"; recall@1 of the exact search {_listed(recalls, '.4f')}"
    return Figure(
        f"growth from {SIZES[0]:,} to {SIZES[-1]:,} protected templates, {how}",
        asked,
        f"{_listed(times, '.2f')} ms at {_listed(SIZES, ',')}: N^{exponent:.2f}"
        f"{told if least_recall else ''}; filling took {_listed(fills, '.0f')} s",
        met,
        {"sizes": SIZES, "ms": times, "exponent": exponent, "recall": recalls, "fill_s": fills},
    )


def _listed(values: Sequence[float], form: str) -> str:
    return ", ".join(format(value, form) for value in values)


def _recall(index: FaissIndex, kept: Gallery) -> float:
    """Return the share of probes whose first hit is as near as the nearest there is."""
    exact = FaissIndex(len(kept.ids) + 1)
    exact.add(SPACE, kept.ids, kept.codes)
    pairs = zip(
        index.search(SPACE, kept.probes, 1), exact.search(SPACE, kept.probes, 1), strict=True
    )
    return float(np.mean([ours.similarities[0] == best.similarities[0] for ours, best in pairs]))


def gallery(count: int, *, is_open: bool = True) -> Gallery:
    """Draw people, their templates and probes of some of them.

    Args:
        count: Templates.
        is_open: Whether the templates themselves are kept too, beside their codes.
    """
    crowd, chance = Crowd(count // TEMPLATES_EACH), np.random.default_rng(count)
    maker = CodeMaker(bytes(32), SPACE.embedder, DIMENSIONS)
    vectors, codes = [], []
    for _ in range(TEMPLATES_EACH):
        for start in range(0, len(crowd), AT_ONCE):
            drawn = crowd.pictures(start, start + AT_ONCE)
            codes.append(maker.codes(drawn))
            vectors.append(drawn if is_open else drawn[:0])
    whose = chance.integers(0, len(crowd), PROBES_FOR_RECALL)
    open_probes = crowd.some(whose)
    ids = list(written(chance.integers(0, 256, (count, 16), np.uint8)))
    return Gallery(
        ids,
        np.concatenate(codes),
        np.concatenate(vectors),
        maker.codes(open_probes),
        open_probes,
        whose,
    )


def _context(space: Space) -> Context:
    return Context(space.tenant_id, "", f"index:{space.embedder}:{space.version}")


def _took(act: Callable[[], object]) -> float:
    started = time.perf_counter()
    act()
    return time.perf_counter() - started


def _p50_ms(search: Callable[[int], object], times: int = PROBES) -> float:
    return float(np.median([_took(lambda i=i: search(i)) for i in range(times)]) * 1000)  # type: ignore[misc]
