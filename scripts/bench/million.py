"""A million enrolled templates, as a deployment has them: bulk enrolment, a probe, building anew.

People are those of `searching`. A probe is asked for as doors ask: through the gate, its guesses
opened under the keys of those they belong to, compared exactly and ranked.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from typing import Any

import numpy as np

from scripts.bench import enrolled
from scripts.bench.figures import Figure, Missing
from scripts.bench.ground import Ground
from scripts.bench.searching import DIMENSIONS, MANY, TEMPLATES_EACH, Gallery, gallery
from scripts.bench.users import postgres_schema
from visavis.core.purposes import Purpose

EMBEDDER = "bench@1"
PROBES = 300
MOST_MS, MOST_SHARE = 5.0, 0.25
MOST_ADD_S, MOST_BUILD_S, MOST_START_S = 600.0, 90.0, 5.0


def measure(_ground: Ground) -> Iterator[Figure]:
    """Fill a deployment over SQLite, and one over PostgreSQL."""
    try:
        import faiss
    except ImportError as exc:
        raise Missing("faiss is not installed; pip install faiss-cpu") from exc
    faiss.omp_set_num_threads(1)
    drawn = gallery(MANY)
    plain = faiss.IndexFlatIP(DIMENSIONS)
    plain.add(drawn.vectors)
    for name, database in (("SQLite", nullcontext("")), ("PostgreSQL", postgres_schema())):
        with database as url, enrolled.house(url) as place:
            yield from _filled(place, drawn, plain, name)


def _filled(
    place: enrolled.House,
    drawn: Gallery,
    plain: Any,  # noqa: ANN401  # FAISS has no types
    name: str,
) -> Iterator[Figure]:
    people = enrolled.people(place, MANY // TEMPLATES_EACH)
    who = [people[i % len(people)] for i in range(MANY)]
    add_s = enrolled.enroll(place, who, drawn.vectors, EMBEDDER)
    yield _seconds(f"seal {MANY:,} templates in bulk, {name}", add_s, MOST_ADD_S)
    galleries, owner = place.records.galleries, place.owner
    build_s = _took(lambda: galleries.size(owner, EMBEDDER))
    yield _seconds(
        f"build the index of {MANY:,} templates from the database, {name}", build_s, MOST_BUILD_S
    )
    found = found_plain = 0

    def search(i: int) -> None:
        nonlocal found
        probe = drawn.open_probes[i : i + 1]
        (candidates,) = galleries.search(owner, probe, EMBEDDER, Purpose.RECOGNITION, 5)
        found += bool(candidates) and candidates[0].subject_id == people[drawn.whose[i]]

    def search_plain(i: int) -> None:
        nonlocal found_plain
        _, (rows,) = plain.search(drawn.open_probes[i : i + 1], 10)
        found_plain += rows[0] % len(people) == drawn.whose[i]

    search(PROBES)
    found = found_plain = 0
    ours_ms, plain_ms = _median_ms(search), _median_ms(search_plain)
    yield Figure(
        f"one probe among {MANY:,} protected templates through the gate, {name}: index, unsealing "
        "and ranking, median",
        f"≤ {MOST_MS:g} ms and ≤ {MOST_SHARE:g} of exact float FAISS",
        f"{ours_ms:.2f} ms, {ours_ms / plain_ms:.2f} of the {plain_ms:.1f} ms of open vectors in "
        f"IndexFlatIP; {found} of {PROBES} probes find their person first, {found_plain} there",
        ours_ms <= MOST_MS and ours_ms <= MOST_SHARE * plain_ms,
        {
            "ms": ours_ms,
            "flat_ip_ms": plain_ms,
            "rank1": found / PROBES,
            "flat_rank1": found_plain / PROBES,
        },
    )
    place.records.galleries.save()


def _seconds(what: str, took: float, most: float) -> Figure:
    return Figure(what, f"≤ {most:g} s", f"{took:.0f} s", took <= most, {"seconds": took})


def _median_ms(search: Callable[[int], object]) -> float:
    return float(np.median([_took(lambda i=i: search(i)) for i in range(PROBES)]) * 1000)  # type: ignore[misc]


def _took(act: Callable[[], object]) -> float:
    started = time.perf_counter()
    act()
    return time.perf_counter() - started
