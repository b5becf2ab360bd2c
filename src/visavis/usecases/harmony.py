"""Which embedder's templates a tenant is searched with, and which change is under way.

Both lie in the tenant's settings: one write changes them for every process at once.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from visavis.store.galleries import Lineage
from visavis.store.tenants import Tenant
from visavis.store.work import Work
from visavis.usecases.errors import NotFound
from visavis.usecases.ground import Ground

SEARCHED = "embedder"
"""Where the embedder whose templates are searched lies in a tenant's settings."""

CHANGE = "embedder_change"
"""Where the change that is under way lies there."""

AT_ONCE = 500
"""Templates that one unit reads or writes; others wait that long."""


@dataclass(frozen=True, slots=True)
class Change:
    """A change of the embedder that was begun and is not finished.

    Attributes:
        source: The embedder from which templates are brought over.
        target: The embedder to which.
    """

    source: str
    target: str


def tenant_of(work: Work, tenant_id: str) -> Tenant:
    """Return a tenant.

    Raises:
        NotFound: there is none of this id.
    """
    tenant = work.tenants.find(tenant_id)
    if tenant is None:
        raise NotFound("organisation")
    return tenant


def searched_of(tenant: Tenant) -> str:
    """Return whose templates are searched; empty = those of the embedder that serves."""
    return str(tenant.settings.get(SEARCHED, ""))


def change_of(tenant: Tenant) -> Change | None:
    """Return the change that is under way, if any."""
    told = tenant.settings.get(CHANGE)
    return Change(str(told["source"]), str(told["target"])) if told else None


def write(work: Work, tenant: Tenant, searched: str, change: Change | None) -> None:
    """Write down both; the tenant is held."""
    rest = {
        name: value for name, value in tenant.settings.items() if name not in (SEARCHED, CHANGE)
    }
    told: dict[str, object] = {SEARCHED: searched} if searched else {}
    if change is not None:
        told |= {CHANGE: {"source": change.source, "target": change.target}}
    work.tenants.change(tenant.id, settings=rest | told)


def lineages(ground: Ground, tenant_id: str) -> Iterator[Lineage]:
    """Yield where each template of a tenant comes from; no unit stays open meanwhile."""
    last = ""
    while True:
        with ground.store.reading() as work:
            some = work.galleries.lineages(tenant_id, last, AT_ONCE)
        if not some:
            return
        yield from some
        last = some[-1].template_id


def lineages_within(work: Work, tenant_id: str) -> Iterator[Lineage]:
    """Yield the same as one unit sees it."""
    last = ""
    while some := work.galleries.lineages(tenant_id, last, AT_ONCE):
        yield from some
        last = some[-1].template_id


def waiting(found: Iterable[Lineage], source: str, target: str) -> list[Lineage]:
    """Return the templates of `source`, made of pictures, that have no copy of `target`."""
    originals: dict[str, Lineage] = {}
    copied: set[str] = set()
    for each in found:
        if each.embedder == source and not each.copy_of:
            originals[each.template_id] = each
        elif each.embedder == target:
            copied.add(each.copy_of)
    return [each for template_id, each in originals.items() if template_id not in copied]


def uncovered(found: Iterable[Lineage], target: str) -> frozenset[tuple[str, str]]:
    """Return the embedders other than `target` with templates that have no copy in it, and where.

    Returns:
        Pairs of an embedder and a collection.
    """
    originals: dict[str, tuple[str, str]] = {}
    copied: set[str] = set()
    for each in found:
        if each.embedder == target:
            copied.add(each.copy_of)
        elif not each.copy_of:
            originals[each.template_id] = (each.embedder, each.collection_id)
    return frozenset(where for one, where in originals.items() if one not in copied)
