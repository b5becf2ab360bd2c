"""Pictures that somebody is enrolled from: what came of each, and what can be done about it."""

from dataclasses import dataclass, field
from enum import StrEnum
from html import escape

from visavis.core.errors import VisavisError
from visavis.core.purposes import Purpose
from visavis.core.types import Source
from visavis.entry.web.copies import FACE_PX, copies_of
from visavis.entry.web.elements import sentence
from visavis.entry.web.fields import act
from visavis.entry.web.people_words import page_of
from visavis.usecases.actor import Actor
from visavis.usecases.analysis import Analyses
from visavis.usecases.enrolment import Enrolment, LooksLike, require_consent_of
from visavis.usecases.errors import LogInNeeded
from visavis.usecases.faces import Box, PoorFace, SeveralFaces, seen, the_one
from visavis.usecases.ground import Ground
from visavis.usecases.seen import Seen


class State(StrEnum):
    """What became of a picture."""

    WORKING = "working"
    DONE = "done"
    REFUSED = "refused"


@dataclass(eq=False, slots=True)
class Item:
    """A picture.

    Attributes:
        number: Its own.
        source: The picture itself.
        box: Which face is meant; None = the only one.
        state: What became of it.
        reason: Why it was refused, a sentence.
        thumb: Address of a small copy; empty = it cannot be shown.
        any_quality: Take the face even when it is not good enough.
        any_likeness: Take it even when it looks like somebody else.
        may_insist: Whether that would help.
        alike: Whom it looks like; empty = nobody.
        boxes: The faces to choose from, where there are several.
        cuts: Addresses of them.
    """

    number: int
    source: Source = field(repr=False)
    box: Box | None = None
    state: State = State.WORKING
    reason: str = ""
    thumb: str = field(default="", repr=False)
    any_quality: bool = False
    any_likeness: bool = False
    may_insist: bool = False
    alike: str = ""
    boxes: tuple[Box, ...] = ()
    cuts: tuple[str, ...] = field(default=(), repr=False)


class Tray:
    """The pictures of one open page.

    Args:
        ground: Of the deployment.
        analyses: Finds faces.
        enrolment: Enrols them.
    """

    def __init__(self, ground: Ground, analyses: Analyses, enrolment: Enrolment) -> None:
        self._ground, self._analyses, self._enrolment = ground, analyses, enrolment
        self._options = ground.settings.images
        self._count = 0
        self.items: list[Item] = []

    def add(self, source: Source, box: Box | None = None) -> Item:
        """Lay down a picture."""
        self._count += 1
        item = Item(self._count, source, box)
        self.items.append(item)
        return item

    def find(self, number: str) -> Item | None:
        """Return a picture that is still here."""
        return next((item for item in self.items if str(item.number) == number), None)

    def drop(self, item: Item) -> None:
        """Take a picture away."""
        if item in self.items:
            self.items.remove(item)

    def clear(self) -> None:
        """Take away what is done with, and forget the pictures."""
        self.items = [item for item in self.items if item.state is not State.DONE]

    def insist(self, item: Item) -> None:
        """Take the face of a picture all the same."""
        if item.alike:
            item.any_likeness = True
        else:
            item.any_quality = True

    def choose(self, item: Item, place: str) -> None:
        """Say which of several faces is meant."""
        if place.isdecimal() and int(place) < len(item.boxes):
            item.box = item.boxes[int(place)]

    def enrol(self, actor: Actor, subject_id: str, item: Item) -> None:
        """Enrol somebody from a picture, and note what came of it.

        Raises:
            LogInNeeded: whoever asked is not logged in any more.
        """
        item.state, item.reason, item.may_insist, item.alike = State.WORKING, "", False, ""
        self._show(item)
        try:
            self._enrol(actor, subject_id, item)
        except LogInNeeded:
            raise
        except VisavisError as exc:
            self._refuse(item, exc)
        else:
            item.state, item.source = State.DONE, Source(item.source.name, b"")

    def _enrol(self, actor: Actor, subject_id: str, item: Item) -> None:
        """Enrol a face, and note where on the picture it is, in case the picture is kept."""
        require_consent_of(self._ground, actor, subject_id, Purpose.RECOGNITION)
        found, faces = seen(self._analyses, item.source)
        face = the_one(faces, item.box)
        x1, y1, x2, y2 = face.box
        across, down = found.width, found.height
        shares = x1 / across, y1 / down, (x2 - x1) / across, (y2 - y1) / down
        self._enrolment.enroll_face(
            actor,
            subject_id,
            face,
            any_quality=item.any_quality,
            any_likeness=item.any_likeness,
            seen=Seen(box=shares, score=face.score),
            picture=item.source,
        )

    def _refuse(self, item: Item, error: VisavisError) -> None:
        item.state, item.reason = State.REFUSED, sentence(str(error))
        item.may_insist = isinstance(error, PoorFace | LooksLike)
        if isinstance(error, LooksLike):
            item.alike = error.lookalikes[0].subject_id
            item.reason = "This face looks like somebody who is enrolled already."
        if isinstance(error, SeveralFaces):
            item.reason = "There are several faces. Choose the one you mean."
            item.boxes = error.boxes
            item.cuts = copies_of(item.source, self._options, item.boxes).faces

    def _show(self, item: Item) -> None:
        if item.thumb:
            return
        try:
            boxes = (item.box,) if item.box else ()
            made = copies_of(item.source, self._options, boxes, FACE_PX)
        except VisavisError:  # the enrolment says so as well
            return
        item.thumb = made.faces[0] if made.faces else made.view


def drawn(tray: Tray) -> str:
    """Return the pictures of a tray as a list."""
    items = "".join(map(_item, tray.items))
    return f'<ul class="vp-tray">{items}</ul>' if items else ""


def _item(item: Item) -> str:
    name = escape(item.source.name)
    thumb = f'<img src="{item.thumb}" alt="">' if item.thumb else '<span class="vp-none"></span>'
    words = {State.WORKING: "Looking at it…", State.DONE: "Enrolled."}
    said = words.get(item.state) or escape(item.reason)
    return (
        f'<li data-state="{item.state}">{thumb}<div><strong>{name}</strong><span>{said}</span>'
        f"{_ways(item)}</div></li>"
    )


def _ways(item: Item) -> str:
    """Return what can be done about a picture that was refused."""
    if item.state is not State.REFUSED:
        return ""
    number, name = str(item.number), item.source.name
    ways = "".join(
        f'<button type="button" class="vp-cut" data-do="face" data-of="{number}:{place}">'
        f'<img src="{cut}" alt="Face {place + 1}"></button>'
        for place, cut in enumerate(item.cuts)
    )
    if item.alike:
        ways += f'<a class="vv-plain vp-link" href="{page_of(item.alike)}">Show who</a>'
    if item.may_insist:
        label = "It is somebody else" if item.alike else "Take it all the same"
        ways += act("insist", label, number, name, "vv-button")
    return f'<div class="vp-ways">{ways}{act("drop", "Put away", number, name)}</div>'
