"""What the parts of the privacy page share: where each is, and the list of all beside it."""

from collections.abc import Iterator
from contextlib import contextmanager

from nicegui import ui

from visavis.credentials.roles import Permission
from visavis.entry.web.elements import html
from visavis.entry.web.shell import PRIVACY, Place
from visavis.usecases.actor import Actor

PERSON, RECEIPT = "person", "receipt"
"""What the ids of those who are shown alone are called in an address."""

_SHEETS = PRIVACY.sheets


def _part(path: str, label: str, permission: Permission = Permission.PRIVACY_READ) -> Place:
    return Place(f"{PRIVACY.path}/{path}", label, permission, _SHEETS)


NOTICES = _part("notices", "Notices")
PEOPLE = _part("people", "People")
RETENTION = _part("retention", "Retention")
AUDIT = _part("audit", "Audit log", Permission.AUDIT_READ)
KEYS = _part("keys", "Keys")
RECEIPTS = _part("receipts", "Receipts")

_PARTS = (
    (PRIVACY, "Rules"),
    *((part, part.label) for part in (NOTICES, PEOPLE, RETENTION, AUDIT, KEYS, RECEIPTS)),
)


@contextmanager
def part(here: Place, actor: Actor) -> Iterator[ui.element]:
    """Put the list of parts on the page, and beside it what is made meanwhile.

    Args:
        here: The part that is open.
        actor: Who looks at it; parts that are not for them are left out.
    """
    links = "".join(
        f'<a href="{place.path}"{" aria-current=page" if place is here else ""}>{label}</a>'
        for place, label in _PARTS
        if place.permission is None or actor.may(place.permission)
    )
    with ui.element("main").classes("vv-main vo-main vo-parted") as main:
        html(links, "nav").classes("vo-parts").props('aria-label="Parts of privacy"')
        with ui.element("div").classes("vo-part"):
            yield main
