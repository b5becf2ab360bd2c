"""Coarse lists: entries that are like each other lie side by side, and only some are scanned.

k-means with as many lists as make about 128 entries each. Whoever is looked for was embedded anew
and may have fallen into a neighbouring list: the middles of all lists are ranked, and the nearest
are scanned. Training goes in two steps (a few large groups, lists within each) and is then refined
over the borders of the groups, without which the tail of the misses is twice as long.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from visavis.index.base import Entries
from visavis.index.likeness import Likeness, all_cores

LIST_LENGTH = 128
"""Entries of a list on average: shorter ones find more, but each costs half a microsecond."""

LEAST_MEMBERS = 8
"""Entries of which a middle is made at least: one of a single entry would be that entry."""

_SAMPLED_A_LIST = 32
_SAMPLED_A_GROUP = 256
_ROUNDS = 5
_REFINED = 3
_GROUPS_TRIED = 8

Owners = NDArray[np.int64]


class Lists:
    """The middles of the lists, in groups.

    Args:
        likeness: How entries are compared.
        middles: (lists, w), those of a group side by side.
        groups: (groups, w) their middles.
        firsts: (groups + 1,) the first list of each group.
    """

    def __init__(
        self, likeness: Likeness, middles: Entries, groups: Entries, firsts: Owners
    ) -> None:
        self.middles = middles
        self.groups = groups
        self.firsts = firsts
        self._likeness = likeness

    def __len__(self) -> int:
        return len(self.middles)

    @property
    def nbytes(self) -> int:
        """Bytes of memory."""
        return self.middles.nbytes + self.groups.nbytes + self.firsts.nbytes

    def arrays(self) -> Mapping[str, NDArray[Any]]:
        """Return what makes the lists, by name."""
        return {"middles": self.middles, "groups": self.groups, "firsts": self.firsts}

    def owners(self, entries: Entries) -> Owners:
        """Return to which list each entry belongs: of those in its 8 nearest groups the nearest."""
        tried = min(_GROUPS_TRIED, len(self.groups))
        _, near = self._likeness.scan(entries, self.groups, tried, threads=all_cores())
        nearest, owners = np.full(len(entries), np.inf), np.zeros(len(entries), np.int64)
        for group, members in _by_owner(near.reshape(-1), len(self.groups)):
            members //= tried
            first, end = self.firsts[group : group + 2]
            apart, found = self._likeness.scan(
                entries[members], self.middles[first:end], 1, threads=all_cores()
            )
            closer = apart[:, 0] < nearest[members]
            nearest[members[closer]] = apart[closer, 0]
            owners[members[closer]] = found[closer, 0] + first
        return owners

    def nearest(self, probe: Entries, count: int) -> Owners:
        """Return the `count` lists whose middles are nearest to one probe (w,)."""
        apart = self._likeness.rough(probe, self.middles)
        return np.argpartition(apart, min(count, len(apart) - 1))[:count]


def train(likeness: Likeness, pick: Callable[[Owners], Entries], count: int) -> Lists | None:
    """Return lists for `count` entries; None where they fall into none that is large enough.

    Args:
        likeness: How entries are compared.
        pick: Returns the entries of the given numbers, 0..count − 1.
        count: How many there are.
    """
    chance = np.random.default_rng(count)
    wanted = max(1, count // LIST_LENGTH)
    many = min(count, wanted * _SAMPLED_A_LIST)
    sample = pick(np.sort(chance.choice(count, many, replace=False)))
    groups = max(1, round(np.sqrt(wanted)))
    few = sample[chance.choice(many, min(many, groups * _SAMPLED_A_GROUP), replace=False)]
    lists = _divided(likeness, sample, _middles(likeness, few, groups, chance), wanted, chance)
    for _ in range(_REFINED):
        lists = _refined(likeness, sample, lists)
    return lists if len(lists) else None


def _middles(
    likeness: Likeness, entries: Entries, count: int, chance: np.random.Generator
) -> Entries:
    """Return at most `count` middles of entries: k-means."""
    middles = entries[chance.choice(len(entries), min(count, len(entries)), replace=False)]
    for _ in range(_ROUNDS):
        owners = likeness.scan(entries, middles, 1, threads=all_cores())[1][:, 0]
        filled = np.bincount(owners, minlength=len(middles)) > 0
        middles = likeness.middles(entries, owners, len(middles))[filled]
    return middles


def _divided(
    likeness: Likeness,
    sample: Entries,
    groups: Entries,
    wanted: int,
    chance: np.random.Generator,
) -> Lists:
    """Return lists within groups: each has as many as its share of the sample asks for."""
    owners = likeness.scan(sample, groups, 1, threads=all_cores())[1][:, 0]
    kept, parts = [], []
    for group, members in _by_owner(owners, len(groups)):
        share = max(1, round(len(members) * wanted / len(sample)))
        parts.append(_middles(likeness, sample[members], share, chance))
        kept.append(group)
    firsts = np.cumsum([0, *map(len, parts)])
    return Lists(likeness, cast("Entries", np.concatenate(parts)), groups[kept], firsts)


def _refined(likeness: Likeness, sample: Entries, lists: Lists) -> Lists:
    """Return the lists with middles of what falls into them now; those of too few are left out."""
    owners = lists.owners(sample)
    middles = likeness.middles(sample, owners, len(lists))
    kept = np.bincount(owners, minlength=len(lists)) >= LEAST_MEMBERS
    before = np.concatenate([[0], np.cumsum(kept)])[lists.firsts]
    alive = np.diff(before) > 0
    firsts = np.concatenate([before[:-1][alive], before[-1:]])
    return Lists(likeness, middles[kept], lists.groups[alive], firsts)


def _by_owner(owners: Owners, count: int) -> Iterator[tuple[int, Owners]]:
    """Yield each owner that has something with the places where it stands."""
    order = np.argsort(owners, kind="stable")
    bounds = np.searchsorted(owners[order], np.arange(count + 1))
    for owner in range(count):
        if bounds[owner] < bounds[owner + 1]:
            yield owner, order[bounds[owner] : bounds[owner + 1]]
