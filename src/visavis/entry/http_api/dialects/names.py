"""What subjects are called here: by the organisation's own reference, or by their id."""

import re
from collections.abc import Collection

from visavis.credentials.roles import Permission
from visavis.entry.services import Records
from visavis.usecases.actor import Actor
from visavis.usecases.errors import NotFound
from visavis.usecases.subject_profiles import Known

_ID = re.compile("[0-9a-f]{32}")


def called(known: Known) -> str:
    """Return what somebody is called."""
    return known.reference or known.id


def find(records: Records, actor: Actor, name: str) -> Known:
    """Return who is called so, among the organisation's own people.

    Raises:
        NotFound: nobody is.
    """
    try:
        return records.subjects.find_by_reference(actor, name)
    except NotFound:
        if not _ID.fullmatch(name):
            raise
    known = records.subjects.find(actor, name)
    if known.collection or known.reference:
        raise NotFound("subject")
    return known


def found(records: Records, actor: Actor, name: str) -> Known | None:
    """Return who is called so; None = nobody."""
    try:
        return find(records, actor, name)
    except NotFound:
        return None


def names(records: Records, actor: Actor, subject_ids: Collection[str]) -> dict[str, str]:
    """Return what several subjects are called; ids alone for whoever may not see people."""
    told = {each: each for each in subject_ids}
    if not actor.may(Permission.PEOPLE_READ):
        return told
    known = records.subjects.some(actor, told)
    return told | {each.id: called(each) for each in known.values()}
