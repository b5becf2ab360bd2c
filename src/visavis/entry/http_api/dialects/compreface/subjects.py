"""`/api/v1/recognition/subjects`: the people whose faces are known."""

from collections.abc import Iterator

from fastapi import APIRouter, Response

from visavis.credentials.roles import Permission
from visavis.entry.http_api.access import Caller, Held, KnownPeople, needs, takes_long
from visavis.entry.http_api.dialects.answers import answered
from visavis.entry.http_api.dialects.compreface.naming import Named
from visavis.entry.http_api.dialects.compreface.route import PREFIX, CompreFaceRoute
from visavis.entry.http_api.dialects.names import called, find
from visavis.entry.services import Records
from visavis.store.errors import AlreadyThere
from visavis.store.page import MOST
from visavis.usecases.actor import Actor
from visavis.usecases.subject_profiles import Known

router = APIRouter(prefix=f"{PREFIX}/recognition", route_class=CompreFaceRoute)


@router.post("/subjects")
@needs(Permission.PEOPLE_WRITE)
def add(name: Named, actor: Caller, records: Held, people: KnownPeople) -> Response:
    """Add somebody who agreed, as the organisation states in its privacy rules."""
    people.introductions.check(actor)
    known = records.newcomers.add(actor, reference=name)
    return answered({"subject": called(known)}, 201)


@router.get("/subjects")
@needs(Permission.PEOPLE_READ)
@takes_long
def every(actor: Caller, records: Held) -> Response:
    """List what everybody is called."""
    return answered({"subjects": [called(each) for each in everybody(records, actor)]})


@router.put("/subjects/{name:path}")
@needs(Permission.PEOPLE_WRITE)
@takes_long
def rename(name: str, new: Named, actor: Caller, records: Held) -> Response:
    """Call somebody something else; where somebody is called that already, they become one."""
    known = find(records, actor, name)
    if called(known) == new:
        return answered({"updated": False})
    try:
        records.subjects.change(actor, known.id, reference=new)
    except AlreadyThere:
        records.merging.merge(actor, known.id, find(records, actor, new).id)
    return answered({"updated": True})


@router.delete("/subjects")
@needs(Permission.PEOPLE_ERASE)
@takes_long
def remove_all(actor: Caller, records: Held) -> Response:
    """Erase everybody who is in no collection; each has a receipt."""
    count = 0
    for each in everybody(records, actor):
        records.erasure.erase(actor, each.id)
        count += 1
    return answered({"deleted": count})


@router.delete("/subjects/{name:path}")
@needs(Permission.PEOPLE_ERASE)
@takes_long
def remove(name: str, actor: Caller, records: Held) -> Response:
    """Erase somebody."""
    known = find(records, actor, name)
    records.erasure.erase(actor, known.id)
    return answered({"subject": called(known)})


def everybody(records: Records, actor: Actor) -> Iterator[Known]:
    """Return the organisation's own people, newest first."""
    cursor: str | None = None
    while True:
        page = records.subjects.page(actor, MOST, cursor, collection="")
        yield from page.items
        cursor = page.next
        if cursor is None:
            return
