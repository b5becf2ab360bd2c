"""Changing the embedder without any picture: templates are brought over by a map, then switched to.

    migrate ──► shadow ──► switch ──► finish
       ▲ again, any time     │ ▲
                             ▼ │
                           rollback

Each template of the old embedder gets a copy of the new one, sealed under the same subject's key.
Until the switch searches use the old ones; the switch is one write. Old templates stay until
`finish`, so that a rollback gives the same answers as before. `finish` ends a change on the side
that is searched then, and removes the templates of the other.
"""

from collections.abc import Callable
from dataclasses import dataclass

from visavis.core.errors import InvalidInput, NotAllowed
from visavis.index.harmonics import Harmonics, NoHarmonicMap
from visavis.store.work import Work
from visavis.usecases.ground import Ground
from visavis.usecases.harmonizing_batch import Batch, Count
from visavis.usecases.harmonizing_end import Ending, note, under_way
from visavis.usecases.harmony import (
    AT_ONCE,
    Change,
    change_of,
    lineages,
    lineages_within,
    searched_of,
    tenant_of,
    waiting,
    write,
)
from visavis.usecases.scores import Scores

BEGUN = "embedder.change_begun"
SWITCHED = "embedder.switched"
ROLLED_BACK = "embedder.rolled_back"
"""What the audit log calls it."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How far a change of the embedder is.

    Attributes:
        searched: Whose templates are searched; empty = those of the embedder that serves.
        source: From which embedder; empty = no change is under way.
        target: To which.
        originals: Templates of the source.
        waiting: Those of them that have no copy yet.
    """

    searched: str
    source: str
    target: str
    originals: int
    waiting: int


class Harmonizing:
    """Changes the embedder of tenants; for programs of the machine itself.

    Args:
        ground: Of the deployment.
        harmonics: The maps.
        scores: What similarities mean.
    """

    def __init__(self, ground: Ground, harmonics: Harmonics, scores: Scores) -> None:
        self._ground, self._harmonics, self._scores = ground, harmonics, scores

    def migrate(
        self,
        tenant_id: str,
        source: str,
        target: str,
        tell: Callable[[Count], None] = lambda _: None,
    ) -> Count:
        """Bring all templates over that were not yet; what was done before is not done again.

        Args:
            tenant_id: Whose.
            source: From which embedder.
            target: To which.
            tell: Called after each unit with what was done so far.

        Returns:
            What became of them. Templates of people who do not agree now, or were erased, stay as
            they are; do it again when that changes.

        Raises:
            NotFound: there is no such tenant.
            NoHarmonicMap: no map leads there, or none leads back.
            InvalidInput: nobody knows what similarities of the target mean.
            NotAllowed: another change is under way.
        """
        change = Change(source, target)
        self._require_maps(change)
        self._scores.of(tenant_id, target)
        self._ground.store.run(lambda work: self._begin(work, tenant_id, change))
        batch, total = Batch(self._ground, self._harmonics, tenant_id, change), Count()
        some: list[str] = []
        for one in lineages(self._ground, tenant_id):
            if one.embedder == source and not one.copy_of:
                some.append(one.template_id)
            if len(some) == AT_ONCE:
                total += self._map(batch, some)
                tell(total)
                some = []
        total += self._map(batch, some) if some else Count()
        tell(total)
        return total

    def standing(self, tenant_id: str) -> Standing:
        """Return how far a change is.

        Raises:
            NotFound: there is no such tenant.
        """
        with self._ground.store.reading() as work:
            tenant = tenant_of(work, tenant_id)
        change = change_of(tenant)
        if change is None:
            return Standing(searched_of(tenant), "", "", 0, 0)
        found = list(lineages(self._ground, tenant_id))
        originals = sum(one.embedder == change.source and not one.copy_of for one in found)
        left = len(waiting(found, change.source, change.target))
        return Standing(searched_of(tenant), change.source, change.target, originals, left)

    def switch(self, tenant_id: str, target: str) -> None:
        """Search the templates of the target from now on.

        Raises:
            NotFound: there is no such tenant.
            NotAllowed: no such change is under way, or some templates were not brought over.
        """
        self._ground.store.run(lambda work: self._switch(work, tenant_id, target))

    def rollback(self, tenant_id: str) -> str:
        """Search the templates of the source again; return which embedder that is.

        Raises:
            NotFound: there is no such tenant.
            NotAllowed: no change is under way: nothing can be gone back to.
        """

        def roll_back(work: Work) -> str:
            tenant, change = under_way(work, tenant_id)
            write(work, tenant, change.source, change)
            note(self._ground, work, tenant_id, ROLLED_BACK, {"to": change.source})
            return change.source

        return self._ground.store.run(roll_back)

    def finish(self, tenant_id: str) -> int:
        """End a change where searches stand now, and return how many templates went.

        After the switch those of the source go that have a copy; before it, or after a rollback,
        the copies go. There is no way back. One that was interrupted goes on when called again.

        Raises:
            NotFound: there is no such tenant.
            NotAllowed: no change is under way.
        """
        with self._ground.store.reading() as work:
            tenant, change = under_way(work, tenant_id, hold=False)
        return Ending(self._ground, tenant_id, change, searched_of(tenant)).run()

    def leave_behind(self, tenant_id: str, target: str) -> None:
        """Search the templates of one embedder from now on, and those that maps lead from alone.

        Whoever has only others has to be enrolled again: until then they are not found.

        Raises:
            NotFound: there is no such tenant.
            InvalidInput: nobody knows what similarities of this embedder mean.
            NotAllowed: a change is under way.
        """
        self._scores.of(tenant_id, target)

        def choose(work: Work) -> None:
            work.tenants.hold(tenant_id)
            tenant = tenant_of(work, tenant_id)
            if change_of(tenant) is not None:
                raise NotAllowed("a change of the embedder is under way; finish it first")
            write(work, tenant, target, None)
            note(self._ground, work, tenant_id, SWITCHED, {"to": target, "without_map": True})

        self._ground.store.run(choose)

    def _require_maps(self, change: Change) -> None:
        """Refuse a change that no map leads along; the way back is for searches meanwhile."""
        if change.source == change.target:
            raise InvalidInput(f"templates are of {change.source} already; name another embedder")
        for there in ((change.source, change.target), (change.target, change.source)):
            if not self._harmonics.leads(*there):
                raise NoHarmonicMap(*there)

    def _begin(self, work: Work, tenant_id: str, change: Change) -> None:
        work.tenants.hold(tenant_id)
        tenant = tenant_of(work, tenant_id)
        before, searched = change_of(tenant), searched_of(tenant)
        if before == change:
            return
        if before is not None:
            raise NotAllowed(
                f"a change from {before.source} to {before.target} is under way; finish it first"
            )
        if searched == change.target:
            raise NotAllowed(f"templates of {change.target} are searched already")
        write(work, tenant, searched or change.source, change)
        note(self._ground, work, tenant_id, BEGUN, {"from": change.source, "to": change.target})

    def _map(self, batch: Batch, template_ids: list[str]) -> Count:
        def map_some(work: Work) -> Count:
            work.tenants.hold(batch.tenant_id)  # two that do this do it once
            if change_of(tenant_of(work, batch.tenant_id)) != batch.change:
                raise NotAllowed("the change of the embedder was ended meanwhile; begin it again")
            return batch.map(work, template_ids)

        return self._ground.store.run(map_some)

    def _switch(self, work: Work, tenant_id: str, target: str) -> None:
        tenant, change = under_way(work, tenant_id)
        if target != change.target:
            raise NotAllowed(f"the change under way leads to {change.target}, not to {target}")
        batch = Batch(self._ground, self._harmonics, tenant_id, change)
        left = waiting(lineages_within(work, tenant_id), change.source, target)
        if missing := batch.willing(work, [one.template_id for one in left]):
            are = "1 template is" if missing == 1 else f"{missing} templates are"
            raise NotAllowed(
                f"{are} not brought over yet; run `visavis harmonize --from {change.source} --to "
                f"{target}` again"
            )
        write(work, tenant, target, change)
        note(self._ground, work, tenant_id, SWITCHED, {"to": target, "left_out": len(left)})
