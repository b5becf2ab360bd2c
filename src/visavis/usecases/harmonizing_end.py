"""The end of a change of the embedder: one side stays, the templates of the other are removed."""

from dataclasses import dataclass
from functools import partial

from visavis.core.errors import NotAllowed
from visavis.store.galleries import Lineage
from visavis.store.sealed import MAPPED_FROM
from visavis.store.tenants import Tenant
from visavis.store.work import Work
from visavis.usecases.actor import SYSTEM
from visavis.usecases.ground import Ground
from visavis.usecases.harmony import AT_ONCE, Change, change_of, searched_of, tenant_of, write

FINISHED = "embedder.change_finished"
"""What the audit log calls it."""


@dataclass(frozen=True, slots=True)
class Ending:
    """A change that is being ended, a little at a time.

    Attributes:
        ground: Of the deployment.
        tenant_id: Whose.
        change: Which.
        searched: Whose templates are searched, and stay.
    """

    ground: Ground
    tenant_id: str
    change: Change
    searched: str

    def run(self) -> int:
        """Remove the other side, note the end, and return how many templates went.

        Raises:
            NotAllowed: somebody switched or rolled back meanwhile.
        """
        gone, last = 0, ""
        while True:
            with self.ground.store.reading() as work:
                some = work.galleries.lineages(self.tenant_id, last, AT_ONCE)
            if not some:
                break
            copies = [one for one in some if one.embedder == self.change.target and one.copy_of]
            gone += self.ground.store.run(partial(self._drop, copies))
            last = some[-1].template_id
        self.ground.store.run(partial(self._end, gone))
        return gone

    def _drop(self, copies: list[Lineage], work: Work) -> int:
        """Remove some copies, or what they were made from: then they stand for themselves."""
        self._held(work)
        work.subjects.hold_all(self.tenant_id, {one.subject_id for one in copies})
        found = work.templates.some(self.tenant_id, [one.template_id for one in copies])
        rows = [row for row in found if row.meta[MAPPED_FROM].get("template_id")]
        if self.searched != self.change.target:
            return work.sealed.remove_all(self.tenant_id, [row.id for row in rows])
        for row in rows:
            meta = {**row.meta, MAPPED_FROM: {"embedder": self.change.source}}
            work.sealed.reseal(self.tenant_id, row, row.key_version, row.data, meta)
        originals = [row.meta[MAPPED_FROM]["template_id"] for row in rows]
        return work.sealed.remove_all(self.tenant_id, originals)

    def _end(self, gone: int, work: Work) -> None:
        write(work, self._held(work), self.searched, None)
        told: dict[str, object] = {"to": self.searched, "removed": gone}
        note(self.ground, work, self.tenant_id, FINISHED, told)

    def _held(self, work: Work) -> Tenant:
        """Hold the tenant, and refuse to go on where somebody changed something meanwhile."""
        tenant, change = under_way(work, self.tenant_id)
        if (change, searched_of(tenant)) != (self.change, self.searched):
            raise NotAllowed("somebody switched or rolled back meanwhile; look, and finish again")
        return tenant


def under_way(work: Work, tenant_id: str, *, hold: bool = True) -> tuple[Tenant, Change]:
    """Return a tenant, held until the unit ends, and the change that is under way.

    Raises:
        NotFound: there is no such tenant.
        NotAllowed: no change is.
    """
    if hold:
        work.tenants.hold(tenant_id)
    tenant = tenant_of(work, tenant_id)
    change = change_of(tenant)
    if change is None:
        raise NotAllowed(
            "no change of the embedder is under way; begin one with `visavis harmonize --from ID "
            "--to ID`"
        )
    return tenant, change


def note(ground: Ground, work: Work, tenant_id: str, action: str, told: dict[str, object]) -> None:
    """Write an act of the machine into the audit log."""
    ground.audit.note(work, tenant_id, SYSTEM, action, ground.clock(), details=told)
