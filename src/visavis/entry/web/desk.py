"""What lies on one open page: pictures in memory, which one is shown, what to tell the person."""

import secrets
from dataclasses import dataclass, field

from visavis.entry.web.look import Look
from visavis.usecases.analysis import Failure

SHOWN_NOTICES = 6
"""Notices on the page; older ones make room."""


@dataclass(eq=False, slots=True)
class Picture:
    """One picture on the page.

    Attributes:
        name: What the person calls it.
        token: Unguessable; who knows it may fetch the picture while the page is open.
        look: What was found; None while it is being looked at.
    """

    name: str
    token: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    look: Look | None = None


@dataclass(frozen=True, slots=True)
class Notice:
    """Something that went wrong: about which file, and what to do."""

    subject: str
    sentence: str


class Desk:
    """The pictures of one page and nothing of any other.

    Args:
        most: How many pictures may lie here.
        user_id: Whose page it is; nobody else sees what lies here.
    """

    def __init__(self, most: int, user_id: str) -> None:
        self.most = most
        self.user_id = user_id
        self.pictures: list[Picture] = []
        self.current: Picture | None = None
        self.notices: list[Notice] = []
        self.expected = 0
        self.settled = 0

    @property
    def full(self) -> bool:
        """Whether no further picture fits."""
        return len(self.pictures) >= self.most

    @property
    def busy(self) -> bool:
        """Whether something is still being sent or looked at."""
        return self.settled < self.expected

    def expect(self, count: int) -> None:
        """Note that the browser is about to send so many files."""
        if not self.busy:
            self.expected = self.settled = 0
        self.expected += count

    def open(self, name: str) -> Picture:
        """Lay down a picture that is about to be looked at."""
        picture = Picture(name)
        self.pictures.append(picture)
        return picture

    def settle(self, picture: Picture, outcome: Look | Failure) -> None:
        """Note what became of a picture; the first good one is shown at once."""
        if picture not in self.pictures:
            return  # it was cleared away meanwhile
        if isinstance(outcome, Failure):
            self.remove(picture)
            self.refuse(picture.name, f"could not be used: {outcome.reason.rstrip('.')}.")
            return
        self.settled += 1
        picture.look = outcome
        self.current = self.current or picture

    def refuse(self, subject: str, sentence: str) -> None:
        """Note that a file came to nothing, and say why; what is already here stays."""
        self.settled += 1
        self.tell(subject, sentence)

    def tell(self, subject: str, sentence: str) -> None:
        """Add a notice, once."""
        notice = Notice(subject, sentence)
        if notice not in self.notices:
            self.notices = [*self.notices, notice][-SHOWN_NOTICES:]

    def remove(self, picture: Picture) -> None:
        """Take a picture away; its neighbour is shown in its place."""
        if picture not in self.pictures:
            return
        place = self.pictures.index(picture)
        self.pictures.remove(picture)
        if picture is self.current:
            ready = [other for other in self.pictures if other.look]
            self.current = ready[min(place, len(ready) - 1)] if ready else None

    def clear(self) -> None:
        """Take everything away."""
        self.pictures.clear()
        self.notices.clear()
        self.current = None
        self.expected = self.settled = 0
